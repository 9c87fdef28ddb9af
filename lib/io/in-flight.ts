// A count of operations that have begun and not ended, and promises for the moment at which there are none.
import { assert } from '../base/assert.js';

export class InFlight {
  #count = 0;
  #whenIdle: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count++;
  }

  /** Called by end() for the last operation, whenIdle() resolves in a later job: the caller may begin the next operation first. */
  end(): void {
    assert(this.#count > 0, 'an operation ends once, after it has begun');
    this.#count--;
    if (this.#count === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Resolves when no operation is in flight. */
  async whenIdle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }
}
