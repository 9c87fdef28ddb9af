// The figures of a run. The broker has two lives, before and after it is killed; its counters of both are added.
import type { BrokerShardStats } from 'corebuf-broker';
import type { Percentiles } from './latencies.js';
import type { ServerStats } from './server.js';

/** Figures that the demo measures itself. */
export interface Measured {
  readonly files: number;
  readonly records: number;
  readonly bytes: number;
  readonly partitions: number;
  /** Seconds until all was acknowledged, and until all was compared, without those of the restart. */
  readonly produceSeconds: number;
  readonly compareSeconds: number;
  readonly batches: number;
  /** Milliseconds from sending a batch to its acknowledgement. */
  readonly latency: Percentiles;
  /** Bytes that were acknowledged when the broker was killed. */
  readonly killedAfter: number;
  /** Milliseconds from the kill to the address of the new broker. */
  readonly restartMs: number;
  /** How many records consumers received again. */
  readonly again: number;
}

export interface Figures extends Measured {
  readonly batchesReceived: number;
  readonly batchesHopped: number;
  /** Bytes that the shards copied per byte of the input, by place. */
  readonly copies: Record<string, number>;
  readonly remoteFreesSent: number;
  readonly remoteFreesReceived: number;
  /** Turns of shards above STALL_US, and the longest of all turns, in microseconds. */
  readonly stalls: number;
  /** Those that ran for longer than STALL_US, and did not only wait. */
  readonly stallsOnCpu: number;
  readonly longestTurn: number;
  /** Whether the broker got a processor before its clients; otherwise some of its turns were long because they waited for one. */
  readonly hasPrecedence: boolean;
  readonly gcMilliseconds: number;
  readonly engine: string;
  /** At the end. */
  readonly shards: { readonly committed: number; readonly budget: number; readonly liveObjects: number; readonly gcMilliseconds: number }[];
  readonly rss: number;
}

/** Microseconds above which a turn of a shard is a stall. */
export const STALL_US = 5000;

export function figuresOf(measured: Measured, lives: readonly ServerStats[]): Figures {
  const all = lives.flatMap(({ stats }) => stats);
  const last = lives.at(-1)!;
  return {
    ...measured,
    batchesReceived: sum(all, ({ batchesReceived }) => batchesReceived),
    batchesHopped: sum(all, ({ batchesHopped }) => batchesHopped),
    copies: copiesOf(all, measured.bytes),
    remoteFreesSent: sum(all, ({ memory }) => memory.remoteFreesSent),
    remoteFreesReceived: sum(all, ({ memory }) => memory.remoteFreesReceived),
    stalls: sum(all, ({ stalls }) => stalls),
    stallsOnCpu: sum(all, ({ stallsOnCpu }) => stallsOnCpu),
    longestTurn: Math.max(...all.map(({ longestTurn }) => longestTurn)),
    hasPrecedence: last.hasPrecedence,
    gcMilliseconds: sum(all, ({ gcMilliseconds }) => gcMilliseconds),
    engine: all[0]!.io.engine,
    shards: last.stats.map(({ memory: { committed, budget, liveObjects }, gcMilliseconds }) => ({ committed, budget, liveObjects, gcMilliseconds })),
    rss: last.rss,
  };
}

function copiesOf(all: readonly BrokerShardStats[], bytes: number): Record<string, number> {
  const places = Object.keys(all[0]!.ledger.copied);
  const perByte = (place: string): number => sum(all, ({ ledger }) => ledger.copied[place] ?? 0) / Math.max(bytes, 1);
  return Object.fromEntries(places.map((place) => [place, perByte(place)]));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
