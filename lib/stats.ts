// Counters of this shard, and what this machine can do.
import { native } from './native.js';
import { attachDefault } from './attachment.js';
import { handle, SYSTEM_METHOD } from './calls.js';
import { bytesAppendedToSlack } from './handle.js';
import { thisShard } from './shard.js';
import { viewMode } from './views.js';
import type { MemoryStats } from './shard.js';

export interface Ledger {
  /** Bytes that were copied, by place: append, copyTo, toBuffer, message. */
  copied: Record<string, number>;
  shared: number;
  moved: number;
}

export interface IoStats {
  engine: string;
  reads: number;
  writes: number;
  syncs: number;
  bytesRead: number;
  bytesWritten: number;
  inFlight: number;
  submits: number;
}

export interface ShardStats {
  id: number;
  cpu: number | undefined;
  memory: MemoryStats;
  lanes: { to: number; sent: number; received: number; waiting: number }[];
  /** Passes of the event loop since the shard was attached. */
  turns: number;
  /** Turns longer than stallThreshold. */
  stalls: number;
  /** Microseconds of work in the longest turn. */
  longestTurn: number;
  ledger: Ledger;
  io: IoStats;
}

/** Counters of this shard. Three native calls; cheap enough to poll. */
export function stats(): ShardStats {
  const { id, cpu } = attachDefault();
  const counted = native.shardStats();
  counted.ledger.copied['append']! += bytesAppendedToSlack();
  return { id, cpu, memory: thisShard.memory.stats(), ...counted };
}

export interface Capabilities {
  /** True, or why not. */
  ioUring: boolean | string;
  directIo: boolean;
  pinning: boolean;
  externalBuffers: boolean;
  /** Processors that this process may use: affinity and cgroup quota. */
  cpus: number;
}

/** What this machine and this Node can do. */
export function capabilities(): Capabilities {
  attachDefault();
  const machine = native.machine();
  return {
    ioUring: machine.ioUringRefusal ?? true,
    directIo: process.platform === 'linux',
    pinning: machine.cpusAllowed.length > 0,
    externalBuffers: viewMode() !== 'copied',
    cpus: machine.cpus,
  };
}

/** Answered by every shard of a group. */
export const STATS_METHOD = SYSTEM_METHOD;
handle(STATS_METHOD, stats);
