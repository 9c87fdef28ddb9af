// Reads fields from a chain and leaves the bytes in it. The position is kept in reader-cursor.ts, which also says what a read costs.
import { inspect } from 'node:util';
import { native } from '../native/binding.js';
import { checkEncoding, checkInteger, illegalConstructor } from '../base/arguments.js';
import { outOfBounds } from '../base/errors.js';
import { Handle, hiddenClassKeeper } from '../buffer/handle.js';
import type { IoBuf } from './iobuf.js';
import { ReadVarints } from './read-varints.js';

/**
 * Reads fields from a chain at a position, as if the chain were one Buffer. Bytes that are appended to the chain can be read at once. After
 * trimFront(), takeFront() and prepend() the position stays the same number, and so refers to other bytes. After the chain is released, every
 * method throws ERR_RELEASED. A read that fails does not change the position.
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
export class IoBufReader extends ReadVarints {
  readonly #wrap: (handle: Handle) => IoBuf;

  /** @internal */
  constructor(handle: Handle, wrap: (handle: Handle) => IoBuf) {
    if (!(handle instanceof Handle)) throw illegalConstructor('IoBufReader', 'chain.reader()');
    super(handle);
    this.#wrap = wrap;
  }

  /**
   * Position of the next byte to read, in bytes from the first byte of the chain. A program may save it and set it back. O(1), no native call.
   *
   * @throws when it is set: ERR_OUT_OF_BOUNDS past the end of the chain, ERR_RELEASED, TypeError, RangeError
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
   * Number of bytes from the position to the end of the chain. O(1), no native call.
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
   * Returns whether at least `length` bytes follow the position. O(1), no native call.
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
   * Moves the position forward by `length` bytes. O(1), no native call.
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position is unchanged.
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
   * Reads `length` bytes as text in `encoding` (default 'utf8') and moves the position behind them. O(length); no native call while they lie
   * in one fragment.
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position is unchanged.
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
   * Copies the next `length` bytes into a new Buffer outside of slab memory and moves the position behind them. O(length), one native call.
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, TypeError, RangeError; the position is unchanged.
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
   * Creates a chain that refers to the next `length` bytes, and moves the position behind them. No byte is copied. The caller releases the
   * chain. O(fragments shared + fragments since the last share).
   *
   * @throws ERR_OUT_OF_BOUNDS, ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError, RangeError; the position is unchanged.
   * @example
   * using chain = IoBuf.from('key=value');
   * using value = chain.reader().skip(4).share(5);
   * value.toString(); // 'value'
   */
  share(length: number): IoBuf {
    checkInteger('length', length);
    this.need(length);
    const { position } = this;
    const shared = this.handle.share(position, length, 'IoBuf', 'share() of a reader');
    this.moveTo(position + length);
    return this.#wrap(shared);
  }

  /** Text for console.log(): position and remaining bytes. */
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

/** An object that stays alive, so that V8 keeps the hidden class of readers (hiddenClassKeeper says why). */
export const readerClassKeeper = new IoBufReader(hiddenClassKeeper, () => {
  throw new Error('this reader is never used');
});
