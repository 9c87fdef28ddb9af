// One commit for all callers that ask while the commit before is under way. A caller gets the outcome of a commit that began after it
// asked, so everything that it had appended is in it.
import { nextTick } from '../base/timers.js';

export interface Commit {
  /** run() follows by itself: nothing that is not done yet holds it back. */
  announce(): void;
  run(): Promise<void>;
}

export class GroupCommit {
  readonly #commit: Commit;
  /** The commit that has not begun. */
  #next: Promise<void> | undefined;
  /** The commit that is under way. */
  #running: Promise<void> | undefined;

  constructor(commit: Commit) {
    this.#commit = commit;
  }

  /** Resolves, or rejects, as the next commit does. */
  join(): Promise<void> {
    this.#next ??= this.#start();
    return this.#next;
  }

  async #start(): Promise<void> {
    if (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#commit.announce();
    // Callers that hear of the same event as the first one, such as the end of the commit before, ask in the same job.
    await new Promise<void>((resolve) => nextTick(resolve));
    this.#next = undefined;
    const running = this.#commit.run();
    this.#running = running;
    try {
      await running;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }
}
