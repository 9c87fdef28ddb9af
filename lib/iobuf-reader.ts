// Reads a chain through views of its fragments: one native call per some thousand fragments, none per field. A field that lies
// across fragments is gathered into eight bytes first.
import { constants, native } from './native.js';
import { checkEncoding, checkInteger } from './checks.js';
import { outOfBounds } from './errors.js';
import { bodyWords } from './exchange.js';
import type { Handle } from './handle.js';
import type { IoBuf } from './iobuf.js';
import { innerWindow } from './views.js';

const FRAGMENT_WORDS = 4;
const { windowSize } = constants;
const gathered = Buffer.alloc(8);

/** Fragments as they were listed: where each begins in the chain, and where it lies. */
interface Listed {
  readonly start: number;
  readonly end: number;
  readonly piece: number;
  readonly offset: number;
}

export class IoBufReader {
  readonly #handle: Handle;
  readonly #wrap: (handle: Handle) => IoBuf;
  #position = 0;

  // The fragment under the position: its bytes are window[position + shift].
  #window: Buffer = gathered;
  #shift = 0;
  #start = 0;
  #end = 0;
  #version: number;
  #listed: Listed[] = [];
  #fragmentsListed = 0;
  /** Index of the first entry of the last fragment in #listed. */
  #lastListed = 0;
  #next = 0;

  constructor(handle: Handle, wrap: (handle: Handle) => IoBuf) {
    this.#handle = handle;
    this.#wrap = wrap;
    this.#version = handle.version;
  }

  /** Bytes from the front of the chain. It may be saved and set back. Setting it past the end throws ERR_OUT_OF_BOUNDS. */
  get position(): number {
    return this.#position;
  }

  set position(position: number) {
    checkInteger('position', position);
    const { length } = this.#alive();
    if (position > length) throw outOfBounds('position', position, length);
    this.#position = position;
  }

  get remaining(): number {
    return Math.max(this.#alive().length - this.#position, 0);
  }

  /** True when `length` more bytes are there. */
  has(length: number): boolean {
    return this.remaining >= length;
  }

  skip(length: number): this {
    checkInteger('length', length);
    this.#need(length);
    this.#position += length;
    return this;
  }

  readUInt8(): number {
    const at = this.#locate(1);
    const value = this.#window[at]!;
    this.#position += 1;
    return value;
  }

  readUInt32BE(): number {
    const at = this.#locate(4);
    const value = at < 0 ? this.#gather(4).readUInt32BE(0) : this.#window.readUInt32BE(at);
    this.#position += 4;
    return value;
  }

  readUInt32LE(): number {
    const at = this.#locate(4);
    const value = at < 0 ? this.#gather(4).readUInt32LE(0) : this.#window.readUInt32LE(at);
    this.#position += 4;
    return value;
  }

  /**
   * An unsigned base-128 varint of at most 32 bits, as in protobuf and Kafka's compact types.
   *
   * @throws ERR_OUT_OF_BOUNDS when it is cut off; RangeError when it is longer or larger than 32 bits. The position stays.
   */
  readUVarint(): number {
    const start = this.#position;
    try {
      let value = 0;
      for (let shift = 0; shift < 35; shift += 7) {
        const byte = this.readUInt8();
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return checkedVarint(value);
      }
      throw overlong();
    } catch (error) {
      this.#position = start;
      throw error;
    }
  }

  /** `length` bytes as text (default utf8). Copies. */
  readString(length: number, encoding?: BufferEncoding): string {
    checkEncoding(encoding);
    return this.readBytes(length).toString(encoding);
  }

  /** A copy of `length` bytes in JavaScript's own memory. */
  readBytes(length: number): Buffer {
    checkInteger('length', length);
    this.#need(length);
    const copy = Buffer.allocUnsafeSlow(length);
    if (length > 0) native.copyOut(this.#handle.slot('IoBuf'), this.#position, copy);
    this.#position += length;
    return copy;
  }

  /** A chain of references to the next `length` bytes; no bytes move. O(fragments up to there). */
  share(length: number): IoBuf {
    checkInteger('length', length);
    this.#need(length);
    const shared = this.#handle.share(this.#position, length, 'IoBuf');
    this.#position += length;
    return this.#wrap(shared);
  }

  #alive(): Handle {
    this.#handle.slot('IoBuf');
    return this.#handle;
  }

  #need(length: number): void {
    const available = this.#alive().length - this.#position;
    if (length > available) throw outOfBounds('read', length, Math.max(available, 0));
  }

  /** Where the next `length` bytes lie in #window, or below 0 when they lie across fragments. */
  #locate(length: number): number {
    if (this.#version !== this.#handle.version) this.#forget();
    const position = this.#position;
    if (position < this.#start || position >= this.#end) {
      this.#need(length);
      this.#seek();
    }
    if (position + length <= this.#end) return position + this.#shift;
    this.#need(length);
    // Appending may have lengthened the fragment since it was listed; only the last one listed can have grown.
    if (this.#next < this.#listed.length) return -1;
    this.#next = this.#lastListed;
    this.#listMore();
    this.#seek();
    return position + length <= this.#end ? position + this.#shift : -1;
  }

  #gather(length: number): Buffer {
    native.copyOut(this.#handle.slot('IoBuf'), this.#position, gathered.subarray(0, length));
    return gathered;
  }

  #forget(): void {
    this.#listed = [];
    this.#fragmentsListed = 0;
    this.#lastListed = 0;
    this.#next = 0;
    this.#start = 0;
    this.#end = 0;
    this.#version = this.#handle.version;
  }

  /** Finds the fragment under the position, which is inside the chain. */
  #seek(): void {
    const position = this.#position;
    let at = this.#next;
    if (at > 0 && position < (this.#listed[at - 1]?.start ?? 0)) at = 0;
    for (; ; at++) {
      if (at === this.#listed.length) {
        at = this.#lastListed;
        this.#listMore();
      }
      const found = this.#listed[at]!;
      if (position >= found.end) continue;
      this.#show(found);
      this.#start = found.start;
      this.#end = found.end;
      this.#next = at + 1;
      return;
    }
  }

  /** Where views are copies, a fragment is copied once when the reader reaches it. */
  #show({ start, end, piece, offset }: Listed): void {
    const window = innerWindow(piece);
    this.#window = window ?? Buffer.allocUnsafeSlow(end - start);
    this.#shift = window === undefined ? -start : offset - start;
    if (window === undefined) native.copyOut(this.#handle.slot('IoBuf'), start, this.#window);
  }

  /** Goes on with the last fragment that was listed: bytes may have been appended to it since. */
  #listMore(): void {
    this.#listed.length = this.#lastListed;
    if (this.#fragmentsListed > 0) this.#fragmentsListed -= 1;
    const count = native.fragments(this.#handle.slot('IoBuf'), this.#fragmentsListed);
    let start = this.#listed.at(-1)?.end ?? 0;
    this.#fragmentsListed += count;
    for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) {
      this.#lastListed = this.#listed.length;
      start = this.#list(start, bodyWords[at]!, bodyWords[at + 1]!, bodyWords[at + 2]!);
    }
  }

  /** A fragment larger than a window is listed as several. */
  #list(start: number, piece: number, offset: number, length: number): number {
    while (length > 0) {
      const shown = Math.min(length, windowSize - offset);
      this.#listed.push({ start, end: start + shown, piece, offset });
      start += shown;
      length -= shown;
      piece += 1;
      offset = 0;
    }
    return start;
  }
}

function overlong(): RangeError {
  return Object.assign(new RangeError('this is no varint of at most 32 bits'), { code: 'ERR_OUT_OF_RANGE' });
}

function checkedVarint(value: number): number {
  if (value > 0xffff_ffff) throw overlong();
  return value;
}
