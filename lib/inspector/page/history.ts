// The samples of the last minute, by shard. They begin when the page is opened, and again after a gap, because nothing is sampled meanwhile.
import type { InspectedShard, InspectorSample } from '../sample-types.js';

/** Samples that are kept of each shard: those of a minute. */
export const SAMPLES_MAX = 60;
const GAP_MS = 5000;

export type Pick = (shard: InspectedShard) => number;

interface Moment {
  /** Milliseconds. */
  readonly time: number;
  readonly shard: InspectedShard;
}

export class History {
  #latest: InspectorSample | undefined;
  readonly #moments = new Map<string, Moment[]>();

  get latest(): InspectorSample {
    return this.#latest!;
  }

  add(sample: InspectorSample): void {
    const before = this.#latest;
    const time = Date.parse(sample.time);
    const isNew = before === undefined || before.pid !== sample.pid;
    if (isNew || time - Date.parse(before.time) > GAP_MS) this.#moments.clear();
    this.#latest = sample;
    for (const shard of sample.shards) {
      const moments = this.#moments.get(shard.name) ?? [];
      this.#moments.set(shard.name, [...moments.slice(1 - SAMPLES_MAX), { time, shard }]);
    }
  }

  /** Shards of the latest sample: those outside of groups first, then by their index. */
  get shards(): InspectedShard[] {
    return [...this.latest.shards].sort(inOrder);
  }

  /** The last counters of shards that have ended in this minute and were not started again. */
  get gone(): InspectedShard[] {
    const names = new Set(this.latest.shards.map(({ name }) => name));
    const lost = [...this.#moments].filter(([name]) => !names.has(name));
    return lost.map(([, moments]) => moments.at(-1)!.shard).sort(inOrder);
  }

  /** Name of the shard with this number, also when it has ended. */
  nameOf(id: number): string {
    const shards = [...this.latest.shards, ...this.gone];
    return shards.find((shard) => shard.id === id)?.name ?? `number ${id}`;
  }

  /** Values of a shard in the last minute, the oldest first. */
  values(name: string, pick: Pick): number[] {
    return (this.#moments.get(name) ?? []).map(({ shard }) => pick(shard));
  }

  /** Growth of a counter in a second between the last two samples; undefined after the first one, and after a restart. */
  rate(name: string, pick: Pick): number | undefined {
    return this.rates(name, pick).at(-1);
  }

  /** The same between any two samples of the last minute. */
  rates(name: string, pick: Pick): (number | undefined)[] {
    const moments = this.#moments.get(name) ?? [];
    return moments.slice(1).map((now, at) => rateOf(moments[at]!, now, pick));
  }

  /** What was added to each count in the last minute, or since a restart in it. */
  added(name: string, pick: (shard: InspectedShard) => readonly number[]): number[] {
    const moments = this.#moments.get(name) ?? [];
    const last = moments.at(-1);
    if (last === undefined) return [];
    const first = moments.find(({ shard }) => isSameLife(shard, last.shard))!;
    const before = pick(first.shard);
    return pick(last.shard).map((value, at) => value - before[at]!);
  }
}

function rateOf(before: Moment, now: Moment, pick: Pick): number | undefined {
  const seconds = (now.time - before.time) / 1000;
  return seconds > 0 && isSameLife(before.shard, now.shard) ? Math.max(0, pick(now.shard) - pick(before.shard)) / seconds : undefined;
}

function isSameLife(one: InspectedShard, later: InspectedShard): boolean {
  return one.id === later.id && one.turns <= later.turns;
}

function inOrder(one: InspectedShard, other: InspectedShard): number {
  return (one.index ?? -1) - (other.index ?? -1) || one.id - other.id;
}
