// Work that is done one piece after the other.

export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Does `work` when all before it is over. Settles as `work` does. */
  run(work: () => Promise<void>): Promise<void> {
    const running = this.#last.then(work);
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** Resolves when all work so far is over, whatever became of it. */
  whenOver(): Promise<void> {
    return this.#last;
  }
}
