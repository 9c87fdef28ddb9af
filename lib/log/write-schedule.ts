// When the parts that a job has pushed are written. A job that appends usually appends more, and often asks for a flush. So writes
// begin after the job and the promise reactions that it caused, and one write takes all of them. A flush that was asked for announces
// its commit: writes then wait until the commit arrives, because the commit may turn the only missing write into a durable one, which
// spares the sync. A commit arrives by itself, without waiting for writes, or somebody else waits for a write: nothing can wait for ever.
import { nextTick, queueMicrotask } from '../base/timers.js';

export class WriteSchedule {
  readonly #begin: () => void;
  readonly #isWaitedFor: () => boolean;
  #scheduled = false;
  #commitAnnounced = false;

  /** `begin` starts the writes that can start. `isWaitedFor` says whether somebody waits for a write to end. */
  constructor(begin: () => void, isWaitedFor: () => boolean) {
    this.#begin = begin;
    this.#isWaitedFor = isWaitedFor;
  }

  /** Begins after this job, unless a commit has been announced by then. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A tick runs before the promise reactions of ticks that ran before it: only a promise reaction of its own comes after theirs.
    nextTick(() =>
      queueMicrotask(() => {
        this.#scheduled = false;
        if (!this.#commitAnnounced || this.#isWaitedFor()) this.#begin();
      }),
    );
  }

  /** A commit will call commitArrived(), and waits for nothing before it does. */
  announceCommit(): void {
    this.#commitAnnounced = true;
  }

  /** The commit has pushed what it wants to have written: writes begin now. */
  commitArrived(): void {
    this.#commitAnnounced = false;
    this.#begin();
  }
}
