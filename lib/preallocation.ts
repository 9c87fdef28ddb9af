// Blocks ahead of what is written, in large steps. A write that makes its file longer has the file system change the size, which takes
// the file for itself and goes into the journal with each sync; inside of the size, writes go on side by side. So the size grows with
// the step, not with keep-size: what is behind the last byte reads as zeros until the file is closed.
import { getSystemErrorName } from 'node:util';
import type { DmaFile } from './dma-file.js';
import { CorebufError } from './errors.js';
import { ZeroAhead } from './zero-ahead.js';

/** Not here, or no space for a whole step: writes will find out for themselves whether there is space for them. */
const OFF_AFTER = new Set(['ENODEV', 'ENOSPC', 'ENOSYS', 'EDQUOT', 'EFBIG', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ESPIPE']);

export class Preallocation {
  readonly #file: DmaFile;
  readonly #zeros: ZeroAhead;
  #step: number;
  /** The file is at least so long. */
  #end: number;

  constructor(file: DmaFile, step: number, end: number) {
    this.#file = file;
    this.#zeros = new ZeroAhead(file);
    this.#step = step;
    this.#end = end;
  }

  get bytesZeroed(): number {
    return this.#zeros.bytesWritten;
  }

  /** Bytes up to `end` can be written now and without changing the size, or there is no way to have it so. */
  covers(end: number): boolean {
    return end <= this.#zeros.start && (end <= this.#end || this.#step === 0);
  }

  /** Bytes from `start` on that can, or all. */
  roomBehind(start: number): number {
    return Math.min(this.#zeros.start, this.#step === 0 ? Infinity : this.#end) - start;
  }

  /** @throws ERR_IO, ERR_OUT_OF_MEMORY */
  async grow(to: number): Promise<void> {
    await this.#zeros.quiet();
    if (to <= this.#end || this.#step === 0) return;
    const end = Math.ceil(to / this.#step) * this.#step;
    try {
      await this.#file.allocate(this.#end, end - this.#end);
      this.#end = end;
    } catch (error) {
      if (!(error instanceof CorebufError) || error.errno === undefined || !OFF_AFTER.has(getSystemErrorName(error.errno))) throw error;
      this.#step = 0;
      // ext4 keeps what it had found when there was no more, and the size with it: others may need it, and nothing is written there.
      await this.#file.truncate(this.#end).catch(() => undefined);
    }
  }

  /** A sync of so many bytes has ended; nothing from `free` on is written or about to be. */
  synced(bytes: number, free: number): void {
    if (this.#step > 0) this.#zeros.synced(bytes, free, this.#end);
  }

  /** Resolves when only the writes of others are under way. */
  quiet(): Promise<void> {
    return this.#zeros.quiet();
  }

  cut(end: number): void {
    this.#end = end;
    this.#zeros.cut(end);
  }
}
