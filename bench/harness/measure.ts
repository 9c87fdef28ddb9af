// Interleaved rounds: ours, peer, peer, ours, … with a full collection before each, so that what disturbs the machine disturbs
// both, and neither pays for the other's garbage. Each round takes as many operations as fill the time that was asked for.
import type { Case, Effort, Side, Sides, Trip, Unit, Work, WorkCase } from './suite.js';

export const FULL: Effort = { rounds: 15, target: 50 };
export const QUICK: Effort = { rounds: 7, target: 25 };

const TRIPS_MIN = 50;
const COUNT_MAX = 1e8;

export interface Measured extends Sides {
  readonly unit: Unit;
  readonly better: 'higher' | 'lower';
  /** Above 1 we are ahead. */
  readonly ratio: number;
}

/** One side at work: each measurement adds one value, in the unit of the case. */
interface Runner {
  prepare(target: number): Promise<void>;
  measure(): Promise<void>;
  result(): Side;
}

export async function measure(measured: Case, effort: Effort): Promise<Measured> {
  if (measured.kind === 'own') return compare(measured.unit, await measured.measure(effort));
  const unit = measured.kind === 'trip' ? 'µs' : measured.unit;
  const [ours, peer] =
    measured.kind === 'trip'
      ? [new TripRunner(measured.ours), new TripRunner(measured.peer)]
      : [new WorkRunner(measured.ours, measured), new WorkRunner(measured.peer, measured)];
  await ours.prepare(effort.target);
  await peer.prepare(effort.target);
  for (let round = 0; round < effort.rounds; round++) {
    for (const side of round % 2 === 0 ? [ours, peer] : [peer, ours]) {
      await settle();
      await side.measure();
    }
  }
  return compare(unit, { ours: ours.result(), peer: peer.result() });
}

function compare(unit: Unit, { ours, peer }: Sides): Measured {
  const better = unit === 'calls/s' || unit === 'MB/s' || unit === 'GB/s' ? 'higher' : 'lower';
  return { unit, better, ours, peer, ratio: better === 'higher' ? ours.value / peer.value : peer.value / ours.value };
}

/** Converts the time of one operation, in ms, to the unit of the case. */
function valueOf({ unit, bytes = 0 }: WorkCase): (each: number) => number {
  switch (unit) {
    case 'ns':
      return (each) => each * 1e6;
    case 'µs':
      return (each) => each * 1e3;
    case 'calls/s':
      return (each) => 1e3 / each;
    case 'GB/s':
      return (each) => bytes / each / 1e6;
  }
}

class WorkRunner implements Runner {
  readonly #work: Work;
  readonly #value: (each: number) => number;
  readonly #values: number[] = [];
  #count = 1;

  constructor(work: Work, measured: WorkCase) {
    this.#work = work;
    this.#value = valueOf(measured);
  }

  async prepare(target: number): Promise<void> {
    this.#count = await countFor(target, 1, (count) => this.#time(count));
  }

  async measure(): Promise<void> {
    await this.#time(warmUpOf(this.#count));
    const each = (await this.#time(this.#count)) / this.#count;
    this.#values.push(this.#value(each));
  }

  result(): Side {
    return sideOf(this.#values);
  }

  /** In ms. Work that is synchronous is not awaited. */
  async #time(count: number): Promise<number> {
    const start = performance.now();
    const running = this.#work(count);
    if (running !== undefined) await running;
    return performance.now() - start;
  }
}

class TripRunner implements Runner {
  readonly #trip: Trip;
  readonly #medians: number[] = [];
  readonly #all: number[] = [];
  #count = TRIPS_MIN;

  constructor(trip: Trip) {
    this.#trip = trip;
  }

  async prepare(target: number): Promise<void> {
    this.#count = await countFor(target, TRIPS_MIN, async (count) => {
      const start = performance.now();
      await this.#times(count);
      return performance.now() - start;
    });
  }

  async measure(): Promise<void> {
    await this.#times(warmUpOf(this.#count));
    const times = await this.#times(this.#count);
    this.#medians.push(quantile(times, 0.5));
    for (const time of times) this.#all.push(time);
  }

  result(): Side {
    return { ...sideOf(this.#medians), p99: quantile(new Float64Array(this.#all), 0.99) };
  }

  /** In µs. */
  async #times(count: number): Promise<Float64Array> {
    const times = new Float64Array(count);
    for (let at = 0; at < count; at++) {
      const start = performance.now();
      await this.#trip();
      times[at] = (performance.now() - start) * 1e3;
    }
    return times;
  }
}

/** A full collection leaves caches and young objects' space cold: what comes first after it is not measured. */
function warmUpOf(count: number): number {
  return Math.ceil(count / 4);
}

/** How many operations take `target` ms. It is found by doing them, which warms them up: again until the compiler is done. */
async function countFor(target: number, least: number, time: (count: number) => Promise<number>): Promise<number> {
  let count = least;
  let taken = await time(count);
  while (taken < target / 2 && count < COUNT_MAX) {
    count *= taken < target / 20 ? 8 : 2;
    taken = await time(count);
  }
  for (let again = 0; again < 2; again++) {
    count = Math.max(least, Math.round((count * target) / taken));
    taken = await time(count);
  }
  return Math.max(least, Math.round((count * target) / taken));
}

/** A full collection, then a pass of the event loop for what was finalised. */
export async function settle(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}

export function sideOf(values: readonly number[]): Side {
  const sorted = new Float64Array(values);
  return { value: quantile(sorted, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The nearest value below. Sorts in place. */
function quantile(values: Float64Array, part: number): number {
  values.sort();
  return values[Math.floor((values.length - 1) * part)]!;
}
