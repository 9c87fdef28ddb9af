// Goes through the batches of a segment file, front to back.
import { DmaFile, IoBuf } from 'corebuf';
import type { OpenFiles } from './open-files.js';
import { HEADER_BYTES, isIntact, readBatchInfo } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import { Slices } from './slices.js';

const MAGIC = 2;
/** All logs of this thread share its turns. */
const slices = new Slices();

export interface ScanRange {
  /** Position of a batch, in bytes. */
  readonly start: number;
  /** Position behind the last batch that is wanted. Default: the end of the file. */
  readonly end?: number;
  /** Whether the checksums are verified, which costs the reading of every byte. */
  readonly checksums: boolean;
  /** Whether the batches are made durable, and the file is cut behind them. Default false. */
  readonly repair?: boolean;
}

/** Receives each batch and its position, and the bytes from there on. Returns false to end the scan before this batch. */
export type VisitBatch = (batch: BatchInfo, position: number, bytes: IoBuf) => boolean;

/**
 * Visits the whole batches of the file at `path`. Returns the position behind the last one that was visited and accepted: bytes that
 * follow there are no batch, or no whole one.
 *
 * @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY
 */
export async function scanBatches(pool: OpenFiles, path: string, range: ScanRange, visit: VisitBatch): Promise<number> {
  await pool.acquire();
  try {
    await using file = await DmaFile.open(path, range.repair === true ? 'r+' : 'r');
    const end = await scanFile(file, range, visit);
    if (range.repair === true) await repair(file, end);
    return end;
  } finally {
    pool.release();
  }
}

async function scanFile(file: DmaFile, { start, end = Infinity, checksums }: ScanRange, visit: VisitBatch): Promise<number> {
  const limit = Math.min(end, await file.size());
  using unread = new IoBuf();
  let position = start;
  for await (const chunk of file.chunks({ start, end: Math.max(start, limit) })) {
    unread.take(chunk);
    while (unread.length >= HEADER_BYTES) {
      const batch = readBatchInfo(unread.reader());
      if (!mayBeBatch(batch, limit - position)) return position;
      if (unread.length < batch.length) break;
      if (checksums && slices.isOver) await slices.next();
      if ((checksums && !isIntact(unread, batch)) || !visit(batch, position, unread)) return position;
      unread.trimFront(batch.length);
      position += batch.length;
    }
  }
  return position;
}

async function repair(file: DmaFile, end: number): Promise<void> {
  if ((await file.size()) > end) await file.truncate(end);
  await file.sync();
}

/** Whether this is the header of a batch that ends within the next `left` bytes. Zeros behind the data are not: they have no length. */
export function mayBeBatch({ length, magic, recordCount, lastOffsetDelta, baseOffset }: BatchInfo, left: number): boolean {
  return length >= HEADER_BYTES && length <= left && magic === MAGIC && recordCount > 0 && lastOffsetDelta >= 0 && baseOffset >= 0;
}
