// Times from sending a batch to its acknowledgement. Batches that were under way while the broker was gone are left out: their time is that
// of the restart, which is told apart.

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export class Latencies {
  readonly #milliseconds: number[] = [];
  #goneFrom = Infinity;
  #goneTo = -Infinity;

  get count(): number {
    return this.#milliseconds.length;
  }

  add(sentAt: number, acknowledgedAt: number): void {
    if (acknowledgedAt < this.#goneFrom || sentAt >= this.#goneTo) this.#milliseconds.push(acknowledgedAt - sentAt);
  }

  /** The broker goes now; batches that are under way are not counted from here on. */
  brokerGoes(): void {
    this.#goneFrom = performance.now();
    this.#goneTo = Infinity;
  }

  brokerIsBack(): void {
    this.#goneTo = performance.now();
  }

  /** In milliseconds; the percentile is the least time that so many of the batches did not exceed. */
  percentiles(): Percentiles {
    const sorted = Float64Array.from(this.#milliseconds).sort();
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
  }
}
