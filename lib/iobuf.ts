// A chain of fragments behind a handle. Bytes are appended by copying, and from then on moved and shared. Here is what makes further
// chains, readers and streams; chain.ts says where the other verbs are.
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { native } from './native.js';
import type { Bytes } from './bytes.js';
import { bytesFrom } from './bytes-writer.js';
import { findHandlesWith, handleOf, rangeIn } from './chain.js';
import { checkInteger } from './checks.js';
import { ContentReader } from './content-reader.js';
import { outOfBounds } from './errors.js';
import { bodyWords, FRAGMENT_WORDS, fragmentsMax } from './exchange.js';
import { Handle, unusedHandle } from './handle.js';
import { inspected } from './inspection.js';
import { copyInSlices } from './iobuf-async.js';
import { collect } from './iobuf-collector.js';
import type { ByteSource, CollectOptions } from './iobuf-collector.js';
import { IoBufReader } from './iobuf-reader.js';
import { IoBufSink } from './iobuf-sink.js';
import type { ChainHandler, SinkOptions } from './iobuf-sink.js';
import { IoBufReadable, webStreamOf } from './iobuf-source.js';
import type { ReadableOptions } from './iobuf-source.js';
import { writeChain } from './iobuf-writer.js';
import type { AnyWritable, WriteOptions } from './iobuf-writer.js';
import { attempt } from './pressure.js';
import { checkSliceOptions } from './slices.js';
import type { SliceOptions } from './slices.js';
import { hideFront } from './views.js';

/** Runs no code of the caller's, whatever `value` is. */
export let isIobuf: (value: object) => value is IoBuf;

/**
 * A ref-counted chain of fragments. `append` copies bytes in, `take` moves whole chains, `share` makes references; nothing
 * is ever flattened behind your back. Release it when done, or let `using` do it.
 *
 * @example
 * using message = new IoBuf().appendUInt32BE(7).append('payload');
 * using head = message.takeFront(4);
 * message.toString(); // 'payload'
 */
export class IoBuf extends ContentReader implements Iterable<Buffer> {
  readonly #handle: Handle;

  /**
   * An empty chain. No memory is taken until bytes come: about 20 ns with its release.
   *
   * @throws ERR_OUT_OF_MEMORY when the shard cannot be attached.
   * @example
   * using chain = new IoBuf();
   * chain.length; // 0
   */
  constructor() {
    const handle = pending ?? new Handle();
    pending = undefined;
    super();
    this.#handle = handle;
  }

  static {
    findHandlesWith((chain) => (chain as IoBuf).#handle);
    isIobuf = (value): value is IoBuf => #handle in value;
  }

  /**
   * A chain with a copy of `data`, and no more room than that needs. Costs as append.
   *
   * @throws ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('6869', 'hex');
   * chain.toString(); // 'hi'
   */
  static from(data: string | Bytes, encoding?: BufferEncoding): IoBuf {
    const bytes = bytesFrom(data, encoding);
    const made = new IoBuf();
    try {
      handleOf(made).fill(bytes);
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
   * socket.on('data', (chunk: Buffer) => void group.on(1).append(7, IoBuf.wrap(chunk)));
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

  /**
   * All bytes of `source` as one chain: each piece is copied once, when it comes. Pieces are views and buffers of bytes; strings
   * are refused, for only their source knows what bytes they were. Whatever goes wrong, the source is ended and nothing stays
   * behind.
   *
   * @throws TypeError for a piece that is not bytes; RangeError above `limit`; ERR_OUT_OF_MEMORY; the source's own errors; the
   * signal's reason.
   * @example
   * using body = await IoBuf.collect(request, { limit: 2 ** 20, signal: AbortSignal.timeout(1000) });
   * body.toString(); // 'incoming'
   */
  static collect(source: ByteSource, options?: CollectOptions): Promise<IoBuf> {
    return collect(source, options);
  }

  /**
   * A Writable that copies what is written to it once and hands it over as chains, which are the handler's to release. While the
   * handler's promise is pending the stream waits, and then hands over what has come meanwhile as one chain. What the handler
   * throws destroys the stream, and the chain it was given is released.
   *
   * @throws TypeError and RangeError for arguments.
   * @example
   * await pipeline(request, IoBuf.sink(async (chain) => { await group.on(0).append(7, chain); }));
   */
  static sink(onData: ChainHandler, options?: SinkOptions): Writable {
    return new IoBufSink(onData, options);
  }

  /**
   * In bytes; 0 once released. O(1), no native call; throws nothing.
   *
   * @example
   * using chain = IoBuf.from('€');
   * chain.length; // 3
   */
  get length(): number {
    return this.#handle.released ? 0 : this.#handle.length;
  }

  /**
   * In how many pieces the bytes lie; 0 once released. O(1), no native call; throws nothing.
   *
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * chain.fragmentCount; // 2
   */
  get fragmentCount(): number {
    return this.#handle.released ? 0 : this.#handle.fragmentCount;
  }

  /**
   * True after release(), and once another chain or another shard has taken the bytes. O(1); throws nothing.
   *
   * @example
   * const chain = IoBuf.from('gone');
   * chain.release();
   * chain.released; // true
   */
  get released(): boolean {
    return this.#handle.released;
  }

  /**
   * Moves the first `length` bytes into a new chain; a fragment on the edge is shared. O(fragments moved); no bytes move.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('headbody');
   * using head = chain.takeFront(4);
   * [head, chain].map(String); // ['head', 'body']
   */
  takeFront(length: number): IoBuf {
    const handle = this.#handle;
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > handle.length) throw outOfBounds('takeFront', length, handle.length);
    const taken = new Handle();
    taken.filled(attempt(() => native.takeFront(slot, length, taken.slot('IoBuf')), handle));
    if (handle.shown !== undefined) hideFront(handle, length, taken);
    handle.version++;
    return iobufFrom(taken);
  }

  /**
   * References to the bytes from `start` to `end`; no bytes move, and neither chain can see what is later appended to the other.
   * O(fragments up to `end`).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('key=value');
   * using value = chain.share(4);
   * value.toString(); // 'value'
   */
  share(start = 0, end?: number): IoBuf {
    const handle = this.#handle;
    const [from, to] = rangeIn(handle, 'share', start, end);
    return iobufFrom(handle.share(from, to - from, 'IoBuf'));
  }

  /**
   * A chain with a copy of all bytes, in fragments of at most 128 KiB. A small share that is copied and released no longer keeps the
   * large buffer alive that it was made from.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using large = IoBuf.from('small part of a large chain');
   * using part = large.share(0, 5);
   * using small = part.copy();
   * small.toString(); // 'small'
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

  /**
   * As copy(), in slices. What was copied goes back when it fails.
   *
   * @throws as equalsAsync; ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('bytes');
   * using copied = await chain.copyAsync();
   * copied.equals(chain); // true
   */
  async copyAsync(options?: SliceOptions): Promise<IoBuf> {
    return iobufFrom(await copyInSlices(this.#handle, checkSliceOptions(options)));
  }

  /**
   * Reads from the front without consuming: references and views, no copies. The reader sees later appends; trims and takes make its
   * position count anew. O(1), no native call.
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = new IoBuf().appendUInt16BE(2).append('ok');
   * const reader = chain.reader();
   * reader.readString(reader.readUInt16BE()); // 'ok'
   */
  reader(): IoBufReader {
    const handle = this.#handle;
    handle.slot('IoBuf');
    return new IoBufReader(handle, iobufFrom);
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
   * using answer = IoBuf.from('HTTP/1.1 204 No Content\r\n\r\n');
   * await answer.writeTo(socket);
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
   * using chain = IoBuf.from('text');
   * await pipeline(chain.readable(), createGzip(), IoBuf.sink((zipped) => zipped.release()));
   */
  readable(options?: ReadableOptions): Readable {
    return new IoBufReadable(this, options);
  }

  /**
   * As readable(), for the web: a byte stream, which copies into the buffers of readers that bring some. Cancelling releases.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('text');
   * await new Response(chain.toWeb()).text(); // 'text'
   */
  toWeb(): ReadableStream<Uint8Array> {
    return webStreamOf(this);
  }

  /**
   * Gives all references back, each to its home: before the next allocation, or at the end of the turn. Afterwards every verb throws
   * ERR_RELEASED. O(fragments), mostly without a native call; releasing twice is harmless.
   *
   * @example
   * const chain = IoBuf.from('bytes');
   * chain.release();
   * chain.length; // 0
   */
  release(): void {
    this.#handle.release();
  }

  /** As release(), for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** Its shape and its first bytes; `home` is a list where the fragments are of several shards. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (this.released) return 'IoBuf { released }';
    const { length } = this;
    const homes = [...homesOf(this.#handle)];
    const home = homes.length === 0 ? {} : { home: homes.length === 1 ? homes[0] : homes };
    return inspected('IoBuf', { length, fragments: this.fragmentCount, ...home }, length, (first) => this.toBuffer(0, first), depth, options);
  }
}

function homesOf(handle: Handle): Set<number> {
  const slot = handle.slot('IoBuf');
  const homes = new Set<number>();
  let seen = 0;
  const listFrom = (first: number): number => native.fragments(slot, first, fragmentsMax);
  for (let count = listFrom(0); count > 0; count = listFrom(seen)) {
    for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) homes.add(bodyWords[at + 3]!);
    seen += count;
  }
  return homes;
}

/** What the next chain is made of, when it is not to be empty: keeps the constructor free of arguments. */
let pending: Handle | undefined;

/** A chain that is made of `handle`. */
export function iobufFrom(handle: Handle): IoBuf {
  handle.markDma(false);
  pending = handle;
  return new IoBuf();
}

export { handleOf as iobufHandle };

/** See unusedHandle. */
export const unusedChain: IoBuf = iobufFrom(unusedHandle);
