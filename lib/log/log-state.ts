// How far a log has come: the three positions that an appender reports, and the error after which it stops.
//
//   0 ──────── durable ──────── written ──────── accepted          all are positions in the file, in bytes
//   │ survives a crash │ in the file     │ in memory      │
import { assert } from '../base/assert.js';

const ACCEPTED = 0;
const WRITTEN = 1;
const DURABLE = 2;
export const POSITIONS = 3;

export class LogState {
  #positions: Float64Array;
  #failure: { readonly error: unknown } | undefined;

  /** The file ends at `position`, and all bytes before it are durable. The positions are kept in `positions`, where others may read them. */
  constructor(position: number, positions: Float64Array = new Float64Array(POSITIONS)) {
    this.#positions = positions.fill(position);
  }

  /** From now on the positions are this object's alone. */
  unpublish(): void {
    this.#positions = this.#positions.slice();
  }

  /** The position behind the last accepted byte: the next append begins there. */
  get accepted(): number {
    return this.#positions[ACCEPTED]!;
  }

  /** The position before which every byte has been written to the file. */
  get written(): number {
    return this.#positions[WRITTEN]!;
  }

  /** The position before which every byte survives a crash: a sync that began after all of these bytes were written has succeeded. */
  get durable(): number {
    return this.#positions[DURABLE]!;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** @throws the error of fail(), once that has been called. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  accept(bytes: number): void {
    this.#positions[ACCEPTED]! += bytes;
  }

  advanceWritten(position: number): void {
    assert(this.written <= position && position <= this.accepted, 'durable <= written <= accepted');
    this.#positions[WRITTEN] = position;
  }

  /** A sync that began when `written` was `position` has succeeded. An earlier position changes nothing: syncs may end in any order. */
  advanceDurable(position: number): void {
    assert(position <= this.written, 'durable <= written <= accepted');
    this.#positions[DURABLE] = Math.max(this.durable, position);
  }

  /** The file has been cut to `position` while no write was under way. */
  cut(position: number): void {
    assert(this.written === this.accepted && position <= this.accepted, 'a log is cut only when all accepted bytes are written');
    this.#positions.set([position, position, Math.min(this.durable, position)]);
  }

  /** Returns whether this is the first failure, which is the one that stays. */
  fail(error: unknown): boolean {
    if (this.#failure !== undefined) return false;
    this.#failure = { error };
    return true;
  }
}
