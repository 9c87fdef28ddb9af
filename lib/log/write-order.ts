// The writes of one log that are under way. They may end in any order; `written` advances only over writes before which all have ended.
import { assert } from '../base/assert.js';
import type { LogState } from './log-state.js';

export interface OrderedWrite {
  /** Position of the first byte, in bytes from the beginning of the file. */
  readonly start: number;
  /** Length of the blocks, in bytes. */
  readonly length: number;
  /** Position behind the last byte that is not padding. */
  readonly end: number;
  /** Whether the write has ended. */
  done: boolean;
}

export class WriteOrder {
  readonly #state: LogState;
  /** In the order of their positions. */
  #underWay: OrderedWrite[] = [];
  #last: OrderedWrite | undefined;

  constructor(state: LogState) {
    this.#state = state;
  }

  begin(write: OrderedWrite): void {
    this.#underWay.push(write);
    this.#last = write;
  }

  /** `write` has succeeded: `written` advances as far as no write before it is missing. */
  end(write: OrderedWrite): void {
    assert(!write.done, 'a write ends once');
    write.done = true;
    let count = 0;
    while (this.#underWay[count]?.done === true) this.#state.advanceWritten(this.#underWay[count++]!.end);
    this.#underWay.splice(0, count);
  }

  /** Whether a write that starts at `start` would write a block that the newest write is still writing. */
  overlapsLast(start: number): boolean {
    return this.#last !== undefined && !this.#last.done && start < this.#last.start + this.#last.length;
  }

  /** The file was cut while no write was under way. */
  cut(): void {
    assert(this.#underWay.length === 0, 'a log is cut only when no write is under way');
    this.#last = undefined;
  }
}
