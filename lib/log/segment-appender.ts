// The end of a log: bytes of any length are copied into chunks of aligned memory, which are written in the background; one sync makes
// the bytes of many callers durable. (The model is Redpanda's segment_appender.)
//
//   0 ───────── durable ───────── written ───────── position          end of the file
//   │ survives a crash │ in the file      │ in memory      │ zeros until close()  │
//
// Blocks are written whole: the last one is padded with zeros, and written again when it has grown.
import type { Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { checkInteger, illegalConstructor, invalidRange, invalidType } from '../base/arguments.js';
import type { Bytes } from '../base/bytes.js';
import { realLength } from '../base/bytes.js';
import { CorebufError, ioError } from '../base/errors.js';
import { DmaFile, openFileOf } from '../io/dma-file.js';
import { EINVAL } from '../io/errno.js';
import { forgotten } from '../io/forgotten.js';
import { pathOf, syncFolderOf } from '../io/open.js';
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { DISK_BLOCK } from './disk-block.js';
import { LogWriter } from './log-writer.js';
import { checkAppenderOptions } from './options.js';
import type { AppenderOptions, AppenderStats, CheckedOptions } from './options.js';
import { sourceOf } from './source.js';
import { readPartialBlock } from './unfinished-block.js';
import { AppenderWritable } from './writable.js';
import { uncloneable } from '../base/uncloneable.js';

/**
 * Appends any bytes to a file. A small record costs one copy into aligned memory and no native call; full chunks are written in the
 * background. Bytes are durable when a flush() or close() that was called after the append has resolved, not before.
 *
 * While it is open, the file is longer than `position`: blocks are padded, and space is allocated ahead. The bytes behind `position` read
 * as zeros. close() cuts them off; after a crash they are still there. A program that opens a log after a crash must therefore find the end
 * of the last whole record, which its record format must allow, and pass that end as `position`.
 *
 * After a write or a sync has failed, every call fails with the same error, because it is unknown which of the bytes that were not durable
 * the disk holds. A file has one appender at a time (`lock`).
 *
 * @example
 * const log = await SegmentAppender.open(path);
 * await log.append(Buffer.from('first'));
 * const start = await log.append(Buffer.from('second'));
 * await log.flush();
 * log.durable - start; // 6
 * await log.close();
 */
export class SegmentAppender {
  /** @internal */ readonly uncloneable = uncloneable('SegmentAppender', 'one thread appends; serve a method for the others');
  /** Path that the file was opened with. */
  readonly path: string;
  readonly #log: LogWriter;

  private constructor(log: LogWriter) {
    if (!(log instanceof LogWriter)) throw illegalConstructor('SegmentAppender', 'SegmentAppender.open(path)');
    this.path = log.file.path;
    this.#log = log;
    forgotten.watch(this, 'SegmentAppender', log);
  }

  /**
   * Opens the file, or creates it, and cuts it to `options.position` bytes. `path` is a string, a Buffer or a file URL. The bytes before `position` are
   * synced first, so `durable` is right from the beginning. An open appender does not keep the process alive; an operation that is under way does.
   *
   * @throws node:fs's own errors; ERR_LOCKED when the file has another appender; RangeError for a position behind the end of the file; TypeError for
   * a block device without a position; ERR_IO, ERR_OUT_OF_MEMORY
   */
  static async open(path: string | Buffer | URL, options: AppenderOptions = {}): Promise<SegmentAppender> {
    const place = pathOf(path);
    const checked = checkAppenderOptions(options);
    const file = await DmaFile.open(place, 'a+', checked.opening);
    try {
      return new SegmentAppender(await openLog(file, place, checked));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Position behind the last accepted byte, in bytes from the beginning of the file: the next append begins there. */
  get position(): number {
    return this.#log.state.accepted;
  }

  /** Position before which every byte survives a crash: a sync that began after they were written has succeeded. Only truncate() lowers it. */
  get durable(): number {
    return this.#log.state.durable;
  }

  /** Whether writes bypass the page cache, as DmaFile.direct. */
  get direct(): boolean {
    return this.#log.file.direct;
  }

  /** As DmaFile.engine. */
  get engine(): 'io_uring' | 'threads' {
    return this.#log.file.engine;
  }

  /** Counters of the work since open(). */
  stats(): AppenderStats {
    return this.#log.stats();
  }

  /**
   * Resolves with the position of the first byte when all of `data` is accepted. That is at once, unless `writeBehind` bytes are accepted and
   * not written; then in the order of the calls. `data` is accepted whole or not at all; data that is longer than `writeBehind` waits until
   * everything before it is written. Text is appended as UTF-8.
   *
   * Bytes are copied once. Runs of at least 64 KiB of fragments that are aligned to 4 KiB, and come to lie at a multiple of 4 KiB, are not
   * copied: they are written from where they are, and must not be changed until they are durable. The caller may release a chain or a DmaBuffer at once; an
   * array must not be changed until the promise resolves.
   *
   * @throws ERR_CLOSED, ERR_RELEASED; ERR_OUT_OF_MEMORY, after which nothing was appended; the error of a write that failed before;
   * ERR_CHANGED when an array is detached while it waits
   */
  append(data: IoBuf | DmaBuffer | Bytes | string): Promise<number> {
    try {
      const position = this.#appendSmall(data);
      return position >= 0 ? Promise.resolve(position) : this.#log.accept(sourceOf(data));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * As append(), without a promise: returns the position, or undefined, with nothing appended, when append() would wait.
   *
   * @throws as append()
   */
  tryAppend(data: IoBuf | DmaBuffer | Bytes | string): number | undefined {
    const position = this.#appendSmall(data);
    return position >= 0 ? position : this.#log.acceptNow(sourceOf(data));
  }

  /**
   * Resolves when everything that was accepted before the call is durable. Flushes that are called while another is under way share the next
   * one: one write of the bytes that are not written yet, padded to a block, and one fdatasync.
   *
   * @throws ERR_CLOSED; ERR_OUT_OF_MEMORY, after which it may be called again; ERR_CHANGED when another program has cut the file; the error of a
   * write or sync that failed
   */
  flush(): Promise<void> {
    try {
      return this.#log.flush();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads `length` accepted bytes from `position` on, or fewer where they end, also bytes that are not written yet; those are copied from memory.
   * The caller releases the chain.
   *
   * @throws ERR_CLOSED, ERR_OUT_OF_MEMORY, ERR_IO; ERR_CHANGED when truncate() cuts the bytes off meanwhile; the error of a write that failed before
   * @example
   * const log = await SegmentAppender.open(path);
   * const start = await log.append('not flushed');
   * using bytes = await log.read(start, 3);
   * bytes.toString(); // 'not'
   * await log.close();
   */
  async read(position: number, length: number): Promise<IoBuf> {
    checkInteger('position', position);
    checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER - position);
    return this.#log.read(position, length);
  }

  /**
   * Creates a Writable that appends the bytes in the order in which they are written. A write ends when its bytes are accepted, so the stream has the
   * backpressure of the appender. It emits 'finish' when all its bytes are durable. Several streams, and append(), may be used at the same time;
   * the end of a stream does not close the appender.
   *
   * @throws ERR_CLOSED. Errors of append() and flush() destroy the stream.
   * @example
   * const log = await SegmentAppender.open(path);
   * await pipeline(['all ', 'of it'], log.writable());
   * log.durable; // 9
   * await log.close();
   */
  writable(): Writable {
    this.#log.checkUsable();
    return new AppenderWritable(this);
  }

  /**
   * Cuts the file to `size` bytes, 0 to `position`, and continues there. Resolves when the cut is durable. Appends that were called before
   * come before the cut; later ones wait for it.
   *
   * @throws RangeError for a size above `position`; ERR_CLOSED, ERR_IO; ERR_CHANGED when another program has cut the file; ERR_OUT_OF_MEMORY, after
   * which `position` tells whether the cut was made: the next flush then makes it durable
   */
  async truncate(size: number): Promise<void> {
    checkInteger('size', size, 0, this.position);
    await this.#log.cut(size);
  }

  /**
   * Flushes, cuts the file to its bytes, and closes it. Afterwards other methods throw ERR_CLOSED; another close() does nothing.
   *
   * @throws the error that kept bytes from becoming durable; the file is closed in any case
   */
  close(): Promise<void> {
    forgotten.unwatch(this.#log);
    return this.#log.close();
  }

  /** Calls close(), at the end of the block of an `await using` declaration. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Text for console.log(): path, state, positions and engine. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[SegmentAppender]', 'special');
    const { path, position, durable, direct, engine } = this;
    const state = !this.#log.open ? 'closed' : this.#log.state.failed ? 'failed' : 'open';
    return `SegmentAppender ${inspect({ path, state, position, durable, direct, engine }, { ...options, depth })}`;
  }

  /** Appends `data` when it is an array that can be accepted at once, and returns its position; otherwise -1. */
  #appendSmall(data: IoBuf | DmaBuffer | Bytes | string): number {
    return data instanceof Uint8Array ? this.#log.acceptSmall(data, realLength(data)) : -1;
  }
}

/** The log in `file`, locked, cut to its position, and durable up to there. */
async function openLog(file: DmaFile, path: string | Buffer, { lock, position: wanted, sizes }: CheckedOptions): Promise<LogWriter> {
  if (DISK_BLOCK % file.alignment.offset !== 0 || DISK_BLOCK % file.alignment.memory !== 0) throw ioError(EINVAL, 'open', file.path);
  const kind = await file.stat();
  if (lock && !kind.isCharacterDevice() && !openFileOf(file).tryLock()) throw locked(file.path);
  if (wanted === undefined && kind.isBlockDevice()) throw invalidType('options.position', 'a number, because the end of a block device cannot be known', wanted);
  const size = await file.size();
  const position = wanted ?? size;
  if (position > size) throw invalidRange('options.position', `a whole number from 0 to ${size}, the size of the file`, position);
  if (position < size && kind.isFile()) await file.truncate(position);
  if (size === 0) await syncFolderOf(path);
  else await file.datasync();
  const chunk = await readPartialBlock(file, position, sizes.chunk);
  return new LogWriter(file, chunk, position, sizes, kind.isFile());
}

function locked(path: string): CorebufError {
  const message = `file '${path}' must have one appender at a time; another appender has its lock. Close that one first, or open both with { lock: false }`;
  return new CorebufError('ERR_LOCKED', message, { path });
}
