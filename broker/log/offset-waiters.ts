// Those who wait until the high watermark of a partition is behind an offset: fetches for new records, producers for theirs to be durable.

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class OffsetWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves when advance() is called with a watermark above `offset`. @throws the error of rejectAll() */
  whenBeyond(offset: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.add({ offset, resolve, reject }));
  }

  /** Calls `told` once, when the promise of whenBeyond() would settle. Returns what ends the wait. */
  onBeyond(offset: number, told: () => void): () => void {
    const waiter = { offset, resolve: told, reject: told };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  advance(watermark: number): void {
    for (const waiter of this.#waiters) {
      if (waiter.offset >= watermark) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  rejectAll(error: unknown): void {
    for (const waiter of [...this.#waiters]) {
      this.#waiters.delete(waiter);
      waiter.reject(error);
    }
  }
}
