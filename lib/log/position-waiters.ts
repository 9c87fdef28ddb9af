// Promises that resolve when a log has been written up to some position.

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class PositionWaiters {
  #waiters: Waiter[] = [];

  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  wait(position: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  /** Resolves the promises for all positions up to `written`. */
  resolveUpTo(written: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ position }) => position > written);
    for (const waiter of waiters) if (waiter.position <= written) waiter.resolve();
  }

  rejectAll(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}
