// Writes the parts of a log behind the caller: several requests at a time, which may end in any order. While all of them are under way,
// the parts that wait are merged.
import { isOutOfMemory } from '../base/errors.js';
import type { DmaFile } from '../io/dma-file.js';
import { InFlight } from '../io/in-flight.js';
import type { LogState } from './log-state.js';
import { PositionWaiters } from './position-waiters.js';
import type { Preallocation } from './preallocation.js';
import { WriteOrder } from './write-order.js';
import { shareAll, WriteQueue } from './write-queue.js';
import type { Write, WritePart } from './write-queue.js';
import { WriteSchedule } from './write-schedule.js';

/** Requests of one log that the kernel works on at the same time. */
const WRITES_IN_FLIGHT_MAX = 8;
/** Bytes of a request that several parts are merged into. */
const MERGED_BYTES_MAX = 256 * 1024;

export interface WriteListener {
  /** A write has ended; `newBytes` of its bytes were written for the first time. */
  onProgress(newBytes: number): void;
  /** Nothing more will be written. Called once. */
  onFailure(error: unknown): void;
  /** No memory for a request, and no request is under way whose end would give some back. Nothing is lost: scheduleWrites() tries again. */
  onOutOfMemory(error: unknown): void;
}

export class WriteBehind {
  readonly #file: DmaFile;
  readonly #space: Preallocation;
  readonly #state: LogState;
  readonly #listener: WriteListener;
  readonly #queue = new WriteQueue();
  readonly #order: WriteOrder;
  readonly #waiters = new PositionWaiters();
  /** Writes, and the growth of the file. */
  readonly #inFlight = new InFlight();
  readonly #schedule = new WriteSchedule(
    () => this.#begin(),
    () => !this.#waiters.empty,
  );
  /** Writes that the kernel has, in the order in which they began. */
  readonly #underWay = new Set<Write>();
  /** The newest commit wants every byte before this position to be durable. */
  #durableTarget = 0;
  /** Numbers of requests, and of bytes, that have been written so far. `newBytes` does not count bytes again that were written again. */
  readonly counters = { writes: 0, durableWrites: 0, bytes: 0, newBytes: 0 };

  constructor(file: DmaFile, space: Preallocation, state: LogState, listener: WriteListener) {
    this.#file = file;
    this.#space = space;
    this.#state = state;
    this.#listener = listener;
    this.#order = new WriteOrder(state);
  }

  /** Whether nothing is under way and nothing waits. */
  get idle(): boolean {
    return this.#inFlight.count === 0 && this.#queue.empty;
  }

  /** Parts come in the order of the file. Only the first block of a part may be the last block of the part before, written again. */
  push(part: WritePart): void {
    if (this.#state.failed) return part.done();
    this.#queue.push(part);
    this.scheduleWrites();
  }

  /** Begins the writes that can begin, after this job. */
  scheduleWrites(): void {
    this.#schedule.schedule();
  }

  /** A flush was asked for: commitArrived() follows by itself, and writes wait for it unless somebody waits for a write. */
  announceCommit(): void {
    this.#schedule.announceCommit();
  }

  /**
   * The announced commit has pushed its last part, and wants all bytes before `target` to be durable. Where one write is all that is
   * missing, that write will be a durable one.
   */
  commitArrived(target: number): void {
    this.#durableTarget = target;
    this.#schedule.commitArrived();
  }

  /** Resolves when every byte before `position` is written. @throws the failure; ERR_OUT_OF_MEMORY, after which it may be called again */
  async whenWritten(position: number): Promise<void> {
    this.#state.throwIfFailed();
    if (position <= this.#state.written) return;
    this.scheduleWrites();
    await this.#waiters.wait(position);
  }

  /** Resolves when the kernel works on no write, whether the writes succeeded or not. */
  whenIdle(): Promise<void> {
    return this.#inFlight.whenIdle();
  }

  /** The parts whose bytes may not be in the file yet, in the order of the file. */
  *unwrittenParts(): Generator<WritePart, void, void> {
    for (const { parts } of this.#underWay) yield* parts;
    yield* this.#queue;
  }

  /** The file was cut to `position`; every accepted byte had been written. */
  cut(position: number): void {
    this.#state.cut(position);
    this.#order.cut();
    this.#space.cut(position);
  }

  /** One system call. @throws ERR_CHANGED, which ends the log, when another program has cut the file */
  checkLength(): void {
    try {
      this.#space.checkLength();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Begins nothing more and gives up the parts that wait. The first error is the one that stays. */
  fail(error: unknown): void {
    if (!this.#state.fail(error)) return;
    this.#queue.clear();
    this.#waiters.rejectAll(error);
    this.#listener.onFailure(error);
  }

  #begin(): void {
    for (const write of this.#queue.takeRefused()) void this.#write(write);
    for (let first = this.#queue.first; first !== undefined && this.#canBegin(); first = this.#queue.first) {
      if (this.#order.overlapsLast(first.start)) return;
      const end = first.start + first.length;
      if (!this.#space.covers(end)) return void this.#grow(end);
      if (this.#space.hidesCut(Math.max(end, first.start + MERGED_BYTES_MAX)) && !this.#isLongEnough()) return;
      const write = this.#nextWrite(first);
      this.#order.begin(write);
      void this.#write(write);
    }
  }

  #canBegin(): boolean {
    return this.#inFlight.count < WRITES_IN_FLIGHT_MAX && !this.#space.growing && !this.#state.failed;
  }

  #nextWrite({ start }: WritePart): Write {
    const parts = this.#queue.takeNeighbours(Math.min(MERGED_BYTES_MAX, this.#space.roomBehind(start)));
    const last = parts.at(-1)!;
    const durable = last.end >= this.#durableTarget && this.#isLastMissingWrite(start);
    return { parts, start, length: last.start + last.length - start, end: last.end, durable, done: false };
  }

  /** Whether a write at `start` is the only one that is missing for all bytes before the commit's target to be durable. */
  #isLastMissingWrite(start: number): boolean {
    const { written, durable } = this.#state;
    return this.#durableTarget > written && durable === written && start <= written;
  }

  async #write(write: Write): Promise<void> {
    this.#inFlight.begin();
    this.#underWay.add(write);
    try {
      const data = shareAll(write.parts);
      try {
        await this.#file.write(write.start, data, { durable: write.durable });
      } finally {
        data.release();
      }
    } catch (error) {
      this.#ended(write);
      return this.#onRefused(write, error);
    }
    this.#ended(write);
    this.#onWritten(write);
  }

  #ended(write: Write): void {
    this.#underWay.delete(write);
    this.#inFlight.end();
  }

  #onRefused(write: Write, error: unknown): void {
    if (isOutOfMemory(error) && !this.#state.failed) {
      this.#queue.refuse(write);
      this.#onOutOfMemory(error);
    } else {
      for (const part of write.parts) part.done();
      this.fail(error);
    }
  }

  #onWritten(write: Write): void {
    let newBytes = 0;
    for (const part of write.parts) {
      part.done();
      newBytes += part.newBytes;
    }
    this.counters.writes++;
    this.counters.bytes += write.length;
    this.counters.newBytes += newBytes;
    if (this.#state.failed) return;
    this.#space.onWritten(write.start + write.length);
    if (write.durable && !this.#isLongEnough()) return;
    this.#order.end(write);
    if (write.durable) {
      this.counters.durableWrites++;
      this.#state.advanceDurable(write.end);
    }
    this.#waiters.resolveUpTo(this.#state.written);
    this.#listener.onProgress(newBytes);
    this.#begin();
  }

  #isLongEnough(): boolean {
    try {
      this.checkLength();
      return true;
    } catch {
      return false;
    }
  }

  async #grow(to: number): Promise<void> {
    this.#inFlight.begin();
    try {
      await this.#space.grow(to);
    } catch (error) {
      this.#inFlight.end();
      return isOutOfMemory(error) ? this.#onOutOfMemory(error) : this.fail(error);
    }
    this.#inFlight.end();
    this.#begin();
  }

  #onOutOfMemory(error: unknown): void {
    if (this.#inFlight.count > 0) return;
    this.#waiters.rejectAll(error);
    this.#listener.onOutOfMemory(error);
  }
}
