// What is in a chain: shown, copied out, compared, searched and summed up.
import { native } from './native.js';
import type { Bytes } from './bytes.js';
import { Chain, handleOf, rangeIn } from './chain.js';
import { ChainTrimmer } from './chain-trimmer.js';
import { bytesOf, checkEncoding, checkInteger, checkUint64, invalidType } from './checks.js';
import { outOfBounds } from './errors.js';
import { bodyWords, FRAGMENT_WORDS, fragmentsMax } from './exchange.js';
import { hexdump } from './hexdump.js';
import type { IoBuf } from './iobuf.js';
import { crc32cInSlices, equalInSlices, xxhash64InSlices } from './iobuf-async.js';
import { byteAt, compareContent, contentLiesAt, endsWithContent, equalContent, findContent, needleOf } from './iobuf-content.js';
import type { Content } from './iobuf-content.js';
import { checkSliceOptions } from './slices.js';
import type { SliceOptions } from './slices.js';
import { viewOf } from './views.js';

export abstract class ContentReader extends ChainTrimmer {
  /** A zero-copy view of each fragment, front to back, as they lie when the iteration begins. */
  *[Symbol.iterator](): IterableIterator<Buffer> {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    const views: Buffer[] = [];
    let position = 0;
    const listFrom = (first: number): number => native.fragments(slot, first, fragmentsMax);
    for (let count = listFrom(0); count > 0; count = listFrom(views.length)) {
      for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) {
        const length = bodyWords[at + 2]!;
        views.push(viewOf(handle, position, bodyWords[at]!, bodyWords[at + 1]!, length));
        position += length;
      }
    }
    yield* views;
  }

  /** One byte, not copied; an `index` below 0 counts from the end, as in Array.at. O(fragments before it). */
  at(index: number): number | undefined {
    return byteAt(handleOf(this), index);
  }

  /**
   * A copy of the bytes from `start` to `end` in JavaScript's own memory.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   */
  toBuffer(start = 0, end?: number): Buffer {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'toBuffer', start, end);
    const copy = Buffer.allocUnsafeSlow(to - from);
    if (copy.length > 0) native.copyOut(handle.slot('IoBuf'), from, copy);
    return copy;
  }

  /** The bytes from `start` to `end` as text (default utf8); characters that lie across fragments come out whole. Copies. */
  override toString(encoding?: BufferEncoding, start = 0, end?: number): string {
    checkEncoding(encoding);
    return this.toBuffer(start, end).toString(encoding);
  }

  /**
   * Copies the bytes from `start` to `end`, as many as fit, into `target` from `targetStart` on; returns how many. In the ledger a
   * target in slab memory counts as 'copyTo', another as 'toBuffer'.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   */
  copyTo(target: Uint8Array, targetStart = 0, start = 0, end?: number): number {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'copyTo', start, end);
    if (!ArrayBuffer.isView(target)) throw invalidType('target', 'a Uint8Array', target);
    const bytes = bytesOf('target', target);
    checkInteger('targetStart', targetStart);
    if (targetStart > bytes.length) throw outOfBounds('copyTo', targetStart, bytes.length);
    const length = Math.min(to - from, bytes.length - targetStart);
    if (length === 0) return 0;
    return native.copyOut(handle.slot('IoBuf'), from, bytes.subarray(targetStart, targetStart + length));
  }

  /**
   * Whether the same bytes are in `other`, whatever the fragments. O(1) when the lengths differ.
   *
   * @throws ERR_RELEASED, also when `other` is.
   */
  equals(other: IoBuf | Bytes): boolean {
    return equalContent(handleOf(this), contentOf('other', other));
  }

  /**
   * The order of the bytes, as Buffer.compare: -1 when these come first, 1 when those of `other` do.
   *
   * @throws ERR_RELEASED, also when `other` is.
   */
  compare(other: IoBuf | Bytes): -1 | 0 | 1 {
    return compareContent(handleOf(this), contentOf('other', other));
  }

  /**
   * Where a byte (0 to 255), a text (in `encoding`, default utf8) or some bytes come first, also across fragments; -1 when nowhere.
   * `from` and empty values are treated as Buffer.indexOf does; texts are found at any byte, in utf16le too. O(bytes searched).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY for a value of more than 4 KiB when the process has no memory of four times its size.
   */
  indexOf(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): number {
    return findContent(handleOf(this), needleOf(value, encoding), from);
  }

  /** As indexOf, without where. */
  includes(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): boolean {
    return this.indexOf(value, from, encoding) !== -1;
  }

  /** Whether the first bytes are these. @throws ERR_RELEASED, also when `value` is. */
  startsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return contentLiesAt(handleOf(this), 0, wantedOf(value, encoding));
  }

  /** Whether the last bytes are these. O(fragments before them). @throws ERR_RELEASED, also when `value` is. */
  endsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return endsWithContent(handleOf(this), wantedOf(value, encoding));
  }

  /** CRC-32C of all bytes, continued from `seed`, the checksum of what came before. With the processor's instruction. */
  crc32c(seed = 0): number {
    const slot = handleOf(this).slot('IoBuf');
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return native.crc32c(slot, seed);
  }

  /** XXH64 of all bytes. */
  xxhash64(seed = 0n): bigint {
    const slot = handleOf(this).slot('IoBuf');
    checkUint64('seed', seed);
    return native.xxhash64(slot, seed);
  }

  /**
   * As equals(), in slices of about 300 µs between which the event loop runs: for chains that are large or in many fragments. So are
   * the four below. All are about the bytes that are there when they are called: appends and shares meanwhile do not matter.
   *
   * @throws ERR_RELEASED when one is released meanwhile, ERR_CHANGED when one is trimmed, taken from or resized, the signal's reason
   */
  async equalsAsync(other: IoBuf | Bytes, options?: SliceOptions): Promise<boolean> {
    const signal = checkSliceOptions(options);
    return equalInSlices(handleOf(this), contentOf('other', other), signal);
  }

  /** As crc32c(), in slices. */
  async crc32cAsync(seed = 0, options?: SliceOptions): Promise<number> {
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return crc32cInSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /** As xxhash64(), in slices. */
  async xxhash64Async(seed = 0n, options?: SliceOptions): Promise<bigint> {
    checkUint64('seed', seed);
    return xxhash64InSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /** The first `limit` bytes as a table for people: offset, hexadecimal, ASCII; the last line says how many were left out. */
  hexdump(limit = 256): string {
    checkInteger('limit', limit);
    const { length } = handleOf(this);
    return hexdump(this.toBuffer(0, Math.min(limit, length)), length);
  }
}

function contentOf(name: string, value: IoBuf | Bytes): Content {
  return value instanceof Chain ? handleOf(value) : bytesOf(name, value, 'an IoBuf, an ArrayBufferView or an ArrayBuffer');
}

function wantedOf(value: string | Uint8Array | IoBuf, encoding: BufferEncoding | undefined): Content {
  if (typeof value !== 'string') return contentOf('value', value);
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}
