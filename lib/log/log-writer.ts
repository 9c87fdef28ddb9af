// An open log: its file, its end in memory, and the calls that work on both. Users hold a SegmentAppender, to which it does not refer: an
// appender that was forgotten can be collected and its log closed.
import { channels, publish } from '../base/channels.js';
import { closed } from '../base/errors.js';
import { invalidRange } from '../base/arguments.js';
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import type { DmaFile } from '../io/dma-file.js';
import type { Resource } from '../io/forgotten.js';
import { IoBuf } from '../iobuf/iobuf.js';
import { AppendQueue } from './append-queue.js';
import { AppendWindow } from './append-window.js';
import type { AppendChunk } from './chunk.js';
import { Committer } from './committer.js';
import { LogState } from './log-state.js';
import type { AppenderSizes, AppenderStats } from './options.js';
import type { Place } from './published.js';
import { takePlace } from './published.js';
import { Preallocation } from './preallocation.js';
import { readAccepted } from './read-accepted.js';
import type { MemoryRange } from './read-accepted.js';
import type { AppendSource } from './source.js';
import { AppendTail } from './tail.js';
import { readPartialBlock } from './unfinished-block.js';
import { warnAtExit, warnNoMore } from './unflushed.js';
import { WriteBehind } from './write-behind.js';

export class LogWriter implements Resource {
  readonly file: DmaFile;
  readonly state: LogState;
  readonly #place: Place;
  readonly #space: Preallocation;
  readonly #writes: WriteBehind;
  readonly #tail: AppendTail;
  readonly #window: AppendWindow;
  readonly #queue: AppendQueue;
  readonly #committer: Committer;
  readonly #chunkSize: number;
  /** Whether the file can be cut: false for devices. */
  readonly #resizable: boolean;
  #closing: Promise<void> | undefined;

  /** The file ends at `position`, or is a device, which is not `resizable`; `chunk` begins with the unfinished block. */
  constructor(file: DmaFile, chunk: AppendChunk, position: number, sizes: AppenderSizes, resizable: boolean) {
    this.file = file;
    this.#chunkSize = sizes.chunk;
    this.#resizable = resizable;
    this.#place = takePlace(file.path);
    const state = (this.state = new LogState(position, this.#place.positions));
    const space = (this.#space = new Preallocation(file, sizes.preallocate, position, resizable));
    this.#window = new AppendWindow(state, sizes.writeBehind);
    const writes = (this.#writes = new WriteBehind(file, space, state, {
      onProgress: (newBytes) => this.#onProgress(newBytes),
      onFailure: (error) => this.#onFailure(error),
      onOutOfMemory: (error) => this.#queue.rejectAppends(error),
    }));
    const tail = (this.#tail = new AppendTail(state, chunk, sizes.chunk, (part) => writes.push(part)));
    this.#queue = new AppendQueue({
      fits: (length) => this.#window.fits(length),
      accept: (data) => tail.append(data),
      makeRoom: () => this.#makeRoom(),
      onIdle: () => this.#onIdle(),
    });
    this.#committer = new Committer({ file, state, space, writes, tail }, (run) => this.#queue.serialize(run));
    this.#onIdle();
    warnAtExit(this);
  }

  get path(): string {
    return this.file.path;
  }

  get open(): boolean {
    return this.#closing === undefined;
  }

  /** Number of bytes that were accepted and are not durable. */
  get bytesHeld(): number {
    return this.state.accepted - this.state.durable;
  }

  stats(): AppenderStats {
    const { newBytes, bytes, writes } = this.#writes.counters;
    const { bytesZeroed } = this.#space;
    return {
      bytesAccepted: newBytes,
      bytesWritten: bytes,
      bytesZeroed,
      amplification: newBytes === 0 ? 1 : (bytes + bytesZeroed) / newBytes,
      writes,
      syncs: this.#committer.syncs,
    };
  }

  /** Accepts `length` bytes without further checks and returns their position; -1 when accept() must do it. */
  acceptSmall(bytes: Uint8Array, length: number): number {
    return this.#tail.appendSmall(bytes, length, this.#window.limit);
  }

  /** Accepts all of `data` now and returns its position; undefined, with nothing accepted, when it must wait. */
  acceptNow(data: AppendSource): number | undefined {
    this.checkUsable();
    if (!this.#queue.empty || !this.#window.fits(data.length)) return undefined;
    this.#window.shut();
    return this.#queue.accept(data);
  }

  /** Accepts all of `data`, after the calls that wait. */
  accept(data: AppendSource): Promise<number> {
    const position = this.acceptNow(data);
    return position === undefined ? this.#queue.enqueue(data.keep()) : Promise.resolve(position);
  }

  flush(): Promise<void> {
    this.checkUsable();
    return this.#committer.flush();
  }

  /** The accepted bytes from `position` on, `length` or as many as there are. */
  async read(position: number, length: number): Promise<IoBuf> {
    this.checkUsable();
    const end = Math.min(position + length, this.state.accepted);
    return position < end ? readAccepted(this.file, position, end, this.#unwrittenRanges()) : new IoBuf();
  }

  cut(size: number): Promise<void> {
    this.checkUsable();
    return this.#queue.enqueueExclusive(() => this.#cut(size));
  }

  close(): Promise<void> {
    this.#window.shut();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** @throws ERR_CLOSED; the error after which the log stopped */
  checkUsable(): void {
    if (this.#closing !== undefined) throw closed('appender');
    this.state.throwIfFailed();
  }

  #makeRoom(): void {
    // A chunk that is not full is written only when no write is under way that will make room.
    if (this.#writes.idle) this.#tail.writeOut();
    this.#writes.scheduleWrites();
  }

  #onIdle(): void {
    if (this.#queue.empty && !this.state.failed && this.#closing === undefined) this.#window.open();
    else this.#window.shut();
  }

  #onProgress(newBytes: number): void {
    this.#window.onWritten(newBytes);
    this.#queue.drain();
  }

  #onFailure(error: unknown): void {
    this.#window.shut();
    const { accepted, written, durable } = this.state;
    publish(channels.appenderFailure, () => ({ path: this.file.path, error, accepted, written, durable }));
    this.#queue.rejectAll(error);
  }

  async #cut(size: number): Promise<void> {
    if (size > this.state.accepted) throw invalidRange('size', `a whole number from 0 to ${this.state.accepted}`, size);
    await this.#writeAll();
    const chunk = await readPartialBlock(this.file, size, this.#chunkSize);
    try {
      this.#writes.checkLength();
      if (this.#resizable) await this.file.truncate(size);
    } catch (error) {
      chunk.retire();
      throw error;
    }
    this.#tail.continueIn(chunk);
    this.#window.cut(size);
    this.#writes.cut(size);
    this.#committer.onCut();
    await this.#committer.sync();
  }

  async #close(): Promise<void> {
    // The rest runs in a later job, when #closing has been set: no other call begins any more.
    await Promise.resolve();
    try {
      this.state.throwIfFailed();
      await this.#queue.enqueueExclusive(() => this.#finish());
    } catch (error) {
      this.#writes.fail(error);
      this.state.throwIfFailed();
    } finally {
      await this.#writes.whenIdle();
      this.#tail.end();
      this.state.unpublish();
      this.#place.release();
      await this.file.close();
      warnNoMore(this);
    }
  }

  async #finish(): Promise<void> {
    await this.#writeAll();
    const { accepted } = this.state;
    this.#space.checkLength();
    const longer = this.#resizable && (await this.file.size()) > accepted;
    if (longer) {
      await this.file.truncate(accepted);
      this.#space.cut(accepted);
    }
    if (longer || !this.#committer.upToDate) await this.#committer.sync();
  }

  #unwrittenRanges(): readonly MemoryRange[] {
    const { start, bytes } = this.#tail.untaken;
    const parts = Array.from(this.#writes.unwrittenParts(), (part) => ({ start: part.start, end: part.end, share: () => chainOf(part.share()) }));
    return [...parts, { start, end: start + bytes.length, share: () => IoBuf.from(bytes) }];
  }

  async #writeAll(): Promise<void> {
    this.#tail.writeOut();
    await this.#writes.whenWritten(this.state.accepted);
    await this.#space.whenIdle();
  }
}

function chainOf(shared: DmaBuffer | IoBuf): IoBuf {
  return shared instanceof IoBuf ? shared : new IoBuf().take(shared);
}
