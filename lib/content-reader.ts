// What is in a chain: shown, copied out, compared, searched and summed up.
import { native } from './native.js';
import type { Bytes } from './bytes.js';
import { Chain, handleOf, rangeIn } from './chain.js';
import { ChainTrimmer } from './chain-trimmer.js';
import { bytesOf, checkEncoding, checkInteger, checkUint64, invalidType, partOf, realLength } from './checks.js';
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

/** What IoBuf knows of its content: positions are in bytes from the front, whatever the fragments. */
export abstract class ContentReader extends ChainTrimmer {
  /**
   * A zero-copy view of each fragment, front to back, as they lie when the iteration begins; not to be used after release(). O(fragments).
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

  /**
   * One byte, not copied; an `index` below 0 counts from the end, as in Array.at. O(fragments before it).
   *
   * @throws ERR_RELEASED, RangeError for what is no whole number.
   * @example
   * using chain = IoBuf.from('abc');
   * chain.at(-1); // 99
   * chain.at(3); // undefined
   */
  at(index: number): number | undefined {
    return byteAt(handleOf(this), index);
  }

  /**
   * A copy of the bytes from `start` to `end` in JavaScript's own memory, which outlives the chain. O(bytes copied), and fragments before.
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
   * The bytes from `start` to `end` as text (default utf8); characters that lie across fragments come out whole. Copies them once: O(bytes).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, TypeError for an unknown encoding.
   * @example
   * using chain = IoBuf.from('€uro');
   * chain.toString('utf8', 0, 3); // '€'
   */
  override toString(encoding?: BufferEncoding, start = 0, end?: number): string {
    checkEncoding(encoding);
    return this.toBuffer(start, end).toString(encoding);
  }

  /**
   * Copies the bytes from `start` to `end`, as many as fit, into `target` from `targetStart` on; returns how many. In the ledger a
   * target in slab memory counts as 'copyTo', another as 'toBuffer'.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   * @example
   * using block = DmaBuffer.alloc(4096);
   * using chain = IoBuf.from('payload');
   * chain.copyTo(block.bytes, 512); // 7
   */
  copyTo(target: Uint8Array, targetStart = 0, start = 0, end?: number): number {
    const handle = handleOf(this);
    handle.slot('IoBuf');
    if (!ArrayBuffer.isView(target)) throw invalidType('target', 'a Uint8Array', target);
    const bytes = bytesOf('target', target);
    // After the getters of `target`, which may have done anything to the chain.
    const [from, to] = rangeIn(handle, 'copyTo', start, end);
    checkInteger('targetStart', targetStart);
    const room = realLength(bytes) - targetStart;
    if (room < 0) throw outOfBounds('copyTo', targetStart, room + targetStart);
    const length = Math.min(to - from, room);
    return length === 0 ? 0 : native.copyOut(handle.slot('IoBuf'), from, partOf(bytes, targetStart, length));
  }

  /**
   * Whether the same bytes are in `other`, whatever the fragments. O(1) when the lengths differ.
   *
   * @throws ERR_RELEASED, also when `other` is.
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * chain.equals(Buffer.from('onetwo')); // true
   */
  equals(other: IoBuf | Bytes): boolean {
    return equalContent(handleOf(this), contentOf('other', other));
  }

  /**
   * The order of the bytes, as Buffer.compare: -1 when these come first, 1 when those of `other` do.
   *
   * @throws ERR_RELEASED, also when `other` is.
   * @example
   * using chain = IoBuf.from('apple');
   * chain.compare(Buffer.from('pear')); // -1
   */
  compare(other: IoBuf | Bytes): -1 | 0 | 1 {
    return compareContent(handleOf(this), contentOf('other', other));
  }

  /**
   * Where a byte (0 to 255), a text (in `encoding`, default utf8) or some bytes come first, also across fragments; -1 when nowhere.
   * A `from` below 0 counts from the end, and empty values are found where Buffer.indexOf finds them; texts are found at any byte, in
   * utf16le too. O(bytes searched).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY for a value of more than 4 KiB when the process has no memory of four times its size.
   * @example
   * using chain = IoBuf.from('GET / HT').take(IoBuf.from('TP/1.1'));
   * chain.indexOf('HTTP'); // 6
   * chain.indexOf(0x0a); // -1
   */
  indexOf(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): number {
    return findContent(handleOf(this), needleOf(value, encoding), from);
  }

  /**
   * As indexOf, without where. O(bytes searched); nothing is copied but a text that is looked for.
   *
   * @throws as indexOf
   * @example
   * using chain = IoBuf.from('a needle in hay');
   * chain.includes('needle'); // true
   */
  includes(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): boolean {
    return this.indexOf(value, from, encoding) !== -1;
  }

  /**
   * Whether the first bytes are these; a text in `encoding` (default utf8). O(bytes compared); no bytes of the chain are copied.
   *
   * @throws ERR_RELEASED, also when `value` is.
   * @example
   * using chain = IoBuf.from('PUT /');
   * chain.startsWith('PUT'); // true
   */
  startsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return contentLiesAt(handleOf(this), 0, wantedOf(value, encoding));
  }

  /**
   * Whether the last bytes are these; a text in `encoding` (default utf8). O(fragments before them, bytes compared).
   *
   * @throws ERR_RELEASED, also when `value` is.
   * @example
   * using chain = IoBuf.from('text\r\n');
   * chain.endsWith('\r\n'); // true
   */
  endsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return endsWithContent(handleOf(this), wantedOf(value, encoding));
  }

  /**
   * CRC-32C of all bytes (Castagnoli; 0 … 2^32 - 1), continued from `seed`, the checksum of what came before. O(bytes), with the
   * processor's instruction; nothing is copied.
   *
   * @throws ERR_RELEASED, TypeError and RangeError for a seed.
   * @example
   * using chain = IoBuf.from('123456789');
   * chain.crc32c(); // 0xe3069283
   */
  crc32c(seed = 0): number {
    const slot = handleOf(this).slot('IoBuf');
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return native.crc32c(slot, seed);
  }

  /**
   * XXH64 of all bytes, with `seed` (0n … 2n ** 64n - 1n). O(bytes); nothing is copied.
   *
   * @throws ERR_RELEASED, TypeError and RangeError for a seed.
   * @example
   * using chain = new IoBuf();
   * chain.xxhash64(); // 0xef46db3751d8e999n
   */
  xxhash64(seed = 0n): bigint {
    const slot = handleOf(this).slot('IoBuf');
    checkUint64('seed', seed);
    return native.xxhash64(slot, seed);
  }

  /**
   * As equals(), in slices of about 300 µs between which the event loop runs: for chains that are large or in many fragments. The
   * same goes for the others whose names end in Async. All are about the bytes that are there when they are called: appends and
   * shares meanwhile do not matter.
   *
   * @throws ERR_RELEASED when one is released meanwhile, ERR_CHANGED when one is trimmed, taken from or resized, the signal's reason
   * @example
   * using chain = IoBuf.from('abc');
   * await chain.equalsAsync(Buffer.from('abc'), { signal: AbortSignal.timeout(1000) }); // true
   */
  async equalsAsync(other: IoBuf | Bytes, options?: SliceOptions): Promise<boolean> {
    const signal = checkSliceOptions(options);
    return equalInSlices(handleOf(this), contentOf('other', other), signal);
  }

  /**
   * As crc32c(), in slices.
   *
   * @throws as equalsAsync; TypeError and RangeError for a seed.
   * @example
   * using chain = IoBuf.from('123456789');
   * await chain.crc32cAsync(); // 0xe3069283
   */
  async crc32cAsync(seed = 0, options?: SliceOptions): Promise<number> {
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return crc32cInSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /**
   * As xxhash64(), in slices.
   *
   * @throws as equalsAsync; TypeError and RangeError for a seed.
   * @example
   * using chain = IoBuf.from('abc');
   * (await chain.xxhash64Async()) === chain.xxhash64(); // true
   */
  async xxhash64Async(seed = 0n, options?: SliceOptions): Promise<bigint> {
    checkUint64('seed', seed);
    return xxhash64InSlices(handleOf(this), seed, checkSliceOptions(options));
  }

  /**
   * The first `limit` bytes as a table for people: offset, hexadecimal, ASCII; the last line says how many were left out.
   *
   * @throws ERR_RELEASED, RangeError
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

function contentOf(name: string, value: IoBuf | Bytes): Content {
  return value instanceof Chain ? handleOf(value) : bytesOf(name, value, 'an IoBuf, an ArrayBufferView or an ArrayBuffer');
}

function wantedOf(value: string | Uint8Array | IoBuf, encoding: BufferEncoding | undefined): Content {
  if (typeof value !== 'string') return contentOf('value', value);
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}
