// Calls every entry of the binary with arguments of every kind, with handle slots that are stale, and with messages and commands to sockets that make no
// sense. Entries may refuse a call by an exception, or take it; this process must live. Prints which entries were never called, which have never taken a
// call, and which events of sockets were never told.
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Random } from '../support/random.js';

type Entry = (...args: unknown[]) => unknown;
type Instance = Record<string, Entry> & { constants: Record<string, number> };

const MEMORY = 16 << 20;
const BLOCKS_MAX = 8;

// eslint-disable-next-line @typescript-eslint/no-require-imports
const { native: loaded } = require(join(__dirname, '../../../dist/core.js')) as { native: Instance };
const { constants } = loaded;
const { commandCount, commandListSize, commandsBegin, commandWords, socketEventSocket, socketEventWords } = constants;
const { countedNumbers, exchangeSize, handleBlockSlots, handleSlotSize, listedMax, shardsMax, transfersMax } = constants;

const binary = process.env.COREBUF_BINARY ?? join(__dirname, '../../../build/Release/corebuf.node');
const [, , seed, rounds, path] = process.argv;
const random = new Random(Number(seed));
const called = new Set<string>();
const taken = new Set<string>();
const told = new Set<number>();
/** Of connections on their way from one player to another. */
const tickets: number[] = [];

/** The names of the parameters of each entry, from lib/native/binding.ts. */
const signatures = new Map(Object.entries(JSON.parse(readFileSync(0, 'utf8')) as Record<string, string[]>));
/** Not the ones that begin and end a shard. */
const names = [...signatures.keys()].filter((name) => !['attach', 'leave', 'setup'].includes(name));

/** ArrayBuffers whose size changes: newer than the types that this program is compiled with. */
interface Resizable {
  new (length: number, options: { maxByteLength: number }): ArrayBuffer & { resize(length: number): void };
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(64);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function shrunk(): Uint8Array {
  const memory = new (ArrayBuffer as unknown as Resizable)(64, { maxByteLength: 128 });
  const bytes = new Uint8Array(memory, 32, 32);
  memory.resize(16);
  return bytes;
}

/** Made anew for each call, because some entries keep memory. */
const KINDS: readonly (() => unknown)[] = [
  ...[undefined, null, true, '', 'default', Symbol('junk'), NaN, Infinity, -Infinity, -0, -1, 0.5, 1e300, 1n, -1n, 2n ** 64n - 1n, 2n ** 64n].map((value) => () => value),
  ...[63, 64, 65, 255, 256, 4096, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53].map((value) => () => value),
  () => ({}),
  () => [1, 2, 3],
  () => new Proxy({}, {}),
  () => () => undefined,
  detached,
  shrunk,
  () => new ArrayBuffer(0),
  () => new ArrayBuffer(exchangeSize!),
  () => new ArrayBuffer((listedMax! + 1) * 4),
  () => new (ArrayBuffer as unknown as Resizable)(100, { maxByteLength: 200 }),
  () => new SharedArrayBuffer(exchangeSize),
  () => new Uint8Array(new SharedArrayBuffer(64)),
  () => new Uint8Array(0),
  () => new Float64Array(8),
  () => new DataView(new ArrayBuffer(8)),
  () => random.bytes(random.size(100_000)),
  () => random.bytes(random.size(100)),
];

const small = (): number => random.pick([0, 0, 1, random.size(100), random.size(5000), random.size(200_000)]);
const slot = (): number => random.upTo(handleBlockSlots! + 40);
const flag = (): number => random.upTo(1);
const bytes = (): Uint8Array => random.bytes(random.size(5000));
const nothing = () => () => undefined;
const ipAddress = (): string => random.pick(['127.0.0.1', '127.0.0.1', '::1', 'unix']);
const block = (): ArrayBuffer => new ArrayBuffer(handleBlockSlots! * handleSlotSize!);

/** Values that fit parameters of these names; of one entry, where it stands before a dot. */
const FITTING: Readonly<Record<string, (player: Player) => unknown>> = {
  slot,
  source: slot,
  into: slot,
  first: slot,
  other: slot,
  'fragments.first': small,
  'equalChainSlice.other': (player) => random.pick(player.scans),
  wanted: slot,
  'bytesLieAt.wanted': bytes,
  scan: (player) => random.pick(player.scans),
  file: (player) => random.pick(player.files),
  fd: () => random.pick([-1, 2 ** 20, openSync(path!, 'r+')]),
  engine: () => random.upTo(3),
  direct: flag,
  ioClass: () => random.upTo(3),
  block: () => random.upTo(BLOCKS_MAX),
  memory: block,
  words: () => new ArrayBuffer((listedMax! + 1) * 4),
  buffer: () => new ArrayBuffer(8),
  probe: () => new ArrayBuffer(8),
  counters: () => new ArrayBuffer(countedNumbers! * 8),
  bytes,
  target: bytes,
  needle: bytes,
  encoded: bytes,
  rules: () => random.pick([new Uint8Array(0), new Uint8Array(35), new Uint8Array(Uint32Array.from({ length: 9 }, () => random.size(20)).buffer)]),
  callback: nothing,
  place: () => random.upTo(300),
  path: () => random.pick(['', 'junk', 'a/longer/path/of/a/log']),
  report: () => random.pick(['', '{}', 'x'.repeat(random.size(10_000))]),
  'onMessages.callback': (player) => player.inBatch,
  'onCompletions.callback': (player) => player.inBatch,
  'onSockets.callback': (player) => player.onSockets,
  'listCommands.words': () => new ArrayBuffer(commandListSize!),
  address: ipAddress,
  port: (player) => random.pick([-1, 0, 0, 65_536, ...player.ports]),
  backlog: small,
  reusePort: flag,
  ipv6Only: flag,
  connection: (player) => random.pick(player.sockets),
  ticket: () => tickets.pop() ?? small(),
  kind: () => random.upTo(3),
  socket: (player) => random.pick(player.sockets),
  held: flag,
  home: small,
  layout: () => random.pick([0, 1, 2, 4, 5]) + 256 * random.upTo(7),
  lengthMax: small,
  transfer: nothing,
  name: () => random.pick(['default', 'junk']),
  seed: () => random.size(2 ** 32 - 1),
  'xxhash64.seed': () => BigInt(random.size(2 ** 32)),
  'scanBegin.seed': () => BigInt(random.size(2 ** 32)),
  zero: flag,
  dataOnly: flag,
  punch: flag,
  durable: flag,
  alignment: () => random.pick([1, 512, 4096, 2 ** 21, 2 ** 22, 3]),
  region: small,
  offset: small,
  length: small,
  start: small,
  from: small,
  position: () => random.pick([0, 0, 512, 4096, small()]),
  count: small,
  most: small,
  cpu: small,
  ordinal: () => random.upTo(10),
  operation: small,
  allocations: () => random.pick([0, 0, 100]),
  shares: small,
  microseconds: small,
};

/** One instance of the binary, with a shard, some chains and a file. */
class Player {
  readonly instance: Instance;
  readonly outgoing = new ArrayBuffer(exchangeSize!);
  readonly words = new Uint32Array(this.outgoing);
  readonly scans: unknown[] = [];
  readonly files: number[] = [];
  /** Ids of connections and listeners, and the ports that they have. */
  readonly sockets = [0];
  readonly ports: number[] = [];
  readonly #incoming = new Uint32Array(new ArrayBuffer(exchangeSize!));
  #commands = new Uint32Array(0);
  #blocks = 0;

  constructor() {
    const module = { exports: {} };
    process.dlopen(module, binary);
    this.instance = module.exports as Instance;
  }

  begin(): void {
    const { instance } = this;
    this.play('setup', [this.outgoing, this.#incoming.buffer]);
    this.play('listCommands', [new ArrayBuffer(commandListSize!)]);
    instance.externalBuffers!();
    instance.onMessages!(this.inBatch);
    instance.onCompletions!(this.inBatch);
    instance.onSockets!(this.onSockets);
    this.attach();
    instance.addHandleBlock!(block());
    this.#blocks = 1;
    for (let slot = 0; slot < handleBlockSlots!; slot++) instance.append!(slot, random.bytes(random.size(10_000)));
  }

  attach(): void {
    this.play('attach', [MEMORY, 0, 0, random.upTo(2)]);
    const opened = this.instance.fileOpen!(openSync(path!, 'r+'), 0, 1) as { file: number };
    this.files.push(opened.file);
  }

  /** Calls one entry; any exception of the entry is an answer. */
  play(name: string, args: unknown[]): void {
    called.add(name);
    try {
      const result = this.instance[name]!(...args);
      taken.add(name);
      if (name === 'reserve') this.#writeReserved(args);
      if (name === 'wrap') this.#showWrapped(args);
      if (name === 'dmaAlloc' && result === 0) this.play('copyIn', [args[0], random.bytes(Number(args[1]))]);
      if (name === 'listCommands') this.#commands = new Uint32Array(args[0] as ArrayBuffer);
      if (/^socket/.test(name)) this.#noteSocket(name, result);
      if (name === 'scanBegin' && this.scans.push(result) > 50) this.scans.shift();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('corebuf: ')) throw error;
    }
  }

  playAny(): void {
    const name = random.pick(names);
    if (name === 'addHandleBlock' && this.#blocks++ > BLOCKS_MAX) return;
    if (/^(send|reply)/.test(name)) this.#describe();
    if (/[sS]ocket|obeyListed/.test(name)) this.#command();
    this.play(name, signatures.get(name)!.map((parameter) => this.#argument(name, parameter)));
  }

  /** A value that may fit, more often than not; else anything. */
  #argument(name: string, parameter: string): unknown {
    if (random.upTo(19) === 0) return random.pick(KINDS)();
    const fitting = FITTING[`${name}.${parameter}`] ?? FITTING[parameter];
    if (fitting === undefined) throw new Error(`no values for ${name}.${parameter}`);
    return fitting(this);
  }

  /** A message in `outgoing`, mostly to a shard that lives. */
  #describe(): void {
    const { words } = this;
    const { outgoingShard, outgoingIncarnation, outgoingLength, outgoingTransfers, outgoingToken, outgoingStatus } = constants;
    for (let at = 0; at < 16; at++) words[at] = random.size(2 ** 32 - 1);
    if (random.upTo(3) === 0) return;
    words[outgoingShard!] = random.pick(players).home.id;
    words[outgoingIncarnation!] = random.pick(players).home.incarnation;
    words[outgoingLength!] = random.size(exchangeSize!);
    words[outgoingTransfers!] = random.upTo(20) === 0 ? random.size(transfersMax! + 1) : random.size(4);
    for (let at = 1; at <= 4; at++) words[words.length - at] = random.upTo(300);
    words[outgoingToken!] = random.size(20);
    words[outgoingStatus!] = random.upTo(3);
  }

  /** Lists a command to a socket, or claims that there are many. */
  #command(): void {
    const commands = this.#commands;
    if (commands.length === 0) return;
    const count = commands[commandCount!]!;
    const at = commandsBegin! + count * commandWords!;
    for (let word = 0; word < commandWords!; word++) commands[at + word] = random.pick([slot, small, flag])();
    commands[at + constants.commandOperation!] = random.pick([constants.commandStart!, constants.commandSend!, random.upTo(18)]);
    commands[at + constants.commandSocket!] = random.pick(this.sockets);
    commands[commandCount!] = random.upTo(200) === 0 ? random.size(5000) : Math.min(count + 1, constants.commandsMax! - 1);
  }

  #noteSocket(name: string, result: unknown): void {
    const { sockets } = this;
    if (name === 'socketAddress' && typeof result === 'object') this.ports.push((result as { port: number }).port);
    if (typeof result !== 'number' || result < 0) return;
    if (name === 'socketHandOver') tickets.push(result);
    else if (sockets.push(result) > 50) sockets.shift();
    if (this.ports.length > 10) this.ports.shift();
  }

  /** The range that reserve() has just told of. */
  #writeReserved([into, length]: unknown[]): void {
    const at = constants.exchangeBody! / 4;
    this.play('writeReserved', [into, this.words[at], this.words[at + 1], random.bytes(random.upTo(Number(length) + 1))]);
  }

  /** The bytes that wrap() has just taken, alone in their chain. */
  #showWrapped([into, wrapped]: unknown[]): void {
    this.play('release', [into]);
    this.instance.wrap!(into, wrapped);
    this.play('wrappedView', [into, 0]);
  }

  get home(): { id: number; incarnation: number } {
    const unattached = { id: random.upTo(2 * shardsMax!), incarnation: 0 };
    try {
      return this.instance.shardRef!() as { id: number; incarnation: number };
    } catch {
      return unattached;
    }
  }

  /** Called when messages have come, or operations have ended. */
  readonly inBatch = (count: number): void => {
    for (let calls = 0; calls < 20; calls++) this.#playInBatch(count);
    // Microtasks run when the batch is over.
    void Promise.resolve().then(() => this.#playInBatch(count));
  };

  /** Called when sockets have something to tell. */
  readonly onSockets = (count: number): void => {
    for (let at = 0; at < count * socketEventWords!; at += socketEventWords!) {
      told.add(this.#incoming[at + constants.socketEventKind!]!);
      this.sockets.push(this.#incoming[at + socketEventSocket!]!);
    }
    for (let calls = 0; calls < 5; calls++) {
      const name = random.pick(names.filter((each) => /[sS]ocket|obeyListed/.test(each)));
      this.#command();
      this.play(name, signatures.get(name)!.map((parameter) => this.#argument(name, parameter)));
    }
  };

  #playInBatch(count: number): void {
    const empty = random.upTo(200);
    this.play('release', [empty]);
    this.#describe();
    const name = random.pick(['claimRead', 'takeEncoded', 'claimTransfer', 'reply', 'replyLarge', 'leave']);
    const second = name === 'takeEncoded' ? random.bytes(300) : name === 'claimTransfer' ? random.size(1000) : empty;
    this.play(name, [name === 'replyLarge' ? random.bytes(300) : random.upTo(count), second, empty]);
  }
}

const players: Player[] = [];

/** Before there is a shard: with all that there is, and with too few arguments. */
function playBare(): void {
  const bare = new Player();
  for (const name of [...names, 'leave', 'setup', 'attach']) {
    for (const kind of KINDS) bare.play(name, Array.from({ length: random.upTo(6) }, kind));
  }
}

async function main(): Promise<void> {
  playBare();
  players.push(new Player(), new Player());
  for (const player of players) player.begin();
  const events = ['socketAccepted', 'socketConnected', 'socketReceived', 'socketSent', 'socketClosed'];
  const eventsNeverTold = (): string[] => events.filter((name) => !told.has(constants[name]!));
  // Chance may need more rounds until each event has been told.
  for (let round = 0; round < Number(rounds) || (eventsNeverTold().length > 0 && round < 20 * Number(rounds)); round++) {
    for (const player of players) for (let call = 0; call < 100; call++) player.playAny();
    await setImmediate();
    const player = random.pick(players);
    player.play('failIn', [0]);
    if (round % 50 === 49) player.play('leave', []);
    if (round % 50 === 49) player.attach();
  }
  const never = (of: ReadonlySet<string>): string[] => [...names, 'attach', 'leave', 'setup'].filter((name) => !of.has(name));
  console.log(JSON.stringify({ neverCalled: never(called), neverTaken: never(taken), eventsNeverTold: eventsNeverTold() }));
  process.exit(0);
}

void main();
