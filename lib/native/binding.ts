// The shape of the binary, and this copy's instance of it. Functions take numbers that were validated before and return
// numbers: 0 or more is well, below 0 is an error (results.ts).
import { loadAgain, loadBinary } from './load.js';
import type { InspectedMetrics, LatencyStats, MemoryCounters, MetricLists, NetStats, NativeCounters, ShardLatencies, ShardMetrics } from './counters.js';

export interface Constants {
  readonly regionSize: number;
  readonly regionOutside: number;
  readonly exchangeSize: number;
  readonly exchangeBody: number;
  readonly handleBlockSlots: number;
  readonly handleSlotSize: number;
  readonly handleLength: number;
  readonly handleFragments: number;
  readonly handleSlack: number;
  readonly handleIntact: number;
  readonly handlePending: number;
  readonly handleSlackRegion: number;
  readonly handleSlackOffset: number;
  readonly handleFrontRegion: number;
  readonly handleFrontOffset: number;
  readonly fragmentSizeMax: number;
  readonly listedMax: number;
  readonly transfersMax: number;
  readonly alignmentMax: number;
  readonly slabSlotMax: number;
  readonly budgetMin: number;
  readonly pageSize: number;
  readonly shardsMax: number;
  readonly ioClassesMax: number;
  readonly ioSharesMax: number;
  readonly ioGoalMax: number;
  readonly ioSharesDefault: number;
  readonly ioGoalDefault: number;
  readonly stallThreshold: number;
  // Positions in bytes; the last word of a slot is JavaScript's own.
  readonly handleKind: number;
  readonly bufferLengthMax: number;
  readonly scrubNone: number;
  readonly scrubZero: number;
  readonly scrubPoison: number;
  // Positions in words of 32 bits: of an outgoing message, of a message that has arrived, of a fragment, of a forgotten chain.
  readonly outgoingShard: number;
  readonly outgoingIncarnation: number;
  readonly outgoingMethod: number;
  readonly outgoingNumber: number;
  readonly outgoingLength: number;
  readonly outgoingTransfers: number;
  readonly outgoingToken: number;
  readonly outgoingStatus: number;
  readonly outgoingRunning: number;
  // Positions of what JavaScript counts itself, and how many there are.
  readonly countedAppendedToSlack: number;
  readonly countedLeaksReclaimed: number;
  readonly countedCallsQueued: number;
  readonly countedIndexPlusOne: number;
  readonly countedLogsOpen: number;
  readonly countedLogs: number;
  readonly countedLogsMax: number;
  readonly countedNumbers: number;
  readonly messageWords: number;
  /** In bytes. */
  readonly messageAlignment: number;
  readonly messageKind: number;
  readonly messageStatus: number;
  readonly messageFrom: number;
  readonly messageToken: number;
  readonly messageNumber: number;
  readonly messageMethod: number;
  readonly messageLength: number;
  readonly messageInPayload: number;
  readonly fragmentWords: number;
  readonly fragmentRegion: number;
  readonly fragmentOffset: number;
  readonly fragmentLength: number;
  readonly fragmentShard: number;
  readonly fragmentWindowBefore: number;
  readonly fragmentWindowLength: number;
  readonly forgottenWords: number;
  readonly forgottenSlot: number;
  readonly forgottenBytesLow: number;
  readonly forgottenBytesHigh: number;
  // Positions in numbers of 64 bits: of a completed file operation.
  readonly completionNumbers: number;
  readonly completionOperation: number;
  readonly completionResult: number;
  // Choices, and results of calls. Errors are negative; an errno is errnoBase - errno.
  readonly errorOutOfMemory: number;
  readonly errorMisaligned: number;
  readonly errorShardsInUse: number;
  readonly errorShardGone: number;
  readonly errnoBase: number;
  readonly requestKind: number;
  readonly statusOk: number;
  readonly statusFailed: number;
  readonly statusGone: number;
  readonly wrappableNothing: number;
  readonly wrappableShared: number;
  readonly wrappableAll: number;
  readonly wrapRefusedArena: number;
  readonly wrapRefusedResizable: number;
  readonly wrapRefusedDetached: number;
  readonly engineAutomatic: number;
  readonly engineIoUring: number;
  readonly engineThreads: number;
  /** The flag of open(2) for direct I/O; 0 where the system has none. */
  readonly openDirect: number;
  // Positions in words of 32 bits: of an event of a socket, of the list of commands to sockets.
  readonly socketEventWords: number;
  readonly socketEventKind: number;
  readonly socketEventSocket: number;
  readonly socketEventLow: number;
  readonly socketEventHigh: number;
  readonly commandCount: number;
  readonly commandObeyed: number;
  readonly commandFlushes: number;
  readonly commandsBegin: number;
  readonly commandWords: number;
  readonly commandOperation: number;
  readonly commandSocket: number;
  readonly commandA: number;
  readonly commandB: number;
  // Events of sockets and commands to them (native/net/net_lists.h); commandListSize is in bytes.
  readonly socketAccepted: number;
  readonly socketConnected: number;
  readonly socketReceived: number;
  readonly socketEnded: number;
  readonly socketSent: number;
  readonly socketUnsent: number;
  readonly socketClosed: number;
  readonly socketAcceptFailed: number;
  readonly socketStarved: number;
  readonly socketCallConnect: number;
  readonly socketCallRead: number;
  readonly socketCallWrite: number;
  readonly socketCallMemory: number;
  readonly commandListSize: number;
  readonly commandsMax: number;
  readonly commandStart: number;
  readonly commandLimit: number;
  readonly commandInput: number;
  readonly commandSend: number;
  readonly commandTell: number;
  readonly commandEnd: number;
  readonly commandFinish: number;
  readonly commandClose: number;
  readonly commandReset: number;
  readonly commandPause: number;
  readonly commandResume: number;
  readonly commandNoDelay: number;
  readonly commandKeepAlive: number;
  readonly commandIdleLimit: number;
  readonly commandUnsentLimit: number;
  readonly commandAccept: number;
  readonly commandUnlisten: number;
  readonly connectionsMax: number;
  readonly frameLittleEndian: number;
  readonly frameIncludesItself: number;
  readonly frameKeepsLength: number;
  readonly frameWhole: number;
  readonly framePartial: number;
  readonly frameWrong: number;
  readonly frameOutOfMemory: number;
  readonly addressListener: number;
  readonly addressLocal: number;
  readonly addressPeer: number;
}

export interface OpenedFile {
  file: number;
  direct: boolean;
  memory: number;
  offset: number;
  source: string;
  engine: 'io_uring' | 'threads';
}

/** Facts about the machine, and about the system that the binary was built for. */
export interface Machine {
  backend: 'linux' | 'posix' | 'darwin';
  engine: 'io_uring' | 'threads';
  poller: 'epoll' | 'poll';
  cpus: number;
  cpusAllowed: number[];
  memory: number;
  ioUringRefusal: string | null;
  directIo: boolean;
  durableWrites: boolean;
  allocation: boolean;
  hugePages: boolean;
  sharedPorts: boolean;
  deadShards: number;
}

/** The state of work in slices on one chain, which C++ keeps: an External of V8. */
export interface NativeScan {
  readonly scan: unique symbol;
}

/** An entry throws when its arguments do not fit (native/node/entry.h). This package's own arguments always fit. */
export interface Native {
  readonly constants: Constants;

  // This thread's shard.
  setup(outgoing: ArrayBuffer, incoming: ArrayBuffer): number;
  onMessages(callback: (count: number) => void): number;
  onCompletions(callback: (count: number) => void): number;
  attach(budget: number, spin: number, hugePages: number, scrubbing: number): number;
  leave(): number;
  shardRef(): { id: number; incarnation: number; arenaRegions: number };
  memoryStats(): MemoryCounters;
  heldOf(home: number): number;
  shardStats(): NativeCounters;
  onStalls(callback: () => void): number;
  takeStall(): { blockedFor: number; onCpuFor: number; suppressed: number; handler: number; stack: string } | null;
  setStallThreshold(microseconds: number): number;
  stallStacks(): boolean;
  trim(): number;
  pinThread(cpu: number): boolean;
  preferNodeHere(): number;
  machine(): Machine;
  memoryLimits(): { process: number; byGroup: boolean; addresses: number | null; shard: number };
  lastRefused(): number;
  failIn(allocations: number): number;
  externalBuffers(): boolean;
  openWindow(region: number, offset: number, length: number): ArrayBuffer;
  detach(buffer: ArrayBuffer): number;

  // Chains, by slot.
  addHandleBlock(memory: ArrayBuffer): number;
  releaseHandleBlock(block: number): number;
  listReleases(words: ArrayBuffer): number;
  releaseListed(): number;
  copyIn(slot: number, bytes: Uint8Array): number;
  dmaAlloc(slot: number, length: number, alignment: number, zero: number): number;
  dmaFill(first: number, count: number, length: number, alignment: number): number;
  append(slot: number, bytes: Uint8Array): number;
  fill(slot: number, bytes: Uint8Array): number;
  appendChain(slot: number, source: number): number;
  prepend(slot: number, bytes: Uint8Array): number;
  prependChain(slot: number, source: number): number;
  reserve(slot: number, length: number): number;
  writeReserved(slot: number, region: number, offset: number, bytes: Uint8Array): number;
  coalesce(slot: number): number;
  take(slot: number, source: number): number;
  takeFront(slot: number, length: number, into: number): number;
  share(slot: number, start: number, length: number, into: number): number;
  trimFront(slot: number, length: number): number;
  release(slot: number): number;
  fragments(slot: number, first: number, most: number): number;
  fragmentAt(slot: number, position: number): number;
  copyOut(slot: number, start: number, target: Uint8Array): number;
  crc32c(slot: number, seed: number): number;

  // JavaScript's memory in chains.
  wrapping(probe: ArrayBuffer, transfer: () => void): number;
  wrap(slot: number, bytes: Uint8Array): number;
  wrappedView(slot: number, position: number): ArrayBuffer;
  // The content of chains, at once and in slices.
  compareChains(slot: number, other: number): number;
  compareBytes(slot: number, bytes: Uint8Array): number;
  chainLiesAt(slot: number, position: number, wanted: number): number;
  bytesLieAt(slot: number, position: number, wanted: Uint8Array): number;
  find(slot: number, needle: Uint8Array, from: number): number;
  byteAt(slot: number, position: number): number;
  xxhash64(slot: number, seed: bigint): bigint;
  trimBack(slot: number, length: number): number;
  moveOut(slot: number, into: number): number;
  clearSlice(slot: number, microseconds: number): number;
  scanBegin(slot: number, seed: bigint): NativeScan;
  scanResult(scan: NativeScan): bigint;
  crc32cSlice(scan: NativeScan, microseconds: number): number;
  xxhash64Slice(scan: NativeScan, microseconds: number): number;
  equalChainSlice(scan: NativeScan, other: NativeScan, microseconds: number): number;
  equalBytesSlice(scan: NativeScan, bytes: Uint8Array, microseconds: number): number;
  copySlice(scan: NativeScan, slot: number, microseconds: number): number;

  // Messages; what they say is in the exchange areas.
  send(): number;
  sendLarge(encoded: Uint8Array): number;
  reply(): number;
  replyLarge(encoded: Uint8Array): number;
  takeEncoded(ordinal: number, target: Uint8Array): number;
  claimTransfer(ordinal: number, length: number, slot: number): number;

  // Files, by number.
  fileOpen(fd: number, engine: number, direct: number): OpenedFile | number;
  fileRead(file: number, position: number, length: number, operation: number, ioClass: number): number;
  fileWrite(file: number, position: number, slot: number, durable: number, operation: number, ioClass: number): number;
  fileSync(file: number, dataOnly: number, operation: number): number;
  fileSpace(file: number, punch: number, position: number, length: number, operation: number): number;
  ioClass(name: string): number;
  setIoShares(ioClass: number, shares: number): number;
  setIoGoal(ioClass: number, microseconds: number): number;
  fileDescriptor(file: number): number;
  fileSize(file: number): number;
  fileLock(file: number): number;
  fileClose(file: number): number;
  claimRead(ordinal: number, slot: number): number;
  injectFaults(seed: number, rules: Uint8Array): number;

  // Sockets. An address is the digits of an IP address and its port, or the path of a Unix socket and -1.
  listCommands(words: ArrayBuffer): number;
  obeyListed(): number;
  onSockets(callback: (count: number) => void): number;
  socketListen(address: string, port: number, backlog: number, reusePort: number, ipv6Only: number): number;
  socketConnect(address: string, port: number): number;
  socketHandOver(connection: number): number;
  socketTakeOver(ticket: number): number;
  socketAddress(kind: number, socket: number): { address: string; port: number } | number;
  socketHold(held: number): number;
  socketStats(): NetStats;
  takeFrames(slot: number, layout: number, lengthMax: number, first: number, most: number): number;

  // Metrics of all shards, and latencies of this one.
  metricList(): MetricLists;
  metrics(): ShardMetrics[];
  inspected(): InspectedMetrics[];
  nameLog(place: number, path: string): number;
  publishStall(report: string): number;
  latencies(): ShardLatencies & { io: LatencyStats[] };
  countIn(counters: ArrayBuffer): void;
}

/** What the instance that Node knows remembers: how each copy of this package's JavaScript in this thread gives up a shard that it does not use. */
const COPIES = Symbol.for('corebuf.copies');

type Copies = Set<WeakRef<() => void>>;
type Instance = Native & { [COPIES]?: Copies };

/**
 * An instance of the binary that belongs to this copy of the JavaScript alone. Node loads a binary once per thread, but test runners and
 * bundlers may load our JavaScript several times: with one instance, the copies would get each other's answers. So each further copy makes
 * one of its own, with a shard of its own.
 */
function load(): { instance: Native; copies: Copies } {
  const { path, exports } = loadBinary();
  const first = exports as Instance;
  const isOwned = first[COPIES] !== undefined;
  const copies = (first[COPIES] ??= new Set());
  return { instance: isOwned ? (loadAgain(path) as Instance) : first, copies };
}

/** `giveUp` is called before another copy takes a shard. It must be kept alive by the caller, for as long as this copy has a shard. */
export function joinCopies(giveUp: () => void): void {
  copies.add(new WeakRef(giveUp));
}

/** Shards that no copy in this thread uses are free again: a test runner loads a copy for each file, and 256 would use up all. */
export function giveUpUnused(): void {
  for (const copy of copies) {
    const giveUp = copy.deref();
    if (giveUp === undefined) copies.delete(copy);
    else giveUp();
  }
}

const { instance, copies } = load();

/** A copy, because V8 looks up functions of a plain object faster than those of an object that an addon has filled. */
export const native: Native = { ...instance };
export const constants: Constants = native.constants;
