// Those who wait until the high watermark of a partition is behind an offset: fetches for new records, producers for theirs to be durable.

export interface Waiter {
  readonly offset: number;
  /** The watermark is behind the offset. */
  readonly resolve: () => void;
  /** It will never be. */
  readonly reject: (error: unknown) => void;
}

export class OffsetWaiters {
  readonly #waiters = new Set<Waiter>();

  /** One of the waiter's functions will be called, once, unless it is deleted before. */
  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  delete(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Resolves when advance() is called with a watermark above `offset`. @throws the error of rejectAll() */
  whenBeyond(offset: number): Promise<void> {
    return new Promise((resolve, reject) => this.add({ offset, resolve, reject }));
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
