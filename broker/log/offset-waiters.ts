// Those who wait until the high watermark of a partition is behind an offset: fetches for new records, producers for theirs to be durable.

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class OffsetWaiters {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Resolves when advance() is called with a watermark above `offset`. @throws the error of rejectAll(); the signal's reason */
  async whenBeyond(offset: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let waiter: Waiter | undefined;
    const onAbort = (): void => waiter?.reject(signal!.reason);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiters.add((waiter = { offset, resolve, reject }));
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      this.#waiters.delete(waiter!);
      signal?.removeEventListener('abort', onAbort);
    }
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
