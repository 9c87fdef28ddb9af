// The verbs of IoBuf that read its bytes: they show, copy, compare, search and checksum them. The functions behind them are in
// content-search.ts and, for the verbs that end in Async, in content-slices.ts.
import { native } from '../native/binding.js';
import type { Bytes } from '../base/bytes.js';
import { Chain, handleOf, rangeIn } from './chain.js';
import { Adopt } from './adopt.js';
import { checkEncoding, checkInteger, checkUint64, invalidType } from '../base/arguments.js';
import { bytesOf, partOf, realLength } from '../base/bytes.js';
import { outOfBounds } from '../base/errors.js';
import { visitFragments } from '../buffer/fragments.js';
import type { IoBuf } from './iobuf.js';
import { crc32cInSlices, equalInSlices, xxhash64InSlices } from './content-slices.js';
import { byteAt, compareContent, contentLiesAt, endsWithContent, equalContent, findContent, needleOf } from './content-search.js';
import type { Content } from './content-search.js';
import { checkSliceOptions } from '../base/time-slices.js';
import type { SliceOptions } from '../base/time-slices.js';
import { hexdump } from '../buffer/inspect.js';
import type { Handle } from '../buffer/handle.js';
import { viewOf } from '../buffer/views.js';

/** Methods of IoBuf that read its bytes. Positions are in bytes from the first byte; where fragments begin does not matter. */
export abstract class ReadContent extends Adopt {
  /**
   * Iterates over zero-copy views, one for each fragment that the chain has when the iteration begins, first to last. Do not use a view after
   * release(). O(fragments).
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * [...chain].map(String); // ['one', 'two']
   */
  *[Symbol.iterator](): IterableIterator<Buffer> {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    const views: Buffer[] = [];
    let position = 0;
    visitFragments(slot, (region, offset, length, _home, before, windowLength) => {
      views.push(viewOf(handle, position, region, offset, length, before, windowLength));
      position += length;
    });
    yield* views;
  }

  /**
   * Returns the byte at `index`, or undefined when there is none. An `index` below 0 counts from the end, as in Array.at().
   * O(fragments before it).
   *
   * @throws ERR_RELEASED; TypeError, and RangeError for a number that is not whole.
   * @example
   * using chain = IoBuf.from('abc');
   * chain.at(-1); // 99
   * chain.at(3); // undefined
   */
  at(index: number): number | undefined {
    return byteAt(handleOf(this), index);
  }

  /**
   * Copies the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`) into a new Buffer outside of slab memory,
   * which stays valid after release(). O(bytes copied + fragments before them).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, TypeError, RangeError
   * @example
   * using chain = IoBuf.from('header:body');
   * chain.toBuffer(7).equals(Buffer.from('body')); // true
   */
  toBuffer(start = 0, end?: number): Buffer {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'toBuffer', start, end);
    const copy = Buffer.allocUnsafeSlow(to - from);
    if (copy.length > 0) native.copyOut(handle.slot('IoBuf'), from, copy);
    return copy;
  }

  /**
   * Decodes the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`) as text in `encoding` (default 'utf8').
   * Characters that lie across fragments are decoded correctly. O(bytes); they are copied once.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, RangeError; TypeError, also for an unknown encoding.
   * @example
   * using chain = IoBuf.from('€uro');
   * chain.toString('utf8', 0, 3); // '€'
   */
  override toString(encoding?: BufferEncoding, start = 0, end?: number): string {
    checkEncoding(encoding);
    return this.toBuffer(start, end).toString(encoding);
  }

  /**
   * Copies the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`) into `target`, from index `targetStart` on, as
   * many as fit there. Returns the number of bytes copied. O(bytes). The ledger counts them as 'copyTo' when `target` is slab memory, and
   * otherwise as 'toBuffer'.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_BOUNDS when `end` or `targetStart` is too large; TypeError, RangeError
   * @example
   * using block = DmaBuffer.alloc(4096);
   * using chain = IoBuf.from('payload');
   * chain.copyTo(block.bytes, 512); // 7
   */
  copyTo(target: Uint8Array, targetStart = 0, start = 0, end?: number): number {
    const handle = handleOf(this);
    handle.assertLive('IoBuf');
    if (!ArrayBuffer.isView(target)) throw invalidType('target', 'a Uint8Array', target);
    const bytes = bytesOf('target', target);
    // Checked only now, because getters of `target` may have changed the chain.
    const [from, to] = rangeIn(handle, 'copyTo', start, end);
    checkInteger('targetStart', targetStart);
    const room = realLength(bytes, 'target') - targetStart;
    if (room < 0) throw outOfBounds('copyTo: targetStart', targetStart, room + targetStart);
    const length = Math.min(to - from, room);
    return length === 0 ? 0 : native.copyOut(handle.slot('IoBuf'), from, partOf(bytes, targetStart, length));
  }

  /**
   * Returns whether `other` has the same bytes. Where fragments begin does not matter. O(bytes); O(1) when the lengths differ.
   *
   * @throws ERR_RELEASED when this chain or `other` is released; TypeError for an `other` without bytes.
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * chain.equals(Buffer.from('onetwo')); // true
   */
  equals(other: IoBuf | Bytes): boolean {
    return equalContent(handleOf(this), contentOf('other', other));
  }

  /**
   * Compares the bytes with those of `other` in the order of Buffer.compare(). Returns -1 when this chain sorts first, 1 when `other` does,
   * and 0 when they are equal. O(bytes up to the first difference).
   *
   * @throws ERR_RELEASED when this chain or `other` is released; TypeError for an `other` without bytes.
   * @example
   * using chain = IoBuf.from('apple');
   * chain.compare(Buffer.from('pear')); // -1
   */
  compare(other: IoBuf | Bytes): -1 | 0 | 1 {
    return compareContent(handleOf(this), contentOf('other', other));
  }

  /**
   * Returns the position of the first byte of the first match at or after `from` (default 0), or -1. `value` is a byte (0 to 255), a text in
   * `encoding` (default 'utf8') or bytes. Matches across fragments are found. `from` below 0 counts from the end, and an empty `value` is
   * found where Buffer.indexOf() finds it. Unlike there, a text in 'utf16le' is also found at odd positions. O(bytes searched).
   *
   * @throws ERR_RELEASED; TypeError, RangeError; ERR_OUT_OF_MEMORY for a `value` above 4 KiB when the process cannot allocate four times its
   * length.
   * @example
   * using chain = IoBuf.from('GET / HT').take(IoBuf.from('TP/1.1'));
   * chain.indexOf('HTTP'); // 6
   * chain.indexOf(0x0a); // -1
   */
  indexOf(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): number {
    return findContent(handleOf(this), needleOf(value, encoding), from);
  }

  /**
   * Returns whether indexOf() finds `value`. O(bytes searched).
   *
   * @throws the errors of indexOf()
   * @example
   * using chain = IoBuf.from('a needle in hay');
   * chain.includes('needle'); // true
   */
  includes(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): boolean {
    return this.indexOf(value, from, encoding) !== -1;
  }

  /**
   * Returns whether the chain begins with `value`: a text in `encoding` (default 'utf8'), bytes or another chain. O(bytes compared); no byte
   * of the chain is copied.
   *
   * @throws ERR_RELEASED when this chain or `value` is released; TypeError
   * @example
   * using chain = IoBuf.from('PUT /');
   * chain.startsWith('PUT'); // true
   */
  startsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return contentLiesAt(handleOf(this), 0, wantedOf(value, encoding));
  }

  /**
   * Returns whether the chain ends with `value`: a text in `encoding` (default 'utf8'), bytes or another chain. O(bytes compared + fragments
   * before them); no byte of the chain is copied.
   *
   * @throws ERR_RELEASED when this chain or `value` is released; TypeError
   * @example
   * using chain = IoBuf.from('text\r\n');
   * chain.endsWith('\r\n'); // true
   */
  endsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return endsWithContent(handleOf(this), wantedOf(value, encoding));
  }

  /**
   * Computes CRC-32C (Castagnoli, RFC 3720) of the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`): 0 to
   * 2^32 - 1. `seed` (default 0) is the checksum of the bytes before them, so that a checksum can be continued. O(bytes), with the
   * processor's instruction where it has one; nothing is copied.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS; ERR_OUT_OF_MEMORY, only for a part of the chain; TypeError, RangeError
   * @example
   * using chain = IoBuf.from('123456789');
   * chain.crc32c(); // 0xe3069283
   */
  crc32c(seed = 0, start = 0, end?: number): number {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'crc32c', start, end);
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return inPart(handle, from, to, (slot) => native.crc32c(slot, seed));
  }

  /**
   * Computes XXH64 of the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`), with `seed` (0n to
   * 2n ** 64n - 1n, default 0n). O(bytes); nothing is copied.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS; ERR_OUT_OF_MEMORY, only for a part of the chain; TypeError, RangeError
   * @example
   * using chain = new IoBuf();
   * chain.xxhash64(); // 0xef46db3751d8e999n
   */
  xxhash64(seed = 0n, start = 0, end?: number): bigint {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'xxhash64', start, end);
    checkUint64('seed', seed);
    return inPart(handle, from, to, (slot) => native.xxhash64(slot, seed));
  }

  /**
   * Does the work of equals() in slices of about 300 µs, between which the event loop runs. Use it for chains that are large or have many
   * fragments. All methods whose names end in Async work in this way. They work on the bytes that are there at the call; the chain may be
   * appended to and shared meanwhile.
   *
   * @throws ERR_RELEASED, also when this chain or `other` is released meanwhile; ERR_CHANGED when one of them is trimmed, taken from or
   * resized meanwhile; TypeError; the signal's reason.
   * @example
   * using chain = IoBuf.from('abc');
   * await chain.equalsAsync(Buffer.from('abc'), { signal: AbortSignal.timeout(1000) }); // true
   */
  async equalsAsync(other: IoBuf | Bytes, options?: SliceOptions): Promise<boolean> {
    const signal = checkSliceOptions(options);
    return equalInSlices(handleOf(this), contentOf('other', other), signal);
  }

  /**
   * Computes crc32c(seed) of all bytes in slices (see equalsAsync).
   *
   * @throws the errors of equalsAsync(); RangeError
   * @example
   * using chain = IoBuf.from('123456789');
   * await chain.crc32cAsync(); // 0xe3069283
   */
  async crc32cAsync(seed = 0, options?: SliceOptions): Promise<number> {
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return crc32cInSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /**
   * Computes xxhash64(seed) of all bytes in slices (see equalsAsync).
   *
   * @throws the errors of equalsAsync(); RangeError
   * @example
   * using chain = IoBuf.from('abc');
   * (await chain.xxhash64Async()) === chain.xxhash64(); // true
   */
  async xxhash64Async(seed = 0n, options?: SliceOptions): Promise<bigint> {
    checkUint64('seed', seed);
    return xxhash64InSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /**
   * Formats the first `limit` bytes (default 256) as `hexdump -C` does: sixteen bytes a line, with their offset, in hexadecimal and in ASCII.
   * A last line gives the number of bytes that were left out. O(limit).
   *
   * @throws ERR_RELEASED, TypeError, RangeError
   * @example
   * using chain = IoBuf.from('abc');
   * chain.hexdump().includes('61 62 63'); // true
   */
  hexdump(limit = 256): string {
    checkInteger('limit', limit);
    const { length } = handleOf(this);
    return hexdump(this.toBuffer(0, Math.min(limit, length)), length);
  }
}

/** Calls `use`, which reads, with the slot of a chain that has exactly the bytes from `start` to `end`. @throws ERR_OUT_OF_MEMORY */
function inPart<T>(handle: Handle, start: number, end: number, use: (slot: number) => T): T {
  if (start === 0 && end === handle.length) return use(handle.slot('IoBuf'));
  return handle.keepIntact(() => {
    const part = handle.share(start, end - start, 'IoBuf');
    try {
      return use(part.slot('IoBuf'));
    } finally {
      part.release();
    }
  });
}

function contentOf(name: string, value: IoBuf | Bytes): Content {
  if (value instanceof Chain) return handleOf(value);
  const bytes = bytesOf(name, value, 'an IoBuf, an ArrayBufferView or an ArrayBuffer');
  realLength(bytes, name);
  return bytes;
}

function wantedOf(value: string | Uint8Array | IoBuf, encoding: BufferEncoding | undefined): Content {
  if (typeof value !== 'string') return contentOf('value', value);
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}
