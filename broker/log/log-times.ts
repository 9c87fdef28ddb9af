// Finds records by their timestamps, through the indexes.
import type { OpenFiles } from './open-files.js';
import { nextOffsetOf } from './record-batch.js';
import { firstRecordSince, latestRecord } from './record-times.js';
import type { TimedOffset } from './record-times.js';
import { scanBatches } from './scan.js';
import type { SegmentList } from './segment-list.js';

/** Offsets from `start` to before `limit`. */
export interface OffsetRange {
  readonly start: number;
  readonly limit: number;
}

/** First record of the range with a timestamp of at least `timestamp`. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
export async function findTime(segments: SegmentList, pool: OpenFiles, range: OffsetRange, timestamp: bigint): Promise<TimedOffset | undefined> {
  let found: TimedOffset | undefined;
  for (const segment of [...segments.all]) {
    const index = await segments.indexOf(segment);
    // Numbers may round two timestamps to one: then the scan finds nothing, and the next segment is looked at.
    if (index.maxTime < Number(timestamp) || segments.endOf(segment) <= range.start) continue;
    const { position } = index.floorTime(timestamp);
    await scanBatches(pool, segment.path, { start: position, end: index.end, checksums: false }, (batch, _position, bytes) => {
      if (nextOffsetOf(batch) > range.limit) return false;
      if (batch.maxTimestamp < timestamp || nextOffsetOf(batch) <= range.start) return true;
      found = firstRecordSince(bytes, batch, timestamp);
      return false;
    });
    if (found !== undefined) return found.offset < range.start ? { ...found, offset: BigInt(range.start) } : found;
  }
  return undefined;
}

/** First record of the range with the greatest timestamp. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
export async function findLatest(segments: SegmentList, pool: OpenFiles, range: OffsetRange): Promise<TimedOffset | undefined> {
  let found: TimedOffset | undefined;
  for (const segment of [...segments.all]) {
    const index = await segments.indexOf(segment);
    if (index.end === 0 || segments.endOf(segment) <= range.start || (found !== undefined && Number(found.timestamp) >= index.maxTime)) continue;
    await scanBatches(pool, segment.path, { start: index.maxTimeAt, end: index.end, checksums: false }, (batch, _position, bytes) => {
      if (nextOffsetOf(batch) <= range.limit) found = latestRecord(bytes, batch);
      return false;
    });
  }
  return found;
}
