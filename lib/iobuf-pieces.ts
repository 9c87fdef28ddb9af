// The bytes of a chain piece by piece, front to back, and what keeps each alive. What was taken is off the chain: its memory can
// go home while a slow consumer has the rest still before it.
import type { IoBuf } from './iobuf.js';

export interface Piece {
  readonly bytes: Buffer;
  /** Released by who is done with the bytes; undefined when they are JavaScript's own. */
  readonly owner: IoBuf | undefined;
}

export class Pieces {
  readonly #rest: IoBuf;
  readonly #copyLength: number;
  readonly #views: Iterator<Buffer> | undefined;

  /** `rest` is ours from now on. Pieces are its fragments as they lie, or copies of at most `copyLength` bytes. */
  constructor(rest: IoBuf, copyLength: number, zeroCopy = false) {
    this.#rest = rest;
    this.#copyLength = copyLength;
    if (zeroCopy) this.#views = rest[Symbol.iterator]();
  }

  /** True also when the rest was released. */
  get empty(): boolean {
    return this.#rest.length === 0;
  }

  next(): Piece | undefined {
    if (this.empty) return undefined;
    if (this.#views !== undefined) return this.#fragment(this.#views.next().value as Buffer);
    const bytes = this.#rest.toBuffer(0, Math.min(this.#rest.length, this.#copyLength));
    this.#rest.trimFront(bytes.length);
    return { bytes, owner: undefined };
  }

  /** Copies the next bytes, as many as fit, into `target`; returns how many. */
  copyTo(target: Uint8Array): number {
    const length = this.#rest.copyTo(target);
    this.#rest.trimFront(length);
    return length;
  }

  /** What was not taken. */
  release(): void {
    this.#rest.release();
  }

  /** A cut between fragments moves them, and the views that show them: it needs no memory. */
  #fragment(view: Buffer): Piece {
    return { bytes: view, owner: this.#rest.takeFront(view.length) };
  }
}
