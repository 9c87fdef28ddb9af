// The header of a record batch, the only format of records that the log knows (magic 2). A batch is stored as its producer sent it; only
// its offset and its leader epoch are written by the broker, and these 12 bytes lie in front of what the checksum covers.
//
//    0 base offset i64 │ 8 length of what follows i32 │ 12 leader epoch i32 │ 16 magic i8 │ 17 crc32c u32 │ 21 attributes i16
//   23 last offset delta i32 │ 27 base timestamp i64 │ 35 max timestamp i64 │ 43 producer id i64 │ 51 producer epoch i16
//   53 base sequence i32 │ 57 records i32 │ 61 the records, one by one or as one compressed block
import { IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';

/** Bytes of a batch before its records. */
export const HEADER_BYTES = 61;
/** Bytes of a batch that its length field does not count. */
export const LENGTH_END = 12;
/** The checksum covers the batch from here to its end. */
const CHECKED_FROM = 21;
const MAGIC_AT = 16;
const MAGIC = 2;
/** Sequences go on with 0 after 2^31 - 1. */
const SEQUENCES = 2 ** 31;

const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Compression codecs by their numbers in the attributes. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export interface BatchInfo {
  /** As written: 0 in a batch that a client sends. */
  readonly baseOffset: number;
  /** Number of bytes of the whole batch. */
  readonly length: number;
  readonly magic: number;
  readonly crc: number;
  readonly attributes: number;
  /** Offset of the last record, less the base offset. */
  readonly lastOffsetDelta: number;
  /** Timestamp from which those of the records count, in milliseconds. */
  readonly baseTimestamp: bigint;
  /** Greatest timestamp of a record, in milliseconds. */
  readonly maxTimestamp: bigint;
  /** -1 for a producer that is not idempotent. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Reads a header, at least 61 bytes of which must be there. Checks nothing. */
export function readBatchInfo(reader: IoBufReader): BatchInfo {
  const baseOffset = readOffset(reader);
  const length = reader.readInt32BE() + LENGTH_END;
  const magic = reader.skip(MAGIC_AT - LENGTH_END).readInt8();
  return {
    baseOffset,
    length,
    magic,
    crc: reader.readUInt32BE(),
    attributes: reader.readInt16BE(),
    lastOffsetDelta: reader.readInt32BE(),
    baseTimestamp: reader.readBigInt64BE(),
    maxTimestamp: reader.readBigInt64BE(),
    producerId: reader.readBigInt64BE(),
    producerEpoch: reader.readInt16BE(),
    baseSequence: reader.readInt32BE(),
    recordCount: reader.readInt32BE(),
  };
}

/** Offsets are numbers inside the log: it would take centuries to reach 2^53. */
function readOffset(reader: IoBufReader): number {
  const high = reader.readInt32BE();
  return high * 2 ** 32 + reader.readUInt32BE();
}

/** Offset that follows the last record of a batch that begins at `baseOffset`. */
export function nextOffsetOf(batch: BatchInfo, baseOffset = batch.baseOffset): number {
  return baseOffset + batch.lastOffsetDelta + 1;
}

/** Sequence number of the last record. */
export function lastSequenceOf(batch: BatchInfo): number {
  return (batch.baseSequence + batch.lastOffsetDelta) % SEQUENCES;
}

/** Sequence number that follows `sequence`. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) % SEQUENCES;
}

/** Whether one of the batches of `bytes`, all of which are there whole, is compressed by `codec`. O(batches). */
export function hasBatchCompressedBy(bytes: IoBuf, codec: (typeof codecs)[number]): boolean {
  const reader = bytes.reader();
  for (let start = 0; start < bytes.length; ) {
    reader.position = start;
    const batch = readBatchInfo(reader);
    if (codecOf(batch) === codec) return true;
    start += batch.length;
  }
  return false;
}

/** Number of bytes of those batches at the front of `bytes`, all of which are there whole, that fit in `maxBytes`. O(batches). */
export function bytesOfBatches(bytes: IoBuf, maxBytes: number): number {
  const reader = bytes.reader();
  for (let start = 0; start < bytes.length; ) {
    reader.position = start;
    const end = start + readBatchInfo(reader).length;
    if (end > maxBytes) return start;
    start = end;
  }
  return bytes.length;
}

/** How the records are compressed; undefined for a number that is not known. */
export function codecOf({ attributes }: BatchInfo): (typeof codecs)[number] | undefined {
  return codecs[attributes & CODEC_MASK];
}

export function hasLogAppendTime(batch: BatchInfo): boolean {
  return (batch.attributes & LOG_APPEND_TIME) !== 0;
}

/** The time in milliseconds that the broker has written into a batch of the log; undefined when its producer's times count. */
export function appendTimeOf(batch: BatchInfo): number | undefined {
  return hasLogAppendTime(batch) ? Number(batch.maxTimestamp) : undefined;
}

/** Whether the checksum of the batch at the front of `bytes`, all of which is there, is right. O(bytes of the batch). */
export function isIntact(bytes: IoBuf, batch: BatchInfo): boolean {
  return bytes.crc32c(0, CHECKED_FROM, batch.length) === batch.crc;
}

/**
 * Checks the one batch that a client sent for a partition, checksum included: O(bytes). Returns its header.
 *
 * @throws BrokerError as checkBatch(); CORRUPT_MESSAGE for a wrong checksum
 */
export function verifyBatch(records: IoBuf): BatchInfo {
  const batch = checkBatch(records);
  if (!isIntact(records, batch)) throw corrupt('the CRC-32C of the batch is wrong');
  return batch;
}

/**
 * Checks all of a batch that a client sent but its checksum. O(1).
 *
 * @throws BrokerError: CORRUPT_MESSAGE for bytes that are no whole batch, INVALID_RECORD for a batch that a client must not send,
 * UNSUPPORTED_COMPRESSION_TYPE, INVALID_TIMESTAMP, INVALID_TXN_STATE
 */
export function checkBatch(records: IoBuf): BatchInfo {
  if (records.length <= MAGIC_AT) throw corrupt(`a batch has at least ${HEADER_BYTES} bytes, these records have ${records.length}`);
  const reader = records.reader();
  const magic = reader.skip(MAGIC_AT).readInt8();
  if (magic !== MAGIC) throw invalid(`the magic of a batch must be 2, received ${magic}`);
  if (records.length < HEADER_BYTES) throw corrupt(`a batch has at least ${HEADER_BYTES} bytes, these records have ${records.length}`);
  reader.position = 0;
  const batch = readBatchInfo(reader);
  checkLength(batch, records.length);
  checkCounts(batch);
  checkAttributes(batch);
  return batch;
}

function checkLength({ length }: BatchInfo, received: number): void {
  if (length < HEADER_BYTES || length > received) throw corrupt(`the batch says that it has ${length} bytes, received ${received}`);
  if (length < received) throw invalid(`the records of a partition must be one batch, received ${received - length} bytes behind it`);
}

function checkCounts({ baseOffset, recordCount, lastOffsetDelta, producerId, producerEpoch, baseSequence }: BatchInfo): void {
  if (baseOffset !== 0) throw invalid(`the base offset of a produced batch must be 0, received ${baseOffset}`);
  if (recordCount < 1) throw invalid(`a batch must have at least one record, received ${recordCount}`);
  if (lastOffsetDelta !== recordCount - 1) throw invalid(`the last of ${recordCount} records must have offset ${recordCount - 1}, received ${lastOffsetDelta}`);
  if (producerId < 0n) return;
  if (producerEpoch < 0) throw invalid(`a producer with an id must have an epoch, received ${producerEpoch}`);
  if (baseSequence < 0) throw invalid(`a producer with an id must number its records, received ${baseSequence}`);
}

function checkAttributes({ attributes }: BatchInfo): void {
  const codec = attributes & CODEC_MASK;
  if (codec >= codecs.length) throw new BrokerError(errorCodes.UNSUPPORTED_COMPRESSION_TYPE, `compression codec ${codec} is unknown`);
  if ((attributes & CONTROL) !== 0) throw invalid('clients must not write control batches');
  if ((attributes & TRANSACTIONAL) !== 0) throw new BrokerError(errorCodes.INVALID_TXN_STATE, 'this broker has no transactions');
  if ((attributes & LOG_APPEND_TIME) !== 0) throw new BrokerError(errorCodes.INVALID_TIMESTAMP, 'clients must not set the append time');
}

/**
 * The batch with its offset and leader epoch: 16 new bytes and the rest of `batch`, which is taken. No payload is copied.
 *
 * @throws ERR_OUT_OF_MEMORY; the caller then releases `batch`
 */
export function stamp(batch: IoBuf, baseOffset: number, leaderEpoch: number): IoBuf {
  const afterLength = batch.length - LENGTH_END;
  return withFront(batch, MAGIC_AT, (front) => front.appendBigInt64BE(BigInt(baseOffset)).appendInt32BE(afterLength).appendInt32BE(leaderEpoch));
}

/**
 * The batch with `time`, in milliseconds, as the timestamp of all its records: 43 new bytes and the rest of `batch`, which is taken. The
 * checksum is computed anew: O(bytes).
 *
 * @throws ERR_OUT_OF_MEMORY; the caller then releases `batch`
 */
export function withAppendTime(batch: IoBuf, info: BatchInfo, time: bigint): IoBuf {
  const MAX_TIMESTAMP_END = 43;
  using checked = new IoBuf().appendInt16BE(info.attributes | LOG_APPEND_TIME).appendInt32BE(info.lastOffsetDelta);
  checked.appendBigInt64BE(info.baseTimestamp).appendBigInt64BE(time);
  const crc = batch.crc32c(checked.crc32c(), MAX_TIMESTAMP_END);
  using head = batch.share(0, MAGIC_AT + 1);
  return withFront(batch, MAX_TIMESTAMP_END, (front) => front.append(head).appendUInt32BE(crc).append(checked));
}

function withFront(batch: IoBuf, replaced: number, write: (front: IoBuf) => void): IoBuf {
  const front = new IoBuf();
  try {
    write(front);
    batch.trimFront(replaced);
    return front.take(batch);
  } catch (error) {
    front.release();
    throw error;
  }
}

function corrupt(message: string): BrokerError {
  return new BrokerError(errorCodes.CORRUPT_MESSAGE, message);
}

function invalid(message: string): BrokerError {
  return new BrokerError(errorCodes.INVALID_RECORD, message);
}
