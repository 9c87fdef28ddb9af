// A chain of fragments behind a handle. Bytes are appended by copying, and from then on moved and shared.
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { constants, native } from './native.js';
import type { Bytes } from './bytes.js';
import { bytesOf, checkEncoding, checkInteger, checkOptions, checkUint64, invalidRange, invalidType, realLength } from './checks.js';
import { DMA_LENGTH_MAX, DmaBuffer, dmaHandle } from './dma-buffer.js';
import { check, outOfBounds } from './errors.js';
import { bodyWords, FRAGMENT_WORDS, fragmentsMax } from './exchange.js';
import { Handle, unusedHandle } from './handle.js';
import { hexdump } from './hexdump.js';
import { inspected } from './inspection.js';
import { clearInSlices, copyInSlices, crc32cInSlices, equalInSlices, xxhash64InSlices } from './iobuf-async.js';
import { byteAt, compareContent, contentLiesAt, endsWithContent, equalContent, findContent, needleOf } from './iobuf-content.js';
import type { Content } from './iobuf-content.js';
import { collect } from './iobuf-collector.js';
import type { ByteSource, CollectOptions } from './iobuf-collector.js';
import { IoBufReader } from './iobuf-reader.js';
import { IoBufSink } from './iobuf-sink.js';
import type { ChainHandler, SinkOptions } from './iobuf-sink.js';
import { IoBufReadable, webStreamOf } from './iobuf-source.js';
import type { ReadableOptions } from './iobuf-source.js';
import { writeChain } from './iobuf-writer.js';
import type { AnyWritable, WriteOptions } from './iobuf-writer.js';
import { findHandlesWith, NumberWriter } from './number-writer.js';
import { Placeholder } from './placeholder.js';
import { attempt } from './pressure.js';
import { checkSliceOptions } from './slices.js';
import type { SliceOptions } from './slices.js';
import { hide, hideBack, hideFront, showBehind, showFurtherBack, viewOf } from './views.js';
import { wrapBehind } from './wrapping.js';

const { fragmentSizeMax } = constants;

let wrapHandle: (handle: Handle) => IoBuf;
let handleOf: (buffer: IoBuf) => Handle;

/**
 * A ref-counted chain of fragments. `append` copies bytes in, `take` moves whole chains, `share` makes references; nothing
 * is ever flattened behind your back. Release it when done, or let `using` do it.
 *
 * @example
 * const message = new IoBuf().append('length-prefixed').append(payload);
 * const head = message.takeFront(4);
 * head.release(); message.release();
 */
export class IoBuf extends NumberWriter implements Iterable<Buffer> {
  readonly #handle: Handle;

  /** An empty chain. No memory is taken until bytes come. */
  constructor() {
    const handle = pending ?? new Handle();
    pending = undefined;
    super();
    this.#handle = handle;
  }

  static {
    wrapHandle = (handle) => {
      handle.markDma(false);
      pending = handle;
      return new IoBuf();
    };
    handleOf = (buffer) => buffer.#handle;
    findHandlesWith((writer) => (writer as IoBuf).#handle);
  }

  /**
   * A chain with a copy of `data`, and no more room than that needs. Costs as append.
   *
   * @throws ERR_OUT_OF_MEMORY
   */
  static from(data: string | Bytes, encoding?: BufferEncoding): IoBuf {
    const bytes = bytesFrom(data, encoding);
    const made = new IoBuf();
    try {
      made.#handle.fill(bytes);
      return made;
    } catch (error) {
      made.release();
      throw error;
    }
  }

  /**
   * A chain of one fragment that is the memory of `bytes` itself: nothing is copied. The memory stays until the last reference, on any
   * shard, is released, whatever becomes of the array, of its ArrayBuffer (which may be transferred) and of the thread that made
   * them. What is written into it meanwhile shows in the chain. A part of a large ArrayBuffer keeps all of it. Costs 0.2 to 0.4 µs, as
   * appending 4 KiB does, whatever the length; in workers of Node 20, which must be asked in a roundabout way, some 20 µs.
   *
   * Copied are bytes that cannot be kept: what `capabilities().wrapping` says, and in workers, when Node marks their
   * ArrayBuffer as untransferable (memory of other addons, which goes with its thread, and Buffer's own pool).
   *
   * @throws TypeError for anything but a Uint8Array, for a resizable, growable or detached buffer, and for a view of this package's memory:
   * take or share its owner; RangeError above 4 GiB - 1; ERR_OUT_OF_MEMORY
   * @example
   * socket.on('data', (chunk) => group.on(1).append(IoBuf.wrap(chunk)));
   */
  static wrap(bytes: Uint8Array): IoBuf {
    const made = new IoBuf();
    try {
      return made.wrap(bytes);
    } catch (error) {
      made.release();
      throw error;
    }
  }

  /** In bytes; 0 once released. No native call. */
  get length(): number {
    return this.#handle.released ? 0 : this.#handle.length;
  }

  /** 0 once released. No native call. */
  get fragmentCount(): number {
    return this.#handle.released ? 0 : this.#handle.fragmentCount;
  }

  get released(): boolean {
    return this.#handle.released;
  }

  /**
   * Copies `data` behind the end; strings in `encoding` (default utf8). What fits into the last fragment's slack is written
   * without a native call. Fragments grow from 512 bytes to 128 KiB.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been appended.
   */
  append(data: string | Bytes | IoBuf, encoding?: BufferEncoding): this {
    const handle = this.#handle;
    handle.slot('IoBuf');
    if (data instanceof Uint8Array) handle.append(data, realLength(data));
    else if (typeof data === 'string') this.#appendText(data, encoding);
    else if (data instanceof IoBuf) this.#appendChain(data.#handle);
    else {
      const bytes = bytesOf('data', data);
      handle.append(bytes, bytes.length);
    }
    return this;
  }

  #appendChain(source: Handle): void {
    const slot = this.#handle.slot('IoBuf');
    const from = source.slot('IoBuf');
    check(attempt(() => native.appendChain(slot, from), this.#handle, source));
  }

  /** Straight into the slack where that surely holds the text: a UTF-16 unit is three bytes at most, in any encoding. */
  #appendText(text: string, encoding: BufferEncoding | undefined): void {
    const handle = this.#handle;
    checkEncoding(encoding);
    const most = text.length * 3;
    const window = handle.slackFor(most) as TextBuffer | undefined;
    if (window === undefined) {
      const bytes = Buffer.from(text, encoding);
      handle.append(bytes, bytes.length);
    } else if (encoding === undefined) handle.publish(window.utf8Write(text, handle.slackStart, most));
    else handle.publish(window.write(text, handle.slackStart, most, encoding));
  }

  /**
   * Copies `data` in front; strings in `encoding` (default utf8). One native call; many small ones fill one fragment from its end
   * to its beginning. Only room that nobody else refers to is written: no share sees it. Positions count from the new front, also a
   * reader's.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been prepended.
   * @example
   * frame.prepend(header).prepend('magic');
   */
  prepend(data: string | Bytes | IoBuf, encoding?: BufferEncoding): this {
    const handle = this.#handle;
    const slot = handle.slot('IoBuf');
    const before = handle.length;
    if (data instanceof IoBuf) {
      const source = data.#handle.slot('IoBuf');
      check(attempt(() => native.prependChain(slot, source), handle, data.#handle));
    } else {
      const bytes = bytesFrom(data, encoding);
      check(attempt(() => native.prepend(slot, bytes), handle));
    }
    if (handle.shown !== undefined) showFurtherBack(handle, handle.length - before);
    handle.version++;
    return this;
  }

  /**
   * A hole of `length` bytes (1 … 128 KiB) at the end, in one piece and zeroed, to be written later. No native call where the slack
   * of the last fragment holds it; else a new fragment.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, RangeError for another length.
   * @example
   * const size = chain.reserve(4);
   * chain.append(payload);
   * size.bytes.writeUInt32BE(payload.length);
   */
  reserve(length: number): Placeholder {
    const handle = this.#handle;
    const slot = handle.slot('IoBuf');
    checkInteger('length', length, 1, fragmentSizeMax);
    const position = handle.length;
    const window = handle.slackFor(length);
    if (window === undefined) {
      check(attempt(() => native.reserve(slot, length), handle));
      return new Placeholder(handle, position, bodyWords[0]!, bodyWords[1]!, length);
    }
    const start = handle.slackStart;
    Uint8Array.prototype.fill.call(window, 0, start, start + length);
    handle.publish(length, 0);
    return new Placeholder(handle, position, handle.slackPiece, start, length);
  }

  /**
   * Copies everything into one fragment, unless it lies in one already, and returns a zero-copy view of it, which must not be used
   * after release(). The one thing that may need more than 128 KiB in one piece: then it counts in largeRequests.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then the chain is as it was; RangeError for more than a Buffer can hold.
   */
  coalesce(): Buffer {
    const handle = this.#handle;
    const slot = handle.slot('IoBuf');
    const { length } = handle;
    if (length > DMA_LENGTH_MAX) throw invalidRange('length', `at most ${DMA_LENGTH_MAX}`, length);
    if (handle.fragmentCount > 1) {
      check(attempt(() => native.coalesce(slot), handle));
      if (handle.shown !== undefined) hide(handle);
      handle.version++;
    }
    return length === 0 ? Buffer.alloc(0) : viewOf(handle, 0, handle.frontPiece, handle.frontOffset, length);
  }

  /**
   * Puts the memory of `bytes` itself behind the end, as IoBuf.wrap() does, without a chain in between.
   *
   * @throws as IoBuf.wrap(); ERR_RELEASED
   */
  wrap(bytes: Uint8Array): this {
    wrapBehind(this.#handle, bytes);
    return this;
  }

  /**
   * Moves all bytes of `source` behind the end, O(1): fragments are linked, not copied. The source is released. Fewer than
   * `copyBelow` bytes (default 0) are copied instead, where there is memory: many small pieces then make few fragments.
   *
   * @throws ERR_RELEASED; RangeError for a chain into itself.
   */
  take(source: IoBuf | DmaBuffer, options?: { copyBelow?: number }): this {
    if (!(source instanceof IoBuf) && !(source instanceof DmaBuffer)) throw invalidType('source', 'an IoBuf or a DmaBuffer', source);
    const copyBelow = options === undefined ? 0 : checkedCopyBelow(options);
    const handle = this.#handle;
    const slot = handle.slot('IoBuf');
    const from = source instanceof IoBuf ? source.#handle : dmaHandle(source);
    if (from === handle) throw invalidRange('source', 'another chain', 'the chain itself');
    const other = from.slot(source instanceof IoBuf ? 'IoBuf' : 'DmaBuffer');
    const { length } = handle;
    // Linking needs no memory: where there is none to copy into, it is the way.
    if (from.length < copyBelow && native.appendChain(slot, other) >= 0) {
      from.release();
      return this;
    }
    native.take(slot, other);
    if (from.shown !== undefined) showBehind(handle, length, from);
    from.forget();
    return this;
  }

  /**
   * Moves the first `length` bytes into a new chain; a fragment on the edge is shared. O(fragments moved); no bytes move.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY
   */
  takeFront(length: number): IoBuf {
    const slot = this.#handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > this.#handle.length) throw outOfBounds('takeFront', length, this.#handle.length);
    const taken = new Handle();
    taken.filled(attempt(() => native.takeFront(slot, length, taken.slot('IoBuf')), this.#handle));
    if (this.#handle.shown !== undefined) hideFront(this.#handle, length, taken);
    this.#handle.version++;
    return wrapHandle(taken);
  }

  /**
   * References to the bytes from `start` to `end`; no bytes move, and neither chain can see what is later appended to the other.
   * O(fragments up to `end`).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY
   */
  share(start = 0, end?: number): IoBuf {
    const [from, to] = this.#range('share', start, end);
    return wrapHandle(this.#handle.share(from, to - from, 'IoBuf'));
  }

  /**
   * Gives up the first `length` bytes. O(fragments given up).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   */
  trimFront(length: number): this {
    const slot = this.#handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > this.#handle.length) throw outOfBounds('trimFront', length, this.#handle.length);
    native.trimFront(slot, length);
    if (this.#handle.shown !== undefined) hideFront(this.#handle, length);
    this.#handle.version++;
    return this;
  }

  /** A zero-copy view of each fragment, front to back, as they lie when the iteration begins. */
  *[Symbol.iterator](): IterableIterator<Buffer> {
    const handle = this.#handle;
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

  /** Reads from the front without consuming. The reader sees later appends; trims and takes make its position count anew. */
  reader(): IoBufReader {
    this.#handle.slot('IoBuf');
    return new IoBufReader(this.#handle, wrapHandle);
  }

  /**
   * A copy of the bytes from `start` to `end` in JavaScript's own memory.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   */
  toBuffer(start = 0, end?: number): Buffer {
    const [from, to] = this.#range('toBuffer', start, end);
    const copy = Buffer.allocUnsafeSlow(to - from);
    if (copy.length > 0) native.copyOut(this.#handle.slot('IoBuf'), from, copy);
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
    const [from, to] = this.#range('copyTo', start, end);
    if (!ArrayBuffer.isView(target)) throw invalidType('target', 'a Uint8Array', target);
    const bytes = bytesOf('target', target);
    checkInteger('targetStart', targetStart);
    if (targetStart > bytes.length) throw outOfBounds('copyTo', targetStart, bytes.length);
    const length = Math.min(to - from, bytes.length - targetStart);
    if (length === 0) return 0;
    return native.copyOut(this.#handle.slot('IoBuf'), from, bytes.subarray(targetStart, targetStart + length));
  }

  /** CRC-32C of all bytes, continued from `seed`, the checksum of what came before. With the processor's instruction. */
  crc32c(seed = 0): number {
    const slot = this.#handle.slot('IoBuf');
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return native.crc32c(slot, seed);
  }

  /**
   * All bytes of `source` as one chain: each piece is copied once, when it comes. Pieces are views and buffers of bytes; strings
   * are refused, for only their source knows what bytes they were. Whatever goes wrong, the source is ended and nothing stays
   * behind.
   *
   * @throws TypeError for a piece that is not bytes; RangeError above `limit`; ERR_OUT_OF_MEMORY; the source's own errors; the
   * signal's reason.
   * @example
   * const body = await IoBuf.collect(request, { limit: 2 ** 20, signal: AbortSignal.timeout(1000) });
   */
  static collect(source: ByteSource, options?: CollectOptions): Promise<IoBuf> {
    return collect(source, options);
  }

  /**
   * A Writable that copies what is written to it once and hands it over as chains, which are the handler's to release. While the
   * handler's promise is pending the stream waits, and then hands over what has come meanwhile as one chain. What the handler
   * throws destroys the stream, and the chain it was given is released.
   *
   * @example
   * await pipeline(socket, IoBuf.sink(async (chain) => { await group.on(0).append(chain); }));
   */
  static sink(onData: ChainHandler, options?: SinkOptions): Writable {
    return new IoBufSink(onData, options);
  }

  /**
   * Hands the bytes as they are now over to `stream`, while it takes more, and resolves when it has called back for all of them.
   * The stream is not ended. The chain stays the caller's, to change or release at once: the writing has references of its own.
   * Calls for one Node stream keep their order. Sockets, file streams and http messages get the fragments as they lie, with no
   * copy; other streams get copies of at most 64 KiB, because they may keep a chunk for longer than they say, unless `zeroCopy`
   * promises that they do not.
   *
   * @throws what the stream fails with; ERR_CLOSED when it has been ended or destroyed before; ERR_RELEASED, ERR_OUT_OF_MEMORY;
   * the signal's reason.
   * @example
   * const written = answer.writeTo(socket);
   * answer.release();
   * await written;
   */
  writeTo(stream: AnyWritable, options?: WriteOptions): Promise<void> {
    return writeChain(this, stream, options);
  }

  /**
   * A Readable of the bytes as they are now. It has references of its own; chunks are copies, made when they are asked for. What
   * it holds is released as it is read, and when it is destroyed.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * await pipeline(chain.readable(), createGzip(), createWriteStream('chain.gz'));
   */
  readable(options?: ReadableOptions): Readable {
    return new IoBufReadable(this, options);
  }

  /** As readable(), for the web: a byte stream, which copies into the buffers of readers that bring some. Cancelling releases. */
  toWeb(): ReadableStream<Uint8Array> {
    return webStreamOf(this);
  }

  /**
   * Whether the same bytes are in `other`, whatever the fragments. O(1) when the lengths differ.
   *
   * @throws ERR_RELEASED, also when `other` is.
   */
  equals(other: IoBuf | Bytes): boolean {
    return equalContent(this.#handle, contentOf('other', other));
  }

  /**
   * The order of the bytes, as Buffer.compare: -1 when these come first, 1 when those of `other` do.
   *
   * @throws ERR_RELEASED, also when `other` is.
   */
  compare(other: IoBuf | Bytes): -1 | 0 | 1 {
    return compareContent(this.#handle, contentOf('other', other));
  }

  /**
   * Where a byte (0 to 255), a text (in `encoding`, default utf8) or some bytes come first, also across fragments; -1 when nowhere.
   * `from` and empty values are treated as Buffer.indexOf does; texts are found at any byte, in utf16le too. O(bytes searched).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY for a value of more than 4 KiB when the process has no memory of four times its size.
   */
  indexOf(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): number {
    return findContent(this.#handle, needleOf(value, encoding), from);
  }

  /** As indexOf, without where. */
  includes(value: number | string | Uint8Array, from = 0, encoding?: BufferEncoding): boolean {
    return this.indexOf(value, from, encoding) !== -1;
  }

  /** Whether the first bytes are these. @throws ERR_RELEASED, also when `value` is. */
  startsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return contentLiesAt(this.#handle, 0, wantedOf(value, encoding));
  }

  /** Whether the last bytes are these. O(fragments before them). @throws ERR_RELEASED, also when `value` is. */
  endsWith(value: string | Uint8Array | IoBuf, encoding?: BufferEncoding): boolean {
    return endsWithContent(this.#handle, wantedOf(value, encoding));
  }

  /** One byte, not copied; an `index` below 0 counts from the end, as in Array.at. O(fragments before it). */
  at(index: number): number | undefined {
    return byteAt(this.#handle, index);
  }

  /** XXH64 of all bytes. */
  xxhash64(seed = 0n): bigint {
    const slot = this.#handle.slot('IoBuf');
    checkUint64('seed', seed);
    return native.xxhash64(slot, seed);
  }

  /** The first `limit` bytes as a table for people: offset, hexadecimal, ASCII; the last line says how many were left out. */
  hexdump(limit = 256): string {
    checkInteger('limit', limit);
    return hexdump(this.toBuffer(0, Math.min(limit, this.length)), this.length);
  }

  /**
   * A chain with a copy of all bytes, in fragments of at most 128 KiB. A small share that is copied and released no longer keeps the
   * large buffer alive that it was made from.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   */
  copy(): IoBuf {
    this.#handle.slot('IoBuf');
    const copied = new IoBuf();
    try {
      return copied.append(this);
    } catch (error) {
      copied.release();
      throw error;
    }
  }

  /** Gives up all bytes; the chain can be appended to. O(fragments). @throws ERR_RELEASED */
  clear(): this {
    native.release(this.#handle.slot('IoBuf'));
    if (this.#handle.shown !== undefined) hide(this.#handle);
    this.#handle.version++;
    return this;
  }

  /**
   * Gives up the last `length` bytes. O(fragments).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   */
  trimBack(length: number): this {
    const slot = this.#handle.slot('IoBuf');
    checkInteger('length', length);
    const kept = this.#handle.length - length;
    if (kept < 0) throw outOfBounds('trimBack', length, this.#handle.length);
    native.trimBack(slot, length);
    if (this.#handle.shown !== undefined) hideBack(this.#handle, kept);
    this.#handle.version++;
    return this;
  }

  /**
   * As equals(), in slices of about 300 µs between which the event loop runs: for chains that are large or in many fragments. So are
   * the four below. All are about the bytes that are there when they are called: appends and shares meanwhile do not matter.
   *
   * @throws ERR_RELEASED when one is released meanwhile, ERR_CHANGED when one is trimmed, taken from or resized, the signal's reason
   */
  async equalsAsync(other: IoBuf | Bytes, options?: SliceOptions): Promise<boolean> {
    const signal = checkSliceOptions(options);
    return equalInSlices(this.#handle, contentOf('other', other), signal);
  }

  /** As crc32c(), in slices. */
  async crc32cAsync(seed = 0, options?: SliceOptions): Promise<number> {
    checkInteger('seed', seed, 0, 0xffff_ffff);
    return crc32cInSlices(this.#handle, seed, checkSliceOptions(options));
  }

  /** As xxhash64(), in slices. */
  async xxhash64Async(seed = 0n, options?: SliceOptions): Promise<bigint> {
    checkUint64('seed', seed);
    return xxhash64InSlices(this.#handle, seed, checkSliceOptions(options));
  }

  /** As copy(), in slices. */
  async copyAsync(options?: SliceOptions): Promise<IoBuf> {
    return wrapHandle(await copyInSlices(this.#handle, checkSliceOptions(options)));
  }

  /**
   * As clear(), in slices: the chain is empty at once and may be used or released, and the promise resolves when all memory has gone back. It
   * goes back as well when a signal stops the waiting.
   */
  async clearAsync(options?: SliceOptions): Promise<void> {
    return clearInSlices(this.#handle, checkSliceOptions(options));
  }

  /** Gives all references back, each to its home. Releasing twice is harmless. */
  release(): void {
    this.#handle.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Its shape and its first bytes; `home` is a list where the fragments are of several shards. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (this.released) return 'IoBuf { released }';
    const { length } = this;
    const homes = [...this.#homes()];
    const home = homes.length === 0 ? {} : { home: homes.length === 1 ? homes[0] : homes };
    return inspected('IoBuf', { length, fragments: this.fragmentCount, ...home }, length, (first) => this.toBuffer(0, first), depth, options);
  }

  #homes(): Set<number> {
    const slot = this.#handle.slot('IoBuf');
    const homes = new Set<number>();
    let seen = 0;
    const listFrom = (first: number): number => native.fragments(slot, first, fragmentsMax);
    for (let count = listFrom(0); count > 0; count = listFrom(seen)) {
      for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) homes.add(bodyWords[at + 3]!);
      seen += count;
    }
    return homes;
  }

  #range(what: string, start: number, end: number | undefined): [number, number] {
    this.#handle.slot('IoBuf');
    const { length } = this.#handle;
    const to = end ?? length;
    checkInteger('start', start);
    checkInteger('end', to);
    if (to > length || start > to) throw outOfBounds(what, Math.max(to, start), length);
    return [start, to];
  }
}

function contentOf(name: string, value: IoBuf | Bytes): Content {
  return value instanceof IoBuf ? handleOf(value) : bytesOf(name, value, 'an IoBuf, an ArrayBufferView or an ArrayBuffer');
}

function wantedOf(value: string | Uint8Array | IoBuf, encoding: BufferEncoding | undefined): Content {
  if (typeof value !== 'string') return contentOf('value', value);
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}

function bytesFrom(data: string | Bytes, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof data === 'string') {
    checkEncoding(encoding);
    return Buffer.from(data, encoding);
  }
  const bytes = bytesOf('data', data);
  realLength(bytes);
  return bytes;
}

/** The write that all others end in, without the choice of an encoding. */
type TextBuffer = Buffer & { utf8Write(text: string, start: number, most: number): number };

function checkedCopyBelow(options: { copyBelow?: number }): number {
  checkOptions('options', options);
  const { copyBelow = 0 } = options;
  checkInteger('options.copyBelow', copyBelow);
  return copyBelow;
}

/** What the next chain is made of, when it is not to be empty: keeps the constructor free of arguments. */
let pending: Handle | undefined;

export function iobufFrom(handle: Handle): IoBuf {
  return wrapHandle(handle);
}

export function iobufHandle(buffer: IoBuf): Handle {
  return handleOf(buffer);
}

/** See unusedHandle. */
export const unusedChain: IoBuf = wrapHandle(unusedHandle);
