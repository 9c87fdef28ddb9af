// The end of a log: bytes of any length are copied into chunks of aligned memory, which are written behind the caller's back; a flush
// makes everybody's bytes durable with one sync. (The model is Redpanda's segment_appender.)
//
//   0 ───────── durable ───────── written ───────── position          preallocated end
//   │ survives a crash │ synced next  │ in chunks       │ zeros until close()  │
//
// Positions are of the file. Blocks are written whole: the last one is padded with zeros, and written again when it has grown.
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BLOCK, blocksUp } from './append-chunk.js';
import type { AppendChunk } from './append-chunk.js';
import { checkAppenderOptions } from './append-options.js';
import type { AppenderOptions, AppenderSizes, AppenderStats } from './append-options.js';
import { AppendQueue } from './append-queue.js';
import { AppendTail, unfinished } from './append-tail.js';
import { appended } from './appended.js';
import type { Appended } from './appended.js';
import type { Bytes } from './bytes.js';
import { checkInteger, checkString, invalidRange, realLength } from './checks.js';
import { DmaFile } from './dma-file.js';
import { DurablePrefix } from './durable-prefix.js';
import { closed, ioError } from './errors.js';
import { syncFolder } from './folder.js';
import { GroupCommit } from './group-commit.js';
import type { IoBuf } from './iobuf.js';
import { Preallocation } from './preallocation.js';
import { isShortage, WriteBehind } from './write-behind.js';

const EINVAL = 22;

/**
 * Appends any bytes to a file. A small record costs one copy into aligned memory and no native call; whole chunks are written in the
 * background. Nothing is durable before flush() or close() has resolved.
 *
 * While it is open the file is longer than `position`: blocks are padded, and space is allocated ahead; what is behind the last byte
 * reads as zeros. close() cuts that off. After a crash it is still there, so whoever opens such a file looks for the last whole record,
 * which a log must be able to tell anyway, and passes its end as `position`. (Without preallocation there is still the padding.)
 *
 * After a write or a sync has failed, every call fails with that error: nobody knows what the disk holds of the bytes that were not
 * durable. A file should have one appender at a time.
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
  readonly path: string;
  readonly #file: DmaFile;
  readonly #prefix: DurablePrefix;
  readonly #space: Preallocation;
  readonly #writes: WriteBehind;
  readonly #queue: AppendQueue;
  readonly #commits = new GroupCommit(() => this.#queue.alone(() => this.#commit()));
  readonly #chunkSize: number;
  readonly #writeBehind: number;
  readonly #tail: AppendTail;
  /** Up to here small appends need not look any further; below 0 while they must. */
  #limit = -1;
  /** What `position` would be if it counted written bytes only. */
  #counted: number;
  #failure: { error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #syncs = 0;
  /** The file was cut, and no sync has made that durable. */
  #cutUnsynced = false;

  private constructor(file: DmaFile, chunk: AppendChunk, position: number, size: number, sizes: AppenderSizes) {
    this.path = file.path;
    this.#file = file;
    this.#counted = position;
    this.#chunkSize = sizes.chunk;
    this.#writeBehind = sizes.writeBehind;
    this.#prefix = new DurablePrefix(position);
    this.#space = new Preallocation(file, sizes.preallocate, size);
    this.#writes = new WriteBehind(file, this.#space, this.#prefix, {
      progress: (fresh) => {
        this.#counted += fresh;
        this.#queue.goOn();
      },
      failed: (error) => this.#fail(error),
      starved: (error) => this.#queue.rejectAppends(error),
    });
    this.#tail = new AppendTail(position, chunk, sizes.chunk, (part) => this.#writes.push(part));
    this.#queue = new AppendQueue({
      fits: (length) => this.#fits(length),
      accept: (data) => this.#tail.append(data),
      makeRoom: () => this.#makeRoom(),
      settled: () => this.#settled(),
    });
    this.#settled();
  }

  /**
   * Makes the file if there is none. What is in it, up to `position`, is synced first, so that `durable` is right from the beginning.
   *
   * @throws node:fs's own errors; RangeError for a position behind the end of the file; ERR_IO, ERR_OUT_OF_MEMORY
   */
  static async open(path: string, options: AppenderOptions = {}): Promise<SegmentAppender> {
    checkString('path', path);
    const { position: wanted, sizes, opening } = checkAppenderOptions(options);
    const file = await DmaFile.open(path, 'a+', opening);
    try {
      if (BLOCK % file.alignment.offset !== 0 || BLOCK % file.alignment.memory !== 0) throw ioError(EINVAL, 'open', path);
      const size = await file.size();
      const position = wanted ?? size;
      if (position > size) throw invalidRange('options.position', `a whole number from 0 to ${size}, the size of the file`, position);
      if (position < size) await file.truncate(position);
      if (size === 0) await syncFolder(dirname(await realpath(path)));
      else await file.datasync();
      const tail = await unfinished(file, position, sizes.chunk);
      return new SegmentAppender(file, tail, position, position, sizes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes accepted: where the next append begins. */
  get position(): number {
    return this.#tail.position;
  }

  /** Bytes that survive a crash: all before it are written, and a sync that began afterwards has ended. Falls only by truncate(). */
  get durable(): number {
    return this.#prefix.durable;
  }

  /** As DmaFile.direct. */
  get direct(): boolean {
    return this.#file.direct;
  }

  get engine(): 'io_uring' | 'threads' {
    return this.#file.engine;
  }

  stats(): AppenderStats {
    const { bytesFresh, bytesWritten, writes, durableWrites } = this.#writes;
    const { bytesZeroed } = this.#space;
    return {
      bytesAccepted: bytesFresh,
      bytesWritten,
      bytesZeroed,
      amplification: bytesFresh === 0 ? 1 : (bytesWritten + bytesZeroed) / bytesFresh,
      writes,
      syncs: this.#syncs + durableWrites,
    };
  }

  /**
   * Resolves with the position of the first byte when all of `data` is accepted: at once, unless writeBehind bytes are on their way;
   * then in the order of the calls. Accepted whole or not at all; what is longer than writeBehind waits until nothing else is.
   * Copied once, but for runs of at least 64 KiB of 4 KiB-aligned fragments that come to lie at an aligned position: these are written
   * from where they are, and must not be changed until they are durable. A chain stays the caller's and may be released at once; bytes
   * must stay as they are until the promise resolves.
   *
   * @throws ERR_CLOSED, ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing was appended; the error of a write that failed before;
   * ERR_CHANGED when an array that waited is detached.
   */
  append(data: IoBuf | Bytes): Promise<number> {
    try {
      const start = this.#appendSmall(data);
      return start >= 0 ? Promise.resolve(start) : this.#append(appended(data));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * As append() where that need not wait, without a promise: the position, or undefined when writeBehind bytes are on their way, and
   * then nothing was appended.
   *
   * @throws as append()
   */
  tryAppend(data: IoBuf | Bytes): number | undefined {
    const start = this.#appendSmall(data);
    if (start >= 0) return start;
    const whole = appended(data);
    this.#checkUsable();
    return this.#waits(whole.length) ? undefined : this.#accept(whole);
  }

  /**
   * Resolves when everything accepted before the call is durable. Flushes that are asked for while another is under way share the next
   * one: a write of what is unfinished, padded to a block, and one fdatasync.
   *
   * @throws ERR_CLOSED; ERR_OUT_OF_MEMORY, and then it may be tried again; the error of a write or sync that failed.
   */
  flush(): Promise<void> {
    try {
      this.#checkUsable();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#synced ? Promise.resolve() : this.#commits.join();
  }

  /**
   * Cuts the file to `size` bytes, which is durable when it resolves, and continues there. In turn: appends before it come first, appends
   * after it wait.
   *
   * @throws RangeError for more than `position`; ERR_CLOSED, ERR_IO; ERR_OUT_OF_MEMORY, and then `position` says whether the cut was made:
   * the next flush makes it durable.
   */
  async truncate(size: number): Promise<void> {
    checkInteger('size', size, 0, this.#tail.position);
    this.#checkUsable();
    await this.#queue.inTurn(() => this.#cut(size));
  }

  /**
   * Flushes, cuts the file to its bytes, and closes it. Later calls of other methods throw ERR_CLOSED; closing twice is harmless.
   *
   * @throws the error for which not everything could be made durable; the file is closed all the same.
   */
  close(): Promise<void> {
    this.#limit = -1;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** -1 when it is not as simple as that. */
  #appendSmall(data: IoBuf | Bytes): number {
    return data instanceof Uint8Array ? this.#tail.appendSmall(data, realLength(data), this.#limit) : -1;
  }

  #append(data: Appended): Promise<number> {
    this.#checkUsable();
    return this.#waits(data.length) ? this.#queue.wait(data.keep()) : Promise.resolve(this.#accept(data));
  }

  #waits(length: number): boolean {
    return !this.#queue.empty || !this.#fits(length);
  }

  #fits(length: number): boolean {
    const unwritten = this.#tail.position - this.#counted;
    return unwritten === 0 || unwritten + length <= this.#writeBehind;
  }

  #accept(data: Appended): number {
    this.#limit = -1;
    return this.#queue.accept(data);
  }

  #makeRoom(): void {
    // A chunk that is not full is written only when there is nothing else to wait for.
    if (this.#writes.idle) this.#tail.writeOut();
    this.#writes.kick();
  }

  #settled(): void {
    const free = this.#queue.empty && this.#failure === undefined && this.#closing === undefined;
    this.#limit = free ? this.#counted + this.#writeBehind : -1;
  }

  async #commit(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#synced) return;
    const before = this.durable;
    this.#tail.writeOut();
    const { position } = this.#tail;
    await this.#writes.untilDurable(position);
    if (this.durable < position || this.#cutUnsynced) await this.#sync();
    this.#space.synced(this.durable - before, blocksUp(this.#tail.position));
  }

  get #synced(): boolean {
    return this.durable === this.#tail.position && !this.#cutUnsynced;
  }

  async #sync(): Promise<void> {
    const mark = this.#prefix.written;
    try {
      await this.#file.datasync();
    } catch (error) {
      // What a failed sync was about is lost: the next one would say nothing of it.
      if (!isShortage(error)) this.#writes.fail(error);
      throw error;
    }
    this.#syncs++;
    this.#cutUnsynced = false;
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#prefix.synced(mark);
  }

  async #cut(size: number): Promise<void> {
    if (size > this.#tail.position) throw invalidRange('size', `a whole number from 0 to ${this.#tail.position}`, size);
    this.#tail.writeOut();
    await this.#writes.until(this.#tail.position);
    await this.#space.quiet();
    const chunk = await unfinished(this.#file, size, this.#chunkSize);
    try {
      await this.#file.truncate(size);
    } catch (error) {
      chunk.retire();
      throw error;
    }
    this.#tail.moveTo(size, chunk);
    this.#counted = size;
    this.#writes.cut(size);
    this.#cutUnsynced = true;
    await this.#sync();
  }

  async #close(): Promise<void> {
    // Until the next job, so that #closing is set when others are let on.
    await Promise.resolve();
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#queue.inTurn(() => this.#finish());
    } catch (error) {
      this.#writes.fail(error);
      throw error;
    } finally {
      await this.#writes.quiet();
      this.#tail.end();
      await this.#file.close();
    }
  }

  async #finish(): Promise<void> {
    this.#tail.writeOut();
    await this.#writes.until(this.#tail.position);
    await this.#space.quiet();
    const longer = (await this.#file.size()) > this.#tail.position;
    if (longer) await this.#file.truncate(this.#tail.position);
    if (longer || !this.#synced) await this.#sync();
  }

  #checkUsable(): void {
    if (this.#closing !== undefined) throw closed('appender');
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#limit = -1;
    this.#queue.rejectAll(error);
  }
}
