// The figures of a run: counters of all shards, before and after each phase, as the figures that the report shows.
import type { ShardStats } from 'corebuf';
import type { Counters, Opened } from './shard.js';

export interface Phase {
  seconds: number;
  /** Millions of payload bytes per second. */
  megabytesPerSecond: number;
  /** Bytes copied by the shards per byte of payload, by place. */
  copies: Record<string, number>;
}

export interface Figures {
  files: number;
  records: number;
  payloadBytes: number;
  connections: number;
  write: Phase;
  read: Phase;
  /** Records that were received by one shard and owned by another. */
  hopped: number;
  remoteFreesSent: number;
  remoteFreesReceived: number;
  /** Turns above the threshold in both phases. */
  stalls: number;
  writes: number;
  syncs: number;
  engine: string;
  direct: boolean;
  alignment: Opened['alignment'];
  shards: { cpu: number | undefined; committed: number; budget: number; liveObjects: number }[];
  /** Counters of the thread that the client runs in. */
  clientLiveObjects: number;
}

export function phaseOf(seconds: number, payloadBytes: number, before: ShardStats[], after: ShardStats[]): Phase {
  const copies: Record<string, number> = {};
  for (const place of Object.keys(after[0]!.ledger.copied)) {
    const copied = (stats: ShardStats): number => stats.ledger.copied[place] ?? 0;
    copies[place] = (sum(after, copied) - sum(before, copied)) / Math.max(payloadBytes, 1);
  }
  return { seconds, megabytesPerSecond: payloadBytes / seconds / 1e6, copies };
}

/** Counters when all is done: of the group's shards, and of the thread that the client runs in, which is a shard too. */
export interface End {
  shards: ShardStats[];
  client: ShardStats;
}

export function countersOf(begin: ShardStats[], { shards: end, client }: End, counters: Counters[]) {
  const all = [...end, client];
  return {
    records: sum(counters, ({ received }) => received),
    hopped: sum(counters, ({ hopped }) => hopped),
    remoteFreesSent: sum(all, ({ memory }) => memory.remoteFreesSent),
    remoteFreesReceived: sum(all, ({ memory }) => memory.remoteFreesReceived),
    stalls: sum(end, ({ stalls }) => stalls) - sum(begin, ({ stalls }) => stalls),
    writes: sum(end, ({ io }) => io.writes),
    syncs: sum(end, ({ io }) => io.syncs),
    shards: end.map(({ cpu, memory: { committed, budget, liveObjects } }) => ({ cpu, committed, budget, liveObjects })),
    clientLiveObjects: client.memory.liveObjects,
  };
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
