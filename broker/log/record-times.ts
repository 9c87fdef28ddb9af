// Looks into the records of a batch for one with a timestamp. Records that are compressed stay so: there the answer is the first record of
// the batch, from which on a consumer finds the one it wants.
import type { IoBuf } from 'corebuf';
import { HEADER_BYTES, hasLogAppendTime, isCompressed } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';

/** A record and its timestamp, in milliseconds. */
export interface TimedOffset {
  readonly offset: bigint;
  readonly timestamp: bigint;
}

/** First record with a timestamp of at least `timestamp` in the batch at the front of `bytes`, whose greatest timestamp is not less. */
export function firstRecordSince(bytes: IoBuf, batch: BatchInfo, timestamp: bigint): TimedOffset {
  if (hasLogAppendTime(batch)) return { offset: BigInt(batch.baseOffset), timestamp: batch.maxTimestamp };
  if (isCompressed(batch)) {
    return { offset: BigInt(batch.baseOffset), timestamp: batch.baseTimestamp < timestamp ? timestamp : batch.baseTimestamp };
  }
  const { maxTimestamp } = batch;
  return findRecord(bytes, batch, (time) => time >= timestamp) ?? { offset: BigInt(batch.baseOffset), timestamp: maxTimestamp };
}

/** First record with the greatest timestamp of the batch at the front of `bytes`. */
export function latestRecord(bytes: IoBuf, batch: BatchInfo): TimedOffset {
  const { baseOffset, lastOffsetDelta, maxTimestamp: timestamp } = batch;
  if (hasLogAppendTime(batch)) return { offset: BigInt(baseOffset), timestamp };
  const found = isCompressed(batch) ? undefined : findRecord(bytes, batch, (time) => time === timestamp);
  return found ?? { offset: BigInt(baseOffset + lastOffsetDelta), timestamp };
}

/** Undefined when there is none, and when the records are not what their format says: the broker does not look into them otherwise. */
function findRecord(bytes: IoBuf, batch: BatchInfo, matches: (timestamp: bigint) => boolean): TimedOffset | undefined {
  const reader = bytes.reader().skip(HEADER_BYTES);
  try {
    for (let record = 0; record < batch.recordCount; record++) {
      const length = reader.readVarint();
      const start = reader.position;
      const timestamp = batch.baseTimestamp + reader.skip(1).readVarlong();
      if (matches(timestamp)) return { offset: BigInt(batch.baseOffset + reader.readVarint()), timestamp };
      reader.position = start + length;
    }
  } catch {
    // A varint or a length that leads out of the batch.
  }
  return undefined;
}
