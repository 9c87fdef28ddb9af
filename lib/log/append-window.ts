// The bound of a log's memory: how many bytes may be accepted and not yet written.
import { assert } from '../base/assert.js';
import type { LogState } from './log-state.js';

export class AppendWindow {
  readonly #state: LogState;
  readonly #bytesMax: number;
  /** The accepted position, less the bytes whose write has not ended. Above `written` where writes have overtaken others. */
  #floor: number;
  /** Position up to which small appends are accepted without further checks; -1 while appends must be checked. */
  #limit = -1;

  constructor(state: LogState, bytesMax: number) {
    this.#state = state;
    this.#bytesMax = bytesMax;
    this.#floor = state.accepted;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Whether `length` more bytes may be accepted. Any length may when nothing is unwritten. */
  fits(length: number): boolean {
    const unwritten = this.#state.accepted - this.#floor;
    return unwritten === 0 || unwritten + length <= this.#bytesMax;
  }

  /** Small appends may be accepted up to the bound. */
  open(): void {
    this.#limit = this.#floor + this.#bytesMax;
  }

  /** Each append must be checked. */
  shut(): void {
    this.#limit = -1;
  }

  onWritten(newBytes: number): void {
    this.#floor += newBytes;
    assert(this.#floor <= this.#state.accepted, 'no more bytes are written than were accepted');
  }

  cut(position: number): void {
    this.#floor = position;
  }
}
