// Room for the log ahead of its writes. A write that makes its file longer has the file system change the size, which takes the whole file
// under a lock and goes into the journal with each sync; writes within the size run side by side. So the file grows in large steps, its
// size included: behind the last byte it reads as zeros until it is closed.
import { assert } from '../base/assert.js';
import { CorebufError } from '../base/errors.js';
import { openFileOf } from '../io/dma-file.js';
import type { DmaFile } from '../io/dma-file.js';
import { ZeroFill } from './zero-fill.js';

/** Errors of fallocate after which the file grows with its writes: the file system cannot do it, or has no space for a whole step. */
const OFF_AFTER = new Set(['ENODEV', 'ENOSPC', 'ENOSYS', 'EDQUOT', 'EFBIG', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ESPIPE']);

export class Preallocation {
  readonly #file: DmaFile;
  readonly #zeros: ZeroFill;
  /** Bytes by which the file grows; 0 when its writes make it longer. */
  #step: number;
  /** The file has at least this length, in bytes, unless another program has cut it. */
  #end: number;
  #growing = false;
  /** Whether the length of the file can change: false for devices. */
  readonly #resizable: boolean;

  constructor(file: DmaFile, step: number, end: number, resizable: boolean) {
    this.#file = file;
    this.#zeros = new ZeroFill(file);
    this.#step = resizable ? step : 0;
    this.#end = end;
    this.#resizable = resizable;
  }

  /** Whether grow() is under way. */
  get growing(): boolean {
    return this.#growing;
  }

  /** Number of bytes of zeros that were written ahead. */
  get bytesZeroed(): number {
    return this.#zeros.bytesWritten;
  }

  /** Whether bytes up to `end` can be written now: no zeros are being written there, and the file is long enough or grows with its writes. */
  covers(end: number): boolean {
    return end <= this.#zeros.start && (end <= this.#end || this.#step === 0);
  }

  /** Number of bytes from `start` on that covers() allows; Infinity where nothing limits them. */
  roomBehind(start: number): number {
    return Math.min(this.#zeros.start, this.#step === 0 ? Infinity : this.#end) - start;
  }

  /** Whether a write that may reach `to` would give a file that was cut the length that checkLength() asks for, and so hide the cut. */
  hidesCut(to: number): boolean {
    return to >= this.#end;
  }

  /** A write that ends at `end` has succeeded. */
  onWritten(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  /** One system call. @throws ERR_CHANGED when the file is shorter than this log has made it: another program has cut it */
  checkLength(): void {
    if (!this.#resizable) return;
    const length = openFileOf(this.#file).length();
    if (length >= this.#end) return;
    const { path } = this.#file;
    const message =
      `file '${path}' must be at least ${this.#end} bytes long while an appender has it open; received ${length} bytes: another program has cut it. ` +
      'Close the appender, find the last whole record, and open the file again there';
    throw new CorebufError('ERR_CHANGED', message, { path });
  }

  /** Resolves when covers(to) holds. @throws ERR_CHANGED as checkLength(), because a file that has grown hides the cut; ERR_IO, ERR_OUT_OF_MEMORY */
  async grow(to: number): Promise<void> {
    assert(!this.#growing, 'a log grows once at a time');
    this.#growing = true;
    try {
      await this.#zeros.whenIdle();
      if (to > this.#end && this.#step > 0) await this.#allocate(Math.ceil(to / this.#step) * this.#step);
    } finally {
      this.#growing = false;
    }
  }

  async #allocate(end: number): Promise<void> {
    this.checkLength();
    try {
      await this.#file.allocate(this.#end, end - this.#end);
      this.#end = end;
    } catch (error) {
      if (!(error instanceof CorebufError) || !OFF_AFTER.has(error.errnoName ?? '')) throw error;
      this.#step = 0;
      // A full ext4 keeps the blocks that it had found, and the new size. Others may need them, and nothing has been written there.
      await this.#file.truncate(this.#end).catch(() => undefined);
    }
  }

  /** A sync of `bytes` new bytes has succeeded. No write behind the position `free` is under way or waits. */
  onSynced(bytes: number, free: number): void {
    if (this.#step > 0) this.#zeros.onSynced(bytes, free, this.#end);
  }

  /** Resolves when no zeros are being written. */
  whenIdle(): Promise<void> {
    return this.#zeros.whenIdle();
  }

  /** The file was cut to `end` bytes while nothing was under way. */
  cut(end: number): void {
    this.#end = end;
    this.#zeros.cut(end);
  }
}
