// The reason why a shard has ended. A call may fail because its shard is gone before the thread that started the shard has reported the reason.
import type { ShardEnd } from '../base/errors.js';
import { clearTimeout, setTimeout } from '../base/timers.js';

/** Milliseconds that calls wait for the reason. The starting thread has it at once, unless it is blocked. */
const PATIENCE_MS = 1000;

export class PeerEnd {
  #told = false;
  #end: ShardEnd | undefined;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** The reason as far as it is known now. */
  get known(): ShardEnd | undefined {
    return this.#end;
  }

  /** Resolves with the reason, or with undefined when it is not reported in time. */
  async reported(): Promise<ShardEnd | undefined> {
    if (!this.#told) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#timer ??= setTimeout(() => this.tell(undefined), PATIENCE_MS);
      });
    }
    return this.#end;
  }

  tell(end: ShardEnd | undefined): void {
    this.#told = true;
    this.#end ??= end;
    clearTimeout(this.#timer);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
