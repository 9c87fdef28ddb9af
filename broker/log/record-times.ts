// Finds a record by its timestamp in one batch. Where its records cannot be read, the header answers: the first record may have the greatest
// time. A consumer that begins there meets the record that it wants.
import type { IoBuf } from 'corebuf';
import { hasLogAppendTime } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import { visitRecords } from './record-reader.js';
import type { TimedOffset } from './record-reader.js';

/** A batch of the log, and the bytes that it is. */
export interface StoredBatch {
  readonly info: BatchInfo;
  readonly bytes: IoBuf;
}

/**
 * First record at or behind the offset `start` with a timestamp of at least `timestamp`, in a batch whose greatest timestamp is not less.
 * Undefined when only records before `start` have one. @throws ERR_OUT_OF_MEMORY
 */
export async function firstRecordSince({ info, bytes }: StoredBatch, start: number, timestamp: bigint): Promise<TimedOffset | undefined> {
  const first = firstOf(info, start);
  if (hasLogAppendTime(info)) return first;
  let found: TimedOffset | undefined;
  const wasRead = await visitRecords(bytes, info, (record) => {
    if (record.offset >= start && record.timestamp >= timestamp) found = record;
    return found === undefined;
  });
  if (found !== undefined || (wasRead && info.baseOffset < start)) return found;
  return info.baseOffset >= start && info.baseTimestamp >= timestamp ? { ...first, timestamp: info.baseTimestamp } : first;
}

/** First record with the greatest timestamp among those at or behind the offset `start`, which the batch has. @throws ERR_OUT_OF_MEMORY */
export async function latestRecord({ info, bytes }: StoredBatch, start: number): Promise<TimedOffset> {
  if (hasLogAppendTime(info)) return firstOf(info, start);
  let latest: TimedOffset | undefined;
  const wasRead = await visitRecords(bytes, info, (record) => {
    if (record.offset >= start && (latest === undefined || record.timestamp > latest.timestamp)) latest = record;
    return true;
  });
  return wasRead && latest !== undefined ? latest : firstOf(info, start);
}

/** The first record at or behind `start`, with the greatest timestamp of the batch. */
function firstOf({ baseOffset, maxTimestamp }: BatchInfo, start: number): TimedOffset {
  return { offset: BigInt(Math.max(baseOffset, start)), timestamp: maxTimestamp };
}
