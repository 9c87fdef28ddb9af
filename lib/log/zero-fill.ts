// Zeros that are written ahead of a log, over blocks that are allocated and have never been written. The first write to such a block
// changes the extents of the file, which the next sync must put into the journal; a sync of blocks that were written before waits for the
// data alone. (Databases know it as recycled or zero-filled log files.) Every byte is then written twice, so it is done only while syncs are
// small and come often.
import { DmaBuffer } from '../buffer/dma-buffer.js';
import type { DmaFile } from '../io/dma-file.js';
import { IoBuf } from '../iobuf/iobuf.js';

const KIB = 1024;
/** Bytes of zeros that one write has. */
const STEP = 1024 * KIB;
/** Zeros are written when fewer bytes than this are left of the last ones. */
const LEFT_MIN = 512 * KIB;
/** Distance in bytes of the first zeros from the data, so that the next writes need not wait for them. */
const LEAD = 256 * KIB;
/** Zeros are written while syncs have fewer bytes than this on average. */
const SMALL_SYNC = 128 * KIB;
/** Weight of the newest sync in that average. */
const WEIGHT = 1 / 4;
/** Bytes of the one buffer of zeros that a write refers to again and again. */
const BUFFER = 64 * KIB;

export class ZeroFill {
  readonly #file: DmaFile;
  #off: boolean;
  /** Blocks behind this position have never been written. */
  #end = 0;
  #meanSync = STEP;
  /** Position of the zeros that are being written; Infinity when there are none. */
  #start = Infinity;
  #ended: Promise<void> = Promise.resolve();
  /** Number of bytes of zeros that have been written. */
  bytesWritten = 0;

  constructor(file: DmaFile) {
    this.#file = file;
    this.#off = !file.direct;
  }

  /** Position from which on the file must not be written now, because zeros are being written there; Infinity when there are none. */
  get start(): number {
    return this.#start;
  }

  /** Resolves when no zeros are being written. */
  whenIdle(): Promise<void> {
    return this.#ended;
  }

  /** A sync of `bytes` new bytes has succeeded. No other write between `free` and `end`, where the file ends, is under way or waits. */
  onSynced(bytes: number, free: number, end: number): void {
    this.#meanSync += (bytes - this.#meanSync) * WEIGHT;
    if (this.#off || this.#start < Infinity || this.#meanSync >= SMALL_SYNC || this.#end - free >= LEFT_MIN) return;
    const start = Math.max(this.#end, free + (this.#end <= free ? LEAD : 0));
    const length = Math.min(STEP, end - start);
    if (length <= 0) return;
    this.#start = start;
    this.#ended = this.#write(start, length);
  }

  /** The file was cut to `end` bytes while nothing was under way. */
  cut(end: number): void {
    this.#end = Math.min(this.#end, end);
  }

  /** A failure loses nothing. It ends the writing of zeros for this log. */
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

/** A chain of `length` zeros that refers to one small buffer many times. @throws ERR_OUT_OF_MEMORY */
function zerosOf(length: number): IoBuf {
  const zeros = new IoBuf();
  try {
    using buffer = DmaBuffer.alloc(BUFFER, { zero: true });
    for (let left = length; left > 0; left -= BUFFER) zeros.take(buffer.share(0, Math.min(left, BUFFER)));
    return zeros;
  } catch (error) {
    zeros.release();
    throw error;
  }
}
