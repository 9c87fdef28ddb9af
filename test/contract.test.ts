// What users may count on, in types: with a member that is renamed, removed or of another type this file does not compile
// (npm run check).
import * as corebuf from 'corebuf';
import type {
  Bytes, CorebufError, DmaFile, ErrorCode, GroupOptions, IoStats, LeakReport, Ledger, MemoryStats, OpenOptions, Peers, Placeholder, Remote,
  RemoteAll, Shard, ShardMemory, ShardOptions, ShardStats,
} from 'corebuf';

/** Compiles when `Actual` can be used wherever `Expected` can. */
type Gives<Expected, Actual extends Expected> = Actual;
/** Compiles when `Argument` can be given where `Accepted` is asked for. */
type Takes<Accepted, Argument extends Accepted> = Argument;

type Signal = { signal?: AbortSignal };
type DmaBuffer = corebuf.DmaBuffer;
type IoBuf = corebuf.IoBuf;
type IoBufReader = corebuf.IoBufReader;

interface Life {
  readonly released: boolean;
  release(): void;
  [Symbol.dispose](): void;
}

interface ExpectedDmaBuffer extends Life {
  readonly length: number;
  readonly alignment: number;
  readonly home: number;
  readonly bytes: Buffer;
  view(type: BigUint64ArrayConstructor, byteOffset?: number, length?: number): BigUint64Array;
  share(start?: number, end?: number): DmaBuffer;
}

type Endian = 'LE' | 'BE';
type Unsigned = 'UInt' | 'Uint';
type Fixed = 'Int8' | `${Unsigned}8` | `${'Int' | Unsigned}${16 | 32}${Endian}` | `${'Float' | 'Double'}${Endian}`;
type Big = `Big${'Int' | Unsigned}64${Endian}`;
type OfLength = `${'Int' | Unsigned}${Endian}`;

type Appends = { [K in `append${Fixed}`]: (value: number) => IoBuf } & { [K in `append${Big}`]: (value: bigint) => IoBuf } & {
  [K in `append${OfLength}`]: (value: number, byteLength: number) => IoBuf;
} & { [K in 'appendUVarint' | 'appendVarint']: (value: number | bigint) => IoBuf };

type Reads = { [K in `read${Fixed}` | 'readUVarint' | 'readVarint']: () => number } & {
  [K in `read${Big}` | 'readUVarlong' | 'readVarlong']: () => bigint;
} & { [K in `read${OfLength}`]: (byteLength: number) => number };

interface ExpectedIoBuf extends Life, Appends, Iterable<Buffer> {
  readonly length: number;
  readonly fragmentCount: number;
  append(data: string | Bytes | IoBuf, encoding?: BufferEncoding): IoBuf;
  prepend(data: string | Bytes | IoBuf, encoding?: BufferEncoding): IoBuf;
  copy(): IoBuf;
  toBuffer(start?: number, end?: number): Buffer;
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
  copyTo(target: Uint8Array, targetStart?: number, start?: number, end?: number): number;
  take(source: IoBuf | DmaBuffer, options?: { copyBelow?: number }): IoBuf;
  takeFront(length: number): IoBuf;
  share(start?: number, end?: number): IoBuf;
  reserve(length: number): Placeholder;
  trimFront(length: number): IoBuf;
  trimBack(length: number): IoBuf;
  clear(): IoBuf;
  coalesce(): Buffer;
  reader(): IoBufReader;
  at(index: number): number | undefined;
  equals(other: IoBuf | Bytes): boolean;
  compare(other: IoBuf | Bytes): -1 | 0 | 1;
  indexOf(value: number | string | Uint8Array, from?: number): number;
  startsWith(value: string | Uint8Array | IoBuf): boolean;
  crc32c(seed?: number): number;
  xxhash64(seed?: bigint): bigint;
  hexdump(limit?: number): string;
  writeTo(stream: NodeJS.WritableStream): Promise<void>;
}

interface ExpectedReader extends Reads {
  position: number;
  readonly remaining: number;
  has(length: number): boolean;
  skip(length: number): IoBufReader;
  readString(length: number, encoding?: BufferEncoding): string;
  readBytes(length: number): Buffer;
  share(length: number): IoBuf;
}

interface ExpectedPlaceholder {
  readonly length: number;
  readonly bytes: Buffer;
  write(bytes: Uint8Array, offset?: number): void;
}

interface ExpectedMemory {
  readonly budget: number;
  stats(): MemoryStats;
  report(): string;
  onPressure(listener: (wanted: number) => void): () => void;
  trim(): number;
}

interface ExpectedShard {
  readonly id: number;
  readonly cpu: number | undefined;
  readonly memory: ShardMemory;
  readonly group: Peers<unknown> | undefined;
  on(event: 'leak', listener: (report: LeakReport) => void): Shard;
}

type Counts<K extends string> = Record<K, number>;
type ExpectedMemoryStats = Counts<
  | 'budget' | 'committed' | 'used' | 'free' | 'liveObjects' | 'allocations' | 'frees' | 'failures' | 'remoteFreesSent' | 'remoteFreesReceived'
  | 'remoteFreesPending' | 'leaksReclaimed'
> & { classes: Counts<'size' | 'used' | 'free' | 'slabs'>[] };
type ExpectedShardStats = Counts<'id' | 'turns' | 'stalls'> & {
  cpu: number | undefined;
  memory: MemoryStats;
  lanes: Counts<'to' | 'sent' | 'received' | 'waiting'>[];
  ledger: Ledger;
  io: IoStats;
};
type ExpectedIoStats = Counts<'reads' | 'writes' | 'syncs' | 'bytesRead' | 'bytesWritten' | 'inFlight' | 'submits'> & { engine: string };
type ExpectedLedger = Counts<'shared' | 'moved'> & { copied: Record<string, number> };

interface Service {
  add(a: number, b: number): number;
  later(text: string): Promise<string>;
}
interface ExpectedRemote {
  add(a: number, b: number): Promise<number>;
  later(text: string): Promise<string>;
}
interface ExpectedRemoteAll {
  add(a: number, b: number): Promise<number[]>;
  later(text: string): Promise<string[]>;
}
interface ExpectedPeers {
  readonly size: number;
  on(shard: number): Remote<Service>;
  readonly all: RemoteAll<Service>;
}
interface ExpectedGroup extends ExpectedPeers {
  stats(): Promise<ShardStats[]>;
  addListener(event: 'exit' | 'error', listener: (...args: never[]) => void): corebuf.ShardGroup<Service>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ExpectedFile {
  readonly path: string;
  readonly direct: boolean;
  readonly engine: 'io_uring' | 'threads';
  readonly alignment: { memory: number; offset: number; source: string };
  size(): Promise<number>;
  stat(): Promise<{ size: number }>;
  readMany(ranges: readonly { position: number; length: number }[], options?: Signal): Promise<IoBuf[]>;
  readable(options?: Signal & { start?: number; end?: number; chunk?: number; readAhead?: number }): AsyncIterableIterator<IoBuf>;
  read(position: number, length: number, options?: Signal): Promise<IoBuf>;
  write(position: number, data: IoBuf | DmaBuffer, options?: Signal): Promise<number>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ExpectedModule {
  attach(options?: ShardOptions): Shard;
  thisShard: Shard;
  stats(): ShardStats;
  capabilities(): Record<'ioUring' | 'registeredBuffers', boolean | string> &
    Record<'directIo' | 'pinning' | 'externalBuffers' | 'hugePages' | 'stallStacks', boolean> & Counts<'cpus' | 'numaNodes'>;
  serve(service: { add(a: number): number }): { add(a: number): number };
  DmaBuffer: { alloc(length: number, options?: { alignment?: number; zero?: boolean }): DmaBuffer };
  DmaFile: { open(path: string | URL | Buffer, flags?: string | number, options?: OpenOptions): Promise<DmaFile> };
  IoBuf: {
    new (): IoBuf;
    from(data: string | Bytes, encoding?: BufferEncoding): IoBuf;
    wrap(bytes: Uint8Array): IoBuf;
    collect(source: AsyncIterable<Uint8Array>): Promise<IoBuf>;
  };
  IoBufReader: { prototype: IoBufReader };
  ShardGroup: { start<S>(module: URL | string, options?: GroupOptions): Promise<corebuf.ShardGroup<S>> };
  CorebufError: { prototype: CorebufError };
}

type Codes =
  | 'ERR_RELEASED' | 'ERR_OUT_OF_MEMORY' | 'ERR_OUT_OF_BOUNDS' | 'ERR_MISALIGNED' | 'ERR_CLOSED' | 'ERR_SHARD_GONE' | 'ERR_REMOTE' | 'ERR_IO';
type AllShardOptions = {
  memory: number | string;
  cpu: number | 'auto' | false;
  stallThreshold: number;
  spin: number;
  checked: boolean;
  zeroOnRelease: boolean;
  hugePages: boolean;
};
type AllGroupOptions = Omit<AllShardOptions, 'cpu'> & { shards: number | 'all'; pin: boolean; workerData: unknown; maxInFlight: number };
type AllOpenOptions = { mode: number; direct: 'require' | 'prefer' | 'off'; engine: 'io_uring' | 'threads' };

/** An option that nobody knows any more would still be assignable to a type in which all are optional. */
type Known<Options, Given extends keyof Options> = Given;

export type Contract = [
  Gives<ExpectedModule, typeof corebuf>,
  Gives<ExpectedDmaBuffer, DmaBuffer>,
  Gives<ExpectedIoBuf, IoBuf>,
  Gives<ExpectedReader, IoBufReader>,
  Gives<ExpectedPlaceholder, Placeholder>,
  Gives<ExpectedMemory, ShardMemory>,
  Gives<ExpectedShard, Shard>,
  Gives<ExpectedMemoryStats, MemoryStats>,
  Gives<ExpectedShardStats, ShardStats>,
  Gives<ExpectedIoStats, IoStats>,
  Gives<ExpectedLedger, Ledger>,
  Gives<ExpectedRemote, Remote<Service>>,
  Gives<ExpectedRemoteAll, RemoteAll<Service>>,
  Gives<ExpectedPeers, Peers<Service>>,
  Gives<ExpectedGroup, corebuf.ShardGroup<Service>>,
  Gives<ExpectedFile, DmaFile>,
  Gives<Error & { readonly code: ErrorCode }, CorebufError>,
  Gives<{ kind: 'IoBuf' | 'DmaBuffer'; bytes: number; madeAt: string | undefined }, LeakReport>,
  Takes<ErrorCode, Codes>,
  Takes<ShardOptions, AllShardOptions>,
  Takes<GroupOptions, AllGroupOptions>,
  Takes<OpenOptions, AllOpenOptions>,
  Known<ShardOptions, keyof AllShardOptions>,
  Known<GroupOptions, keyof AllGroupOptions>,
  Known<OpenOptions, keyof AllOpenOptions>,
  Takes<Bytes, DataView | Float64Array | ArrayBuffer | SharedArrayBuffer>,
];

test('what types promise is there at run time', () => {
  const names: Record<keyof ExpectedModule, string> = {
    attach: 'function', thisShard: 'object', stats: 'function', capabilities: 'function', serve: 'function', DmaBuffer: 'function',
    DmaFile: 'function', IoBuf: 'function', IoBufReader: 'function', ShardGroup: 'function', CorebufError: 'function',
  };
  for (const [name, type] of Object.entries(names)) expect([name, typeof corebuf[name as keyof ExpectedModule]]).toEqual([name, type]);
});
