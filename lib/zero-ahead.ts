// Zeros written over blocks that are allocated and not written yet. The first write to such a block changes the file's extents, which
// the next sync must put into the journal; over blocks that were written before, a sync has only the data to wait for. (Databases have
// it as recycled or zero-filled log files.) It costs writing everything twice, so it is done only while syncs are small and come often.
import { DmaBuffer } from './dma-buffer.js';
import type { DmaFile } from './dma-file.js';
import { IoBuf } from './iobuf.js';

const KIB = 1024;
/** Zeroed at once. */
const STEP = 1024 * KIB;
/** More are zeroed when fewer are left. */
const AHEAD_LEAST = 512 * KIB;
/** The first zeros begin so far ahead that the next writes need not wait for them. */
const LEAD = 256 * KIB;
/** Syncs of fewer bytes are small. */
const SMALL = 128 * KIB;
/** Of the last sync in the mean of all. */
const WEIGHT = 1 / 4;
const PIECE = 64 * KIB;

export class ZeroAhead {
  readonly #file: DmaFile;
  #off: boolean;
  /** What lies between here and the end of what is written may never have been written. */
  #end = 0;
  #meanSync = STEP;
  /** Of the zeros that are under way. */
  #start = Infinity;
  #ended: Promise<void> = Promise.resolve();
  bytesWritten = 0;

  constructor(file: DmaFile) {
    this.#file = file;
    this.#off = !file.direct;
  }

  /** From here on the file must not be written now; Infinity when there is no such place. */
  get start(): number {
    return this.#start;
  }

  /** Resolves when no zeros are under way. */
  quiet(): Promise<void> {
    return this.#ended;
  }

  /** A sync of so many bytes has ended; nothing of the file from `free` to `end` is written or about to be. */
  synced(bytes: number, free: number, end: number): void {
    this.#meanSync += (bytes - this.#meanSync) * WEIGHT;
    if (this.#off || this.#start < Infinity || this.#meanSync >= SMALL || this.#end - free >= AHEAD_LEAST) return;
    const start = Math.max(this.#end, free + (this.#end <= free ? LEAD : 0));
    const length = Math.min(STEP, end - start);
    if (length <= 0) return;
    this.#start = start;
    this.#ended = this.#write(start, length);
  }

  /** The file was cut, with nothing under way. */
  cut(end: number): void {
    this.#end = Math.min(this.#end, end);
  }

  /** Nothing is lost when it fails, and no more is tried. */
  async #write(start: number, length: number): Promise<void> {
    try {
      using zeros = zerosOf(length);
      await this.#file.write(start, zeros);
      this.bytesWritten += length;
      this.#end = start + length;
    } catch {
      this.#off = true;
    } finally {
      this.#start = Infinity;
    }
  }
}

/** A few zeros, many times over. */
function zerosOf(length: number): IoBuf {
  const zeros = new IoBuf();
  try {
    using piece = DmaBuffer.alloc(PIECE, { zero: true });
    for (let left = length; left > 0; left -= PIECE) zeros.take(piece.share(0, Math.min(left, PIECE)));
  } catch (error) {
    zeros.release();
    throw error;
  }
  return zeros;
}
