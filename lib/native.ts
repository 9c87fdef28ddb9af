// The only file that loads the binary, and its shape. Functions take numbers that were validated before and return
// numbers: 0 or more is well, below 0 is an error (errors.ts).
import { join } from 'node:path';
import type { MemoryStats } from './shard.js';
import type { ShardStats } from './stats.js';

export interface Constants {
  readonly windowSize: number;
  readonly pieceOutside: number;
  readonly exchangeSize: number;
  readonly exchangeBody: number;
  readonly blockSlots: number;
  readonly slotSize: number;
  readonly slotLength: number;
  readonly slotFragments: number;
  readonly slotSlack: number;
  readonly slotIntact: number;
  readonly slotPending: number;
  readonly slotSlackPiece: number;
  readonly slotSlackOffset: number;
  readonly slotFrontPiece: number;
  readonly slotFrontOffset: number;
  readonly scanStateSize: number;
  readonly fragmentSizeMax: number;
  readonly listedMax: number;
  readonly parcelsMax: number;
  readonly alignmentMax: number;
  readonly slotMax: number;
  readonly budgetMin: number;
  readonly pageSize: number;
  readonly shardsMax: number;
  readonly ioClassesMax: number;
  readonly ioSharesMax: number;
  readonly stallThreshold: number;
}

/** What C++ counts; the facade adds the rest. */
export type NativeMemoryStats = Omit<MemoryStats, 'leaksReclaimed'>;
export type NativeShardStats = Omit<ShardStats, 'id' | 'cpu' | 'memory'>;

export interface OpenedFile {
  file: number;
  direct: boolean;
  memory: number;
  offset: number;
  source: string;
  engine: 'io_uring' | 'threads';
}

export interface Native {
  readonly constants: Constants;

  // This thread's shard.
  setup(outgoing: ArrayBuffer, incoming: ArrayBuffer): number;
  onMessages(callback: (count: number) => void): number;
  onCompletions(callback: (count: number) => void): number;
  attach(budget: number, spin: number, hugePages: number, scrubbing: number): number;
  shardRef(): { id: number; incarnation: number; arenaPieces: number };
  memoryStats(): NativeMemoryStats;
  shardStats(): NativeShardStats;
  onStalls(callback: () => void): number;
  takeStall(): { blockedFor: number; suppressed: number; handler: number; stack: string } | null;
  setStallThreshold(microseconds: number): number;
  stallStacks(): boolean;
  trim(): number;
  pinThread(cpu: number): boolean;
  preferNodeHere(): number;
  machine(): { cpus: number; cpusAllowed: number[]; memory: number; ioUringRefusal: string | null; orphans: number };
  lastRefused(): number;
  failIn(allocations: number): number;
  window(piece: number, offset: number, length: number): ArrayBuffer | null;
  detach(buffer: ArrayBuffer): number;

  // Chains, by slot.
  addBlock(memory: ArrayBuffer): number;
  releaseBlock(block: number): number;
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
  fillHole(slot: number, piece: number, offset: number, bytes: Uint8Array): number;
  coalesce(slot: number): number;
  take(slot: number, source: number): number;
  takeFront(slot: number, length: number, into: number): number;
  share(slot: number, start: number, length: number, into: number): number;
  trimFront(slot: number, length: number): number;
  release(slot: number): number;
  fragments(slot: number, first: number, most: number): number;
  copyOut(slot: number, start: number, target: Uint8Array): number;
  crc32c(slot: number, seed: number): number;

  // JavaScript's memory in chains.
  wrapping(probe: ArrayBuffer, transfer: () => void): number;
  wrap(slot: number, bytes: Uint8Array): number;
  wrappedView(slot: number, position: number): ArrayBuffer | null;
  // What is in chains, at once and in slices.
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
  scanBegin(state: ArrayBuffer, slot: number): number;
  crc32cSlice(state: ArrayBuffer, microseconds: number): number;
  xxhash64Slice(state: ArrayBuffer, microseconds: number): number;
  equalChainSlice(state: ArrayBuffer, other: ArrayBuffer, microseconds: number): number;
  equalBytesSlice(state: ArrayBuffer, bytes: Uint8Array, microseconds: number): number;
  copySlice(state: ArrayBuffer, slot: number, microseconds: number): number;

  // Messages; what they say is in the exchange areas.
  send(): number;
  sendLarge(encoded: Uint8Array): number;
  reply(): number;
  replyLarge(encoded: Uint8Array): number;
  takeEncoded(ordinal: number, target: Uint8Array): number;
  claimParcel(ordinal: number, length: number, slot: number): number;

  // Files, by number.
  fileOpen(fd: number, engine: number): OpenedFile | number;
  fileRead(file: number, position: number, length: number, operation: number, ioClass: number): number;
  fileWrite(file: number, position: number, slot: number, durable: number, operation: number, ioClass: number): number;
  fileSync(file: number, dataOnly: number, operation: number): number;
  fileSpace(file: number, punch: number, position: number, length: number, operation: number): number;
  ioClass(name: string): number;
  ioShares(ioClass: number, shares: number): number;
  fileDescriptor(file: number): number;
  fileSize(file: number): number;
  fileClose(file: number): number;
  claimRead(ordinal: number, slot: number): number;
  injectFaults(seed: number, rules: Uint8Array): number;
}

function load(): Native {
  const root = join(__dirname, '..');
  try {
    if (process.env.COREBUF_BINARY !== undefined) return require(process.env.COREBUF_BINARY) as Native;
    const load = require('node-gyp-build') as (folder: string) => Native;
    return load(root);
  } catch (cause) {
    throw new Error(
      `corebuf has no binary that runs here (${process.platform}-${process.arch}, Node ${process.version}). Looked in ` +
        `${join(root, 'build', 'Release')} and ${join(root, 'prebuilds')}. From a checkout of the repository, ` +
        '`npm run setup` builds one; it needs a C++20 compiler, make, and cmake or python3.',
      { cause },
    );
  }
}

/** Copied, because V8 looks up functions of a plain object faster than those of one that an addon has filled. */
export const native: Native = { ...load() };
export const constants: Constants = native.constants;
