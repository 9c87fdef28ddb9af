// The public contract of corebuf.
export type { ErrorCode } from './errors.js';
export { CorebufError } from './errors.js';
export type { Bytes } from './bytes.js';
export type { ShardOptions } from './attachment.js';
export type { LeakReport } from './leaks.js';
export type { MemoryStats } from './shard.js';
export { attach, Shard, ShardMemory, thisShard } from './shard.js';
export { DmaBuffer } from './dma-buffer.js';
export { IoBuf } from './iobuf.js';
export { IoBufReader } from './iobuf-reader.js';
export type { Peers, Remote, RemoteAll, Service } from './peers.js';
export type { GroupOptions, ShardExit } from './shard-group.js';
export { ShardGroup } from './shard-group.js';
export { serve } from './serve.js';
export type { OpenOptions } from './dma-file.js';
export { DmaFile } from './dma-file.js';
export type { Capabilities, IoStats, Ledger, ShardStats } from './stats.js';
export { capabilities, stats } from './stats.js';
