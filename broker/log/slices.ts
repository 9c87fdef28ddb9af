// Bounds how long the logs of one shard verify batches in one turn of the event loop. Several logs are opened at a time, and what they have read
// comes in the same turn: without a bound, everything else would wait for all of them.

/** Milliseconds of one turn that may be taken. The batch that exceeds them is verified whole. */
const SLICE_MS = 1.5;

export class Slices {
  readonly #now: () => number;
  /** When the slice of this turn ends; undefined before it begins. */
  #end: number | undefined;
  #waiting: (() => void)[] = [];

  /** `now` in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the rest must wait for later turns. The first question in a turn begins its slice. */
  get isOver(): boolean {
    if (this.#end !== undefined) return this.#now() >= this.#end;
    this.#end = this.#now() + SLICE_MS;
    setImmediate(() => this.#endTurn());
    return false;
  }

  /** Resolves in a turn whose slice is not over. Those who came first go on first. */
  async next(): Promise<void> {
    do await new Promise<void>((resolve) => this.#waiting.push(resolve));
    while (this.isOver);
  }

  #endTurn(): void {
    this.#end = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
