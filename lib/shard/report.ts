// A report about one shard for a person who looks for a fault, beside Node's own process.report.
import { native } from '../native/binding.js';
import type { ShardCounters } from '../native/counters.js';
import type { StallReport } from './stalls.js';
import type { MemoryStats } from './this-shard.js';
import { state } from './state.js';

/** State of one shard at one moment, as Shard.report() returns it. It is plain data: JSON.stringify() writes all of it. */
export interface ShardReport {
  /** Time of the report in the format of ISO 8601. */
  time: string;
  /** Number of the process. */
  pid: number;
  /** Node in this process. */
  node: {
    /** Its version, such as 'v24.1.0'. */
    version: string;
    /** Its platform, as in process.platform. */
    platform: string;
    /** Its architecture, as in process.arch. */
    arch: string;
  };
  /** Number of the shard in the process. */
  shard: number;
  /** Position of the shard in its group; null outside of groups. */
  index: number | null;
  /** Processor that the thread is pinned to; null when it is not pinned. */
  cpu: number | null;
  /** Longest turn that is no stall, in microseconds. */
  stallThreshold: number;
  /** Counters of the memory. */
  memory: MemoryStats;
  /** Lanes, turns, ledger and I/O. */
  counters: ShardCounters;
  /** Latest stalls, at most 10, the oldest first. */
  stalls: StallReport[];
  /** Shards of the process that have ended, and whose memory others still use. */
  deadShards: number;
}

/** Reports that a shard keeps for its report. */
const STALLS_MAX = 10;

export function keepStall(report: StallReport): void {
  const { recent } = state.stalls;
  recent.push(report);
  if (recent.length > STALLS_MAX) recent.shift();
}

/** The parts of a report that lie in this folder and below; `memory` is the caller's. */
export function shardReport(shard: number, cpu: number | undefined, memory: MemoryStats): ShardReport {
  return {
    time: new Date().toISOString(),
    pid: process.pid,
    node: { version: process.version, platform: process.platform, arch: process.arch },
    shard,
    index: state.index ?? null,
    cpu: cpu ?? null,
    stallThreshold: state.stalls.threshold,
    memory,
    counters: state.counters(),
    stalls: [...state.stalls.recent],
    deadShards: native.machine().deadShards,
  };
}
