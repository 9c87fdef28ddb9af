// Reads a chain front to back, without consuming it. What numbers cost is said in chain-cursor.ts.
import { inspect } from 'node:util';
import { native } from './native.js';
import { checkEncoding, checkInteger } from './checks.js';
import { outOfBounds } from './errors.js';
import { unusedHandle } from './handle.js';
import type { Handle } from './handle.js';
import type { IoBuf } from './iobuf.js';
import { VarintReader } from './varint-reader.js';

/**
 * A place in a chain, from which fields are read as if the chain were one Buffer. Bytes appended to the chain can be read at
 * once; after trimFront and takeFront the same position means other bytes; once the chain is released every read throws
 * ERR_RELEASED. A read that fails leaves the position.
 *
 * @example
 * using received = new IoBuf().appendUInt32BE(3).append('one').appendUInt32BE(3).append('tw');
 * const reader = received.reader();
 * const records: string[] = [];
 * while (reader.has(4)) {
 *   const start = reader.position;
 *   const length = reader.readUInt32BE();
 *   if (!reader.has(length)) { reader.position = start; break; }
 *   records.push(reader.readString(length));
 * }
 * [records, reader.position]; // [['one'], 7]
 */
export class IoBufReader extends VarintReader {
  readonly #wrap: (handle: Handle) => IoBuf;

  constructor(handle: Handle, wrap: (handle: Handle) => IoBuf) {
    super(handle);
    this.#wrap = wrap;
  }

  /**
   * Bytes from the front of the chain. It may be saved and set back.
   *
   * @throws on setting: ERR_OUT_OF_BOUNDS past the end, ERR_RELEASED
   * @example
   * using chain = IoBuf.from('abc');
   * const reader = chain.reader().skip(2);
   * reader.position; // 2
   * reader.position = 0;
   * reader.remaining; // 3
   */
  get position(): number {
    return this.base + this.at;
  }

  set position(position: number) {
    checkInteger('position', position);
    const { length } = this.alive();
    if (position > length) throw outOfBounds('position', position, length);
    this.moveTo(position);
  }

  /**
   * Bytes from the position to the end of the chain. O(1), no native call.
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('abc');
   * chain.reader().skip(1).remaining; // 2
   */
  get remaining(): number {
    return Math.max(this.alive().length - this.base - this.at, 0);
  }

  /**
   * True when `length` more bytes are there. O(1), no native call.
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('abc');
   * chain.reader().has(4); // false
   */
  has(length: number): boolean {
    return this.remaining >= length;
  }

  /**
   * Moves the position by `length` bytes. O(1), no native call.
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position stays.
   * @example
   * using chain = IoBuf.from('abc');
   * chain.reader().skip(2).readUInt8(); // 99
   */
  skip(length: number): this {
    checkInteger('length', length);
    this.need(length);
    this.at += length;
    return this;
  }

  /**
   * `length` bytes as text (default utf8). Copied together first when they lie in several fragments. O(length).
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position stays.
   * @example
   * using chain = IoBuf.from('key=value');
   * chain.reader().skip(4).readString(5); // 'value'
   */
  readString(length: number, encoding?: BufferEncoding): string {
    checkInteger('length', length);
    checkEncoding(encoding);
    const text =
      length > 0 && this.reach(length)
        ? this.bytes.toString(encoding, this.at, this.at + length)
        : this.#copy(length).toString(encoding);
    this.at += length;
    return text;
  }

  /**
   * A copy of `length` bytes in JavaScript's own memory. O(length).
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position stays.
   * @example
   * using chain = IoBuf.from('abc');
   * chain.reader().readBytes(2).equals(Buffer.from('ab')); // true
   */
  readBytes(length: number): Buffer {
    checkInteger('length', length);
    const copy = this.#copy(length);
    this.at += length;
    return copy;
  }

  /**
   * A chain of references to the next `length` bytes, the caller's to release; no bytes move. O(fragments shared), and those since the
   * last share.
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError, RangeError; the position stays.
   * @example
   * using chain = IoBuf.from('key=value');
   * using value = chain.reader().skip(4).share(5);
   * value.toString(); // 'value'
   */
  share(length: number): IoBuf {
    checkInteger('length', length);
    this.need(length);
    const { position } = this;
    const shared = this.handle.share(position, length, 'IoBuf');
    this.moveTo(position + length);
    return this.#wrap(shared);
  }

  [inspect.custom](): string {
    if (this.handle.released) return 'IoBufReader { released }';
    return `IoBufReader { position: ${this.position}, remaining: ${this.remaining} }`;
  }

  #copy(length: number): Buffer {
    this.need(length);
    const copy = Buffer.allocUnsafe(length);
    if (length > 0) native.copyOut(this.handle.slot('IoBuf'), this.base + this.at, copy);
    return copy;
  }
}

/** See unusedHandle. */
export const unusedReader = new IoBufReader(unusedHandle, () => {
  throw new Error('this reader is never used');
});
