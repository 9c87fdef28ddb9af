// IoBuf, a chain of fragments. This file has the verbs that make other chains, readers and streams; chain.ts lists the files that have the
// other verbs. A chain belongs to the thread that made it, until it is sent to another shard.
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { native } from '../native/binding.js';
import type { Bytes } from '../base/bytes.js';
import { homesOf } from './adopt.js';
import { bytesFrom } from './append-bytes.js';
import { handleOf, rangeIn, setHandleGetter } from './chain.js';
import { checkInteger } from '../base/arguments.js';
import { Convert } from './convert.js';
import { outOfBounds } from '../base/errors.js';
import { Handle, hiddenClassKeeper } from '../buffer/handle.js';
import { inspected } from '../buffer/inspect.js';
import { copyInSlices } from './content-slices.js';
import { collect } from '../stream/collect.js';
import type { CollectOptions } from '../stream/collect.js';
import { IoBufReader } from './reader.js';
import { state } from './state.js';
import { ChainSink } from '../stream/sink.js';
import type { SinkOptions } from '../stream/sink.js';
import { IoBufReadable, webStreamOf } from '../stream/readable.js';
import type { ReadableOptions } from '../stream/readable.js';
import { writeChain } from '../stream/write-to.js';
import type { AnyWritable, WriteOptions } from '../stream/write-to.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { checkSliceOptions } from '../base/time-slices.js';
import type { SliceOptions } from '../base/time-slices.js';
import { uncloneable } from '../base/uncloneable.js';

/** Handler of IoBuf.sink(). It must release `chain`. When it returns a promise, the next chain comes after that promise has resolved. */
export type ChainHandler = (chain: IoBuf) => void | Promise<void>;

/**
 * Source of bytes for IoBuf.collect(): a stream of Node or of the web, a Connection, what DmaFile.chunks() returns, or another iterable of Uint8Arrays
 * or chains.
 */
export type ByteSource = AsyncIterable<Uint8Array | IoBuf> | Iterable<Uint8Array | IoBuf> | ReadableStream<Uint8Array>;

/** Returns true for an IoBuf. Runs no code of the user, even when `value` is a proxy or has getters. */
export function isIobuf(value: object): value is IoBuf {
  return state.hasHandle(value);
}

const CHAINS = {
  make: (): IoBuf => new IoBuf(),
  isChain: (piece: unknown): piece is IoBuf => typeof piece === 'object' && piece !== null && isIobuf(piece),
};

const UNCLONEABLE = uncloneable('IoBuf', 'clone chain.toBuffer(), or pass it to another shard as an argument of a call');

/**
 * A sequence of bytes in reference-counted fragments. `append` copies bytes into it, `take` moves the bytes of another chain into it, and
 * `share` makes a chain that refers to the same bytes. Fragments are joined into contiguous memory only by `coalesce`. Call `release()`
 * when the chain is not needed any more, or declare it with `using`.
 *
 * @example
 * using message = new IoBuf().appendUInt32BE(7).append('payload');
 * using head = message.takeFront(4);
 * message.toString(); // 'payload'
 */
export class IoBuf extends Convert implements Iterable<Buffer>, AsyncIterable<Buffer> {
  /** @internal */ readonly uncloneable = UNCLONEABLE;
  readonly #handle: Handle;

  /**
   * Creates an empty chain, which takes no slab memory until bytes are appended. Costs about 20 ns, together with its release.
   *
   * @throws ERR_OUT_OF_MEMORY when this thread has no shard yet and cannot get one.
   * @example
   * using chain = new IoBuf();
   * chain.length; // 0
   */
  constructor() {
    const handle = state.nextHandle ?? new Handle();
    state.nextHandle = undefined;
    super();
    this.#handle = handle;
  }

  static {
    setHandleGetter((chain) => (chain as IoBuf).#handle, (value) => #handle in value);
  }

  /**
   * Creates a chain with a copy of `data`, a text in `encoding` (default 'utf8') or bytes. Unlike append(), it allocates no more memory than
   * the bytes need. O(bytes).
   *
   * @throws ERR_OUT_OF_MEMORY; TypeError for data of another kind, or an unknown encoding.
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
   * Creates a chain of one fragment that refers to the memory of `bytes`; nothing is copied. The memory stays valid until the last reference
   * on any shard is released, even when the ArrayBuffer is transferred or the thread that made it ends. A later write into `bytes` changes
   * the chain. A fragment over a part of an ArrayBuffer keeps all of it alive. Costs 0.2 to 0.4 µs, whatever the length, and about 20 µs in
   * workers of Node 20.
   *
   * Two kinds of memory are copied instead: the kinds that `capabilities().wrapping` names, and, in workers, ArrayBuffers that Node marks as
   * untransferable (Buffer's own pool, and memory that another addon frees when the worker ends).
   *
   * @throws TypeError for anything but a Uint8Array, for a resizable, growable or detached buffer, and for a view of this package's memory
   * (take or share the chain or buffer that owns it); RangeError for more than 4 GiB - 1; ERR_OUT_OF_MEMORY
   * @example
   * socket.on('data', (chunk: Buffer) => void group.shard(1).append(7, IoBuf.wrap(chunk)));
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
   * Reads `source` to its end and resolves with one chain of all its bytes. A piece that is an ArrayBuffer or a view of one is copied once, when
   * it arrives. A piece that is a chain is taken: its bytes are moved, and it is released. Strings are refused, because their encoding is not
   * known. After a failure the source has been ended, and the bytes that were collected and the chain that came last have been released.
   *
   * @throws TypeError for a source or a piece of another kind; RangeError for more than `limit` bytes; ERR_OUT_OF_MEMORY; an error of the
   * source; the signal's reason.
   * @example
   * using body = await IoBuf.collect(request, { limit: 2 ** 20, signal: AbortSignal.timeout(1000) });
   * body.toString(); // 'incoming'
   */
  static collect(source: ByteSource, options?: CollectOptions): Promise<IoBuf> {
    return collect(CHAINS, source, options);
  }

  /**
   * Creates a Writable that copies each chunk once and passes the bytes to `onData` as chains. `onData` must release each chain. While its
   * promise is pending, the stream waits; the chunks that arrive meanwhile become one chain. When `onData` fails, the stream is destroyed
   * with that error, and the chain that it received is released.
   *
   * @throws TypeError, RangeError
   * @example
   * await pipeline(request, IoBuf.sink(async (chain) => { await group.shard(0).append(7, chain); }));
   */
  static sink(onData: ChainHandler, options?: SinkOptions): Writable {
    return new ChainSink(() => new IoBuf(), onData, options);
  }

  /**
   * Number of bytes in the chain; 0 after release(). O(1), no native call, never throws.
   *
   * @example
   * using chain = IoBuf.from('€');
   * chain.length; // 3
   */
  get length(): number {
    const handle = handleOf(this);
    return handle.released ? 0 : handle.length;
  }

  /**
   * Number of fragments in the chain; 0 after release(). O(1), no native call, never throws.
   *
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * chain.fragmentCount; // 2
   */
  get fragmentCount(): number {
    const handle = handleOf(this);
    return handle.released ? 0 : handle.fragmentCount;
  }

  /**
   * True after release(), after another chain has taken all bytes with take(), and after the chain was sent to another shard. O(1), no
   * native call, never throws.
   *
   * @example
   * const chain = IoBuf.from('gone');
   * chain.release();
   * chain.released; // true
   */
  get released(): boolean {
    return handleOf(this).released;
  }

  /**
   * Moves the first `length` bytes into a new chain. No byte is copied: whole fragments move, and a fragment that is cut is shared by both
   * chains. O(fragments moved).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_BOUNDS for more bytes than the chain has; ERR_OUT_OF_MEMORY; TypeError, RangeError
   * @example
   * using chain = IoBuf.from('headbody');
   * using head = chain.takeFront(4);
   * [head, chain].map(String); // ['head', 'body']
   */
  takeFront(length: number): IoBuf {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > handle.length) throw outOfBounds('takeFront: length', length, handle.length);
    const taken = new Handle();
    handle.endWatch('takeFront()');
    taken.filled(retryAfterReclaim(() => native.takeFront(slot, length, taken.slot('IoBuf')), handle));
    handle.shown?.endFront(length, taken);
    handle.version++;
    return iobufFrom(taken);
  }

  /**
   * Creates a chain that refers to the bytes from `start` (inclusive, default 0) to `end` (exclusive, default `length`). No byte is copied.
   * Bytes that are later appended to one chain are not in the other. O(fragments up to `end`).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY, TypeError, RangeError
   * @example
   * using chain = IoBuf.from('key=value');
   * using value = chain.share(4);
   * value.toString(); // 'value'
   */
  share(start = 0, end?: number): IoBuf {
    const handle = handleOf(this);
    const [from, to] = rangeIn(handle, 'share', start, end);
    return iobufFrom(handle.share(from, to - from, 'IoBuf'));
  }

  /**
   * Creates a chain with a copy of all bytes, in fragments of at most 128 KiB. A share keeps the whole buffer alive that it refers to; copy
   * a small share and release it, and the large buffer can be freed. O(bytes).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using large = IoBuf.from('small part of a large chain');
   * using part = large.share(0, 5);
   * using small = part.copy();
   * small.toString(); // 'small'
   */
  copy(): IoBuf {
    handleOf(this).assertLive('IoBuf');
    const copied = new IoBuf();
    try {
      return copied.append(this);
    } catch (error) {
      copied.release();
      throw error;
    }
  }

  /**
   * Does the work of copy() in slices (see equalsAsync). When it fails, the bytes that were copied so far are released.
   *
   * @throws the errors of equalsAsync(); ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('bytes');
   * using copied = await chain.copyAsync();
   * copied.equals(chain); // true
   */
  async copyAsync(options?: SliceOptions): Promise<IoBuf> {
    return iobufFrom(await copyInSlices(handleOf(this), checkSliceOptions(options)));
  }

  /**
   * Creates a reader at the first byte. Reading leaves the bytes in the chain. The reader can also read bytes that are appended later; after
   * trimFront(), takeFront() and prepend() its position counts from the new first byte. O(1), no native call.
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = new IoBuf().appendUInt16BE(2).append('ok');
   * const reader = chain.reader();
   * reader.readString(reader.readUInt16BE()); // 'ok'
   */
  reader(): IoBufReader {
    const handle = handleOf(this);
    handle.assertLive('IoBuf');
    return new IoBufReader(handle, iobufFrom);
  }

  /**
   * Writes the bytes that are in the chain now to `stream`, respects its backpressure, and resolves when the stream has called back for all
   * of them. The stream is not ended. The caller may change or release the chain at once, because the write has references of its own.
   * Calls for one Node stream keep their order. Sockets, file streams and http messages get views of the fragments, with no copy. Other
   * streams get copies of at most 64 KiB, because they may use a chunk after they called back; the option `zeroCopy` promises that the
   * stream does not, and then it gets views, too.
   *
   * @throws the error that the stream fails with; ERR_CLOSED when the stream has been ended or destroyed before; ERR_RELEASED,
   * ERR_OUT_OF_MEMORY; the signal's reason.
   * @example
   * using answer = IoBuf.from('HTTP/1.1 204 No Content\r\n\r\n');
   * await answer.writeTo(socket);
   */
  writeTo(stream: AnyWritable, options?: WriteOptions): Promise<void> {
    return writeChain(() => shareFor(this, 'writeTo()'), stream, options);
  }

  /**
   * Creates a Readable of the bytes that are in the chain now. It has references of its own, so the chain may be released at once. Each
   * chunk is a copy that is made when it is read. The references are released as the stream is read, and when it is destroyed.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('text');
   * await pipeline(chain.readable(), createGzip(), IoBuf.sink((zipped) => zipped.release()));
   */
  readable(options?: ReadableOptions): Readable {
    return new IoBufReadable(() => shareFor(this, 'readable()'), options);
  }

  /**
   * Creates a ReadableStream of the web for the bytes that are in the chain now, as readable() does for Node. It is a byte stream: a BYOB
   * reader gets the bytes copied into its own buffers. Cancelling the stream releases its references.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY
   * @example
   * using chain = IoBuf.from('text');
   * await new Response(chain.toWeb()).text(); // 'text'
   */
  toWeb(): ReadableStream<Uint8Array> {
    return webStreamOf(shareFor(this, 'toWeb()'));
  }

  /**
   * Releases all references. Each goes to its home before the next allocation of this thread, or at the end of the turn. Afterwards all
   * other methods throw ERR_RELEASED; another release() does nothing. O(fragments), mostly without a native call.
   *
   * @example
   * const chain = IoBuf.from('bytes');
   * chain.release();
   * chain.length; // 0
   */
  release(): void {
    handleOf(this).release();
  }

  /** Calls release(), at the end of a `using` declaration's block. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** Text for console.log(): length, fragments, home and the first bytes. `home` is a list when several shards own the fragments. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (this.released) return 'IoBuf { released }';
    const { length } = this;
    const homes = homesOf(handleOf(this));
    const home = homes.length === 0 ? {} : { home: homes.length === 1 ? homes[0] : homes };
    return inspected('IoBuf', { length, fragments: this.fragmentCount, ...home }, length, (first) => this.toBuffer(0, first), depth, options);
  }
}

/** Creates a chain with the bytes of `handle`. The handle reaches the constructor through `state`, because a parameter would be public. */
export function iobufFrom(handle: Handle): IoBuf {
  handle.markDma(false);
  state.nextHandle = handle;
  return new IoBuf();
}

/** A share of all bytes, for the method `verb`. */
function shareFor(chain: IoBuf, verb: string): IoBuf {
  const handle = handleOf(chain);
  return iobufFrom(handle.share(0, handle.length, 'IoBuf', verb));
}

export { handleOf as iobufHandle };

/** An object that stays alive, so that V8 keeps the hidden class of chains (hiddenClassKeeper says why). */
export const chainClassKeeper: IoBuf = iobufFrom(hiddenClassKeeper);
