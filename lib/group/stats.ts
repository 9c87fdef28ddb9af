// Counters of this shard.
import { native } from '../native/binding.js';
import type { NetStats, ShardCounters } from '../native/counters.js';
import { attachDefault } from '../shard/attach.js';
import { bytesAppendedToSlack } from '../buffer/handle.js';
import { thisShard } from '../shard/this-shard.js';
import { ownCounters } from '../shard/own-counters.js';
import { state as shardState } from '../shard/state.js';
import { handle } from '../rpc/server.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import { waitingFor } from '../rpc/traffic.js';
import type { MemoryStats } from '../shard/this-shard.js';

/** Counters of one shard. */
export interface ShardStats extends ShardCounters {
  /** Number of the shard, as `thisShard.id`. */
  id: number;
  /** Position of the shard in its group; undefined on a thread that is in none. */
  index: number | undefined;
  /** Processor that the shard is pinned to; undefined when it is not. */
  cpu: number | undefined;
  /** Counters of its sockets. */
  net: NetStats;
  /** Counters of its memory. */
  memory: MemoryStats;
}

/** Counters of this shard. Costs four native calls, cheap enough to poll. */
export function stats(): ShardStats {
  const { id, cpu } = attachDefault();
  return { id, index: thisShard.index, cpu, net: native.socketStats(), memory: thisShard.memory.stats(), ...counters() };
}

/** C++ counts neither calls that wait in JavaScript, nor bytes that JavaScript has appended itself. */
function counters(): ShardCounters {
  const counted = ownCounters();
  for (const lane of counted.lanes) lane.waiting += waitingFor(lane.to);
  counted.ledger.copied['append']! += bytesAppendedToSlack();
  return counted;
}

/** Lets the report of a shard have these counters. */
export function installStats(): void {
  shardState.counters = counters;
  handle(SYSTEM_METHODS.stats, stats);
}
