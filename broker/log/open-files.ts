// Bounds the number of files that the logs of a shard have open. A file that is open and not in use is offered; when another one is to be
// opened and all places are taken, the file that was offered first is closed.

export interface IdleFile {
  /** Closes the file. Its place goes to somebody else. */
  closeIdle(): Promise<void>;
}

export class OpenFiles {
  readonly #max: number;
  #taken = 0;
  /** Longest idle first. */
  readonly #idle = new Set<IdleFile>();
  readonly #waiting: (() => void)[] = [];

  /** At most `max` files are open, at least 2. */
  constructor(max: number) {
    this.#max = Math.max(2, max);
  }

  /** Number of files that are open or being opened. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when one more file may be opened; release() gives the place back. */
  async acquire(): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken++;
      return;
    }
    const oldest = this.#idle.values().next();
    if (oldest.done === true) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else await this.#close(oldest.value);
  }

  /** A file was closed, or could not be opened. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }

  /** The file is open and not in use: it may be closed from now on. */
  offer(file: IdleFile): void {
    this.#idle.add(file);
    const next = this.#waiting.shift();
    if (next !== undefined) void this.#close(file).then(next);
  }

  /** The file is about to be used. Returns false when it is not among the idle ones, because it is being closed. */
  withdraw(file: IdleFile): boolean {
    return this.#idle.delete(file);
  }

  /** The place of a file that is closed here goes to whoever asked for one, whatever the closing says. */
  async #close(file: IdleFile): Promise<void> {
    this.#idle.delete(file);
    await file.closeIdle().catch(() => undefined);
  }
}
