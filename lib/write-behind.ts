// The parts of a file that are on their way to the disk: several writes at a time, which may end in any order. While all of those are
// under way, neighbours in the queue become one write, so a disk that is slow gets larger writes.
import type { DmaBuffer } from './dma-buffer.js';
import type { DmaFile } from './dma-file.js';
import type { DurablePrefix, PrefixWrite } from './durable-prefix.js';
import { CorebufError } from './errors.js';
import { IoBuf } from './iobuf.js';
import type { Preallocation } from './preallocation.js';

const IN_FLIGHT_MOST = 8;
const MERGED_BYTES_MOST = 256 * 1024;

export interface WritePart {
  /** Where the blocks begin, and their bytes: both multiples of a block. */
  readonly start: number;
  readonly length: number;
  /** Behind the last byte that counts: what follows in its block is padding. */
  readonly end: number;
  /** Bytes that no part before has had. */
  readonly fresh: number;
  /** A reference to the bytes, which do not change before done(). */
  share(): DmaBuffer | IoBuf;
  /** The bytes are written, or never will be. */
  done(): void;
}

export interface WriteListener {
  progress(fresh: number): void;
  failed(error: unknown): void;
  /** There is no memory to begin a write with, and none under way that would give some back. Nothing is lost: kick() tries again. */
  starved(error: unknown): void;
}

interface Write extends PrefixWrite {
  readonly parts: readonly WritePart[];
  readonly start: number;
  readonly length: number;
  /** It makes everything before its end durable when it is done. */
  readonly durable: boolean;
}

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class WriteBehind {
  readonly #file: DmaFile;
  readonly #space: Preallocation;
  readonly #prefix: DurablePrefix;
  readonly #listener: WriteListener;
  #parts: WritePart[] = [];
  /** Writes for which there was no memory. */
  #refused: Write[] = [];
  #last: Write | undefined;
  #inFlight = 0;
  #growing = false;
  #kicked = false;
  #failure: { error: unknown } | undefined;
  #waiters: Waiter[] = [];
  #whenQuiet: (() => void)[] = [];
  /** Somebody waits until everything before it is durable. */
  #wanted = 0;
  durableWrites = 0;
  writes = 0;
  bytesWritten = 0;
  bytesFresh = 0;

  constructor(file: DmaFile, space: Preallocation, prefix: DurablePrefix, listener: WriteListener) {
    this.#file = file;
    this.#space = space;
    this.#prefix = prefix;
    this.#listener = listener;
  }

  get idle(): boolean {
    return this.#inFlight === 0 && !this.#growing && this.#parts.length === 0 && this.#refused.length === 0;
  }

  /** Parts come in the order of the file; only the first block of one may be the last block of the one before. */
  push(part: WritePart): void {
    if (this.#failure !== undefined) return part.done();
    this.#parts.push(part);
    this.kick();
  }

  /**
   * Begins what can begin at the end of this job, so that what a job pushes can become one write; and behind a flush that the job has
   * asked for, which takes a round of ticks and jobs to gather its companions, so that the write can be the durable one.
   */
  kick(): void {
    if (this.#kicked) return;
    this.#kicked = true;
    process.nextTick(async () => {
      await Promise.resolve();
      process.nextTick(() => {
        this.#kicked = false;
        this.#begin();
      });
    });
  }

  /** Resolves when everything before `position` is written. */
  until(position: number): Promise<void> {
    this.kick();
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (position <= this.#prefix.written) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  /** As until(); and where one write is all there is left to do it is a durable one, which spares the sync: the prefix tells. */
  untilDurable(position: number): Promise<void> {
    this.#wanted = position;
    return this.until(position);
  }

  /** Resolves when nothing is in the kernel's hands, written or not. */
  async quiet(): Promise<void> {
    if (this.#inFlight > 0 || this.#growing) await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  /** The file ends at `position` now; everything was written. */
  cut(position: number): void {
    this.#prefix.cut(position);
    this.#space.cut(position);
    this.#last = undefined;
  }

  /** Nothing more is begun; what waits is given up. The first error is the one that stays. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const part of [...this.#refused.flatMap(({ parts }) => parts), ...this.#parts]) part.done();
    this.#refused = [];
    this.#parts = [];
    this.#rejectWaiters(error);
    this.#listener.failed(error);
  }

  #begin(): void {
    for (const write of this.#refused.splice(0)) void this.#write(write);
    while (this.#parts.length > 0 && this.#inFlight < IN_FLIGHT_MOST && !this.#growing) {
      const { start, length } = this.#parts[0]!;
      if (this.#overlapsLast(start)) return;
      if (!this.#space.covers(start + length)) return void this.#grow(start + length);
      const write = this.#gather();
      this.#last = write;
      this.#prefix.begin(write);
      void this.#write(write);
    }
  }

  /** The block that was the end of the last write is written again only when that write is over. */
  #overlapsLast(start: number): boolean {
    return this.#last !== undefined && !this.#last.done && start < this.#last.start + this.#last.length;
  }

  /** The first parts, as far as they follow on each other. */
  #gather(): Write {
    const { start } = this.#parts[0]!;
    const most = Math.min(MERGED_BYTES_MOST, this.#space.roomBehind(start));
    let { length, end } = this.#parts[0]!;
    let count = 1;
    for (; count < this.#parts.length; count++) {
      const part = this.#parts[count]!;
      if (part.start !== start + length || length + part.length > most) break;
      length += part.length;
      end = part.end;
    }
    const durable = end >= this.#wanted && this.#lacksOnly(start);
    return { parts: this.#parts.splice(0, count), start, length, end, durable, done: false };
  }

  /** A write at `start` is the one that is missing for everything before the wanted position to be durable. */
  #lacksOnly(start: number): boolean {
    const { written, durable } = this.#prefix;
    return this.#wanted > written && durable === written && start <= written;
  }

  async #write(write: Write): Promise<void> {
    this.#inFlight++;
    try {
      const data = sharedBytes(write.parts);
      try {
        await this.#file.write(write.start, data, { durable: write.durable });
      } finally {
        data.release();
      }
      this.#inFlight--;
      this.#written(write);
    } catch (error) {
      this.#inFlight--;
      if (isShortage(error) && this.#failure === undefined) {
        this.#refused.push(write);
        this.#starve(error);
      } else {
        for (const part of write.parts) part.done();
        this.fail(error);
      }
    }
    this.#tellQuiet();
  }

  #written(write: Write): void {
    this.writes++;
    this.bytesWritten += write.length;
    let fresh = 0;
    for (const part of write.parts) {
      part.done();
      fresh += part.fresh;
    }
    this.bytesFresh += fresh;
    if (this.#failure !== undefined) return;
    this.#prefix.ended(write);
    if (write.durable) {
      this.durableWrites++;
      this.#prefix.synced(write.end);
    }
    this.#resolveWaiters();
    this.#listener.progress(fresh);
    this.#begin();
  }

  async #grow(to: number): Promise<void> {
    this.#growing = true;
    try {
      await this.#space.grow(to);
      this.#growing = false;
      if (this.#failure === undefined) this.#begin();
    } catch (error) {
      this.#growing = false;
      if (isShortage(error)) this.#starve(error);
      else this.fail(error);
    }
    this.#tellQuiet();
  }

  #starve(error: unknown): void {
    if (this.#inFlight > 0 || this.#growing) return;
    this.#rejectWaiters(error);
    this.#listener.starved(error);
  }

  #resolveWaiters(): void {
    const { written } = this.#prefix;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ position }) => position > written);
    for (const waiter of waiters) if (waiter.position <= written) waiter.resolve();
  }

  #rejectWaiters(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #tellQuiet(): void {
    if (this.#inFlight > 0 || this.#growing) return;
    for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }
}

export function isShortage(error: unknown): boolean {
  return error instanceof CorebufError && error.code === 'ERR_OUT_OF_MEMORY';
}

/** References of its own, to be released. @throws ERR_OUT_OF_MEMORY */
function sharedBytes(parts: readonly WritePart[]): DmaBuffer | IoBuf {
  if (parts.length === 1) return parts[0]!.share();
  const chain = new IoBuf();
  try {
    for (const part of parts) chain.take(part.share());
  } catch (error) {
    chain.release();
    throw error;
  }
  return chain;
}
