// Reproducible chance: COREBUF_SEED=n repeats a run. Mulberry32.
const UINT32 = 2 ** 32;

export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed = Number(process.env.COREBUF_SEED ?? Math.floor(Math.random() * UINT32))) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / UINT32;
  }

  /** A whole number from 0 to `most`. */
  upTo(most: number): number {
    return Math.floor(this.unit() * (most + 1));
  }

  /** Mostly small, now and then `most`: the logarithm is what is evenly spread. */
  size(most: number): number {
    return Math.floor((most + 1) ** this.unit()) - 1;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.upTo(from.length - 1)]!;
  }

  bytes(length: number): Buffer {
    const made = Buffer.allocUnsafe(length);
    let at = 0;
    for (; at + 4 <= length; at += 4) made.writeUInt32LE(this.upTo(UINT32 - 1), at);
    for (; at < length; at++) made[at] = this.upTo(255);
    return made;
  }
}
