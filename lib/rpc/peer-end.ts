// The reason why a shard has ended. A call may fail because its shard is gone before the thread that started the shard has reported the reason.
import { clearTimeout, setTimeout } from '../base/timers.js';

/** Milliseconds that calls wait for the reason. The starting thread has it at once, unless it is blocked. */
const PATIENCE_MS = 1000;

export class PeerEnd {
  #told = false;
  #cause: unknown;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** The reason as far as it is known now. */
  get known(): unknown {
    return this.#cause;
  }

  /** Resolves with the reason, or with undefined when it is not reported in time. */
  async cause(): Promise<unknown> {
    if (!this.#told) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#timer ??= setTimeout(() => this.tell(undefined), PATIENCE_MS);
      });
    }
    return this.#cause;
  }

  tell(cause: unknown): void {
    this.#told = true;
    this.#cause ??= cause;
    clearTimeout(this.#timer);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
