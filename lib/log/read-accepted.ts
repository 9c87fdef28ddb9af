// Reads bytes of a log that are partly in the file and partly still in memory. The memory is copied at once, because it is used again as
// soon as it is written; the file is read after that.
import { assert } from '../base/assert.js';
import { changed } from '../base/errors.js';
import type { DmaFile } from '../io/dma-file.js';
import { IoBuf } from '../iobuf/iobuf.js';

/** Bytes that may not be in the file yet, at the positions from `start` to before `end`. */
export interface MemoryRange {
  readonly start: number;
  readonly end: number;
  /** The bytes, for a moment: the caller copies them and releases the chain. @throws ERR_OUT_OF_MEMORY */
  share(): IoBuf;
}

/** A copy of bytes that were in memory, or a range of the file. */
type Piece = IoBuf | { readonly position: number; readonly length: number };

/**
 * The bytes from `position` to `end`, all of which are accepted. Bytes that are in no range are in the file.
 *
 * @throws ERR_OUT_OF_MEMORY, ERR_IO; ERR_CHANGED when the log is cut meanwhile
 */
export async function readAccepted(file: DmaFile, position: number, end: number, ranges: readonly MemoryRange[]): Promise<IoBuf> {
  const pieces = piecesOf(position, end, ranges);
  const result = new IoBuf();
  try {
    for (const piece of pieces) result.take(piece instanceof IoBuf ? piece : await readWhole(file, piece.position, piece.length));
    return result;
  } catch (error) {
    result.release();
    throw error;
  } finally {
    for (const piece of pieces) if (piece instanceof IoBuf) piece.release();
  }
}

async function readWhole(file: DmaFile, position: number, length: number): Promise<IoBuf> {
  const read = await file.read(position, length);
  if (read.length === length) return read;
  read.release();
  throw changed('appender');
}

function piecesOf(position: number, end: number, ranges: readonly MemoryRange[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = position;
  const toFile = (to: number): void => {
    if (at < to) pieces.push({ position: at, length: to - at });
    at = Math.max(at, to);
  };
  try {
    for (const range of [...ranges].sort((one, other) => one.start - other.start)) {
      if (range.end <= at || range.start >= end) continue;
      toFile(range.start);
      const to = Math.min(range.end, end);
      pieces.push(copyOf(range, at, to));
      at = to;
    }
    toFile(end);
    assert(at === end, 'the pieces of a range are all of it');
    return pieces;
  } catch (error) {
    for (const piece of pieces) if (piece instanceof IoBuf) piece.release();
    throw error;
  }
}

function copyOf(range: MemoryRange, from: number, to: number): IoBuf {
  using all = range.share();
  using part = all.share(from - range.start, to - range.start);
  return part.copy();
}
