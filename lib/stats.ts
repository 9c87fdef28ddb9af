// Counters of this shard, and what this machine can do.
import { constants as fsConstants, readdirSync, readFileSync } from 'node:fs';
import { native } from './native.js';
import { attachDefault } from './attachment.js';
import { handle, SYSTEM_METHOD } from './answers.js';
import { bytesAppendedToSlack } from './handle.js';
import { thisShard } from './shard.js';
import { heldBack } from './traffic.js';
import { viewMode } from './views.js';
import { wrapping } from './wrapping.js';
import type { MemoryStats } from './shard.js';

export interface Ledger {
  /** Bytes that were copied, by place: append, copyTo, toBuffer, message. */
  copied: Record<string, number>;
  shared: number;
  moved: number;
}

export interface IoClassStats {
  name: string;
  shares: number;
  /** Reads and writes that wait until it is their turn to be handed to the engine. */
  queued: number;
  inFlight: number;
  completed: number;
  bytes: number;
  /** What all of them together have waited in the queue. */
  waitedMicroseconds: number;
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
  /** In the order in which they were made; the first is 'default'. */
  classes: IoClassStats[];
}

export interface ShardStats {
  id: number;
  cpu: number | undefined;
  memory: MemoryStats;
  /** `waiting`: messages that the lane has no room for yet, and calls that wait for `maxInFlight`. */
  lanes: { to: number; sent: number; received: number; waiting: number }[];
  /** Passes of the event loop since the shard was attached. */
  turns: number;
  /** Turns longer than stallThreshold, whether they were reported or not. */
  stalls: number;
  /** Microseconds of work in the longest turn. */
  longestTurn: number;
  /** How many turns took how long: [0] below 1 µs, [n] from 2^(n-1) µs to below 2^n µs, the last (23) all that were longer. */
  turnLengths: number[];
  ledger: Ledger;
  io: IoStats;
}

/** Counters of this shard. Three native calls; cheap enough to poll. */
export function stats(): ShardStats {
  const { id, cpu } = attachDefault();
  const counted = native.shardStats();
  for (const lane of counted.lanes) lane.waiting += heldBack(lane.to);
  counted.ledger.copied['append']! += bytesAppendedToSlack();
  return { id, cpu, memory: thisShard.memory.stats(), ...counted };
}

export interface Capabilities {
  /** True, or why not. */
  ioUring: boolean | string;
  /** The platform has O_DIRECT; whether a file system honours it shows in DmaFile.direct. */
  directIo: boolean;
  /** True, or why no buffers are registered with io_uring. */
  registeredBuffers: boolean | string;
  pinning: boolean;
  /** False where views are copies. */
  externalBuffers: boolean;
  /** True, or what IoBuf.wrap() copies, and why. */
  wrapping: boolean | string;
  /** Transparent huge pages can be asked for (ShardOptions.hugePages). */
  hugePages: boolean;
  /** Stalls are reported with a JavaScript stack. */
  stallStacks: boolean;
  /** Processors that this process may use: affinity and cgroup quota. */
  cpus: number;
  /** Memory nodes of the machine; a pinned shard's memory lies on its own, because it is the first to touch it. */
  numaNodes: number;
}

/** What this machine and this Node can do. */
export function capabilities(): Capabilities {
  attachDefault();
  const machine = native.machine();
  return {
    ioUring: machine.ioUringRefusal ?? true,
    directIo: 'O_DIRECT' in fsConstants,
    registeredBuffers:
      'none: registered pages are pinned, so that memory given back to the system would no longer be what the kernel writes to; the gain is below 5 %',
    pinning: machine.cpusAllowed.length > 0,
    externalBuffers: viewMode() !== 'copied',
    wrapping,
    hugePages: hugePagesAllowed(),
    stallStacks: native.stallStacks(),
    cpus: machine.cpus,
    numaNodes: countNumaNodes(),
  };
}

/** 'always [madvise] never': the word in brackets is in force. */
function hugePagesAllowed(): boolean {
  try {
    return !readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[never]');
  } catch {
    return false;
  }
}

function countNumaNodes(): number {
  try {
    return readdirSync('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name)).length || 1;
  } catch {
    return 1;
  }
}

/** Answered by every shard of a group. */
export const STATS_METHOD = SYSTEM_METHOD;
handle(STATS_METHOD, stats);
