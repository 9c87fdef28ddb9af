// One run for all who ask while the run before is under way: everybody who has joined before it begins gets its outcome.
export class GroupCommit {
  readonly #run: () => Promise<void>;
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  join(): Promise<void> {
    this.#next ??= this.#start(this.#last);
    return this.#next;
  }

  async #start(before: Promise<unknown>): Promise<void> {
    await before;
    // Whoever hears of the same thing as the first caller asks in the same job.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    this.#next = undefined;
    const running = this.#run();
    this.#last = running.catch(() => undefined);
    return running;
  }
}
