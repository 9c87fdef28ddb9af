// Reads a chain piece by piece for a stream. A piece is cut off the chain when it is taken, so its memory can be released while a slow
// consumer has not asked for the rest.

/** The methods of IoBuf that streams need. IoBuf itself is in a layer above, which this layer must not import. */
export interface ByteChain {
  readonly length: number;
  readonly released: boolean;
  append(bytes: Uint8Array): unknown;
  copyTo(target: Uint8Array): number;
  toBuffer(start?: number, end?: number): Buffer;
  trimFront(length: number): unknown;
  takeFront(length: number): ByteChain;
  release(): void;
  [Symbol.iterator](): Iterator<Buffer>;
}

/** Neighbouring pieces that are given to a consumer together. */
export interface Batch {
  readonly pieces: readonly Buffer[];
  /** The chain that keeps the bytes alive. The consumer releases it. Undefined for copies, which are memory of JavaScript's own. */
  readonly owner: ByteChain | undefined;
}

export class Pieces {
  /** Bytes that have not been taken; undefined when there are none. */
  #rest: ByteChain | undefined;
  readonly #copyLength: number;
  readonly #views: Iterator<Buffer> | undefined;

  /** Owns `rest` from now on. With `zeroCopy` a piece is a view of one fragment, otherwise a copy of at most `copyLength` bytes. */
  constructor(rest: ByteChain, copyLength: number, zeroCopy = false) {
    this.#rest = rest;
    this.#copyLength = copyLength;
    if (zeroCopy) this.#views = rest[Symbol.iterator]();
    if (rest.length === 0) this.release();
  }

  /** True when all bytes have been taken or released. */
  get empty(): boolean {
    return this.#rest === undefined;
  }

  /** Takes views of at least `least` bytes together, or of all that are left; or one copy. Undefined when nothing is left. */
  batch(least = 1): Batch | undefined {
    if (this.#rest === undefined) return undefined;
    if (this.#views === undefined) return { pieces: [this.#copy(this.#rest)], owner: undefined };
    const pieces: Buffer[] = [];
    let length = 0;
    while (length < least && length < this.#rest.length) {
      const view = this.#views.next().value as Buffer;
      pieces.push(view);
      length += view.length;
    }
    return { pieces, owner: this.#cut(this.#rest, length) };
  }

  /** Takes the next bytes as a copy of at most `copyLength` bytes; undefined when nothing is left. */
  copy(): Buffer | undefined {
    return this.#rest === undefined ? undefined : this.#copy(this.#rest);
  }

  /** Copies the next bytes, as many as fit, into `target`. Returns their number. */
  copyTo(target: Uint8Array): number {
    if (this.#rest === undefined) return 0;
    const length = this.#rest.copyTo(target);
    this.#trim(this.#rest, length);
    return length;
  }

  /** Releases the bytes that have not been taken. */
  release(): void {
    this.#rest?.release();
    this.#rest = undefined;
  }

  #copy(rest: ByteChain): Buffer {
    const bytes = rest.toBuffer(0, Math.min(rest.length, this.#copyLength));
    this.#trim(rest, bytes.length);
    return bytes;
  }

  #trim(rest: ByteChain, length: number): void {
    if (length === rest.length) this.release();
    else rest.trimFront(length);
  }

  /** Cuts the chain between two fragments. This needs no memory, and the views of the fragments stay valid. */
  #cut(rest: ByteChain, length: number): ByteChain {
    if (length < rest.length) return rest.takeFront(length);
    this.#rest = undefined;
    return rest;
  }
}
