// What the shard that owns partitions does for the shards whose clients ask. Errors are codes in the results: an error that is thrown loses
// its code on the way to another shard.
import { IoBuf } from 'corebuf';
import type { PartitionLog } from '../log/partition-log.js';
import { BrokerError, codeOf, errorCodes, messageOf } from '../protocol/error-codes.js';
import { offsetPlaces } from './offset-places.js';
import { LEADER_EPOCH } from './topic.js';
import { aborted, firstOf } from './waits.js';
import type { Wait } from './waits.js';

export interface AppendResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
  /** -1 when the producer's times count. */
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: bigint;
}

/** A place in a partition from which batches are read. */
export interface PartitionRead {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly maxBytes: number;
  /** Whether the first batch is returned even if it is longer than `maxBytes`. */
  readonly wholeFirst: boolean;
  /** Leader epoch that the client believes in; -1: any. */
  readonly leaderEpoch: number;
}

export interface ReadResult {
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly logStartOffset: bigint;
  /** The receiver's to release. */
  readonly records: IoBuf;
}

export interface OffsetResult {
  readonly errorCode: number;
  readonly offset: bigint;
  readonly timestamp: bigint;
}

/** Where logs are found. */
interface Logs {
  get(topicId: string, partition: number): PartitionLog | undefined;
}

export class PartitionService {
  readonly #partitions: Logs;
  readonly #onError: (error: unknown) => void;

  constructor(partitions: Logs, onError: (error: unknown) => void) {
    this.#partitions = partitions;
    this.#onError = onError;
  }

  /** Appends one batch, which was checked where it arrived, and takes the chain. Its place is fixed before this method first waits. */
  async append(topicId: string, partition: number, records: IoBuf, acks: number): Promise<AppendResult> {
    const none = { baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n };
    try {
      const log = this.#partitions.get(topicId, partition);
      if (log === undefined) {
        records.release();
        throw unknownPartition();
      }
      const { baseOffset, appendTime, durable } = log.append(records, { leaderEpoch: LEADER_EPOCH, acks });
      await durable;
      return { errorCode: errorCodes.NONE, errorMessage: null, baseOffset, logAppendTimeMs: appendTime, logStartOffset: log.startOffset };
    } catch (error) {
      return { errorCode: this.#codeOf(error), errorMessage: messageOf(error), ...none };
    }
  }

  /** Reads what is there now. */
  read(reads: readonly PartitionRead[]): Promise<ReadResult[]> {
    return Promise.all(reads.map((read) => this.#readOne(read)));
  }

  /** Tells when one of the partitions has records at or above its offset, or when one cannot be waited for. */
  readable(reads: readonly PartitionRead[]): Wait {
    return firstOf(reads.map((read) => (told) => this.#onBeyond(read, told)));
  }

  /** Resolves when readable() tells, or when `signal` is aborted: for other shards. */
  whenReadable(reads: readonly PartitionRead[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => firstOf([aborted(signal), this.readable(reads)])(resolve));
  }

  /** The offset for a timestamp in milliseconds, or for one of `offsetPlaces`. */
  async findOffset(topicId: string, partition: number, timestamp: bigint): Promise<OffsetResult> {
    try {
      const log = this.#partitions.get(topicId, partition);
      if (log === undefined) throw unknownPartition();
      return { errorCode: errorCodes.NONE, ...(await offsetOf(log, timestamp)) };
    } catch (error) {
      return { errorCode: this.#codeOf(error), offset: -1n, timestamp: -1n };
    }
  }

  /** Removes the records before `offset`; -1: before the high watermark. */
  async deleteRecords(topicId: string, partition: number, offset: bigint): Promise<OffsetResult> {
    try {
      const log = this.#partitions.get(topicId, partition);
      if (log === undefined) throw unknownPartition();
      return { errorCode: errorCodes.NONE, offset: await log.deleteRecordsBefore(offset), timestamp: -1n };
    } catch (error) {
      return { errorCode: this.#codeOf(error), offset: -1n, timestamp: -1n };
    }
  }

  #onBeyond({ topicId, partition, offset }: PartitionRead, told: () => void): () => void {
    const log = this.#partitions.get(topicId, partition);
    if (log !== undefined) return log.onBeyond(offset, told);
    told();
    return () => undefined;
  }

  async #readOne({ topicId, partition, offset, maxBytes, wholeFirst, leaderEpoch }: PartitionRead): Promise<ReadResult> {
    try {
      const log = this.#partitions.get(topicId, partition);
      if (log === undefined) throw unknownPartition();
      checkEpoch(leaderEpoch);
      const records = await log.read(offset, maxBytes, { wholeFirst });
      return { errorCode: errorCodes.NONE, highWatermark: log.highWatermark, logStartOffset: log.startOffset, records };
    } catch (error) {
      return { errorCode: this.#codeOf(error), highWatermark: -1n, logStartOffset: -1n, records: new IoBuf() };
    }
  }

  #codeOf(error: unknown): number {
    if (!(error instanceof BrokerError)) this.#onError(error);
    return codeOf(error);
  }
}

function unknownPartition(): BrokerError {
  return new BrokerError(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such partition');
}

/** @throws BrokerError when the client has another leader in mind. */
function checkEpoch(epoch: number): void {
  if (epoch > LEADER_EPOCH) throw new BrokerError(errorCodes.UNKNOWN_LEADER_EPOCH, `leader epoch ${epoch} is not known`);
  if (epoch !== -1 && epoch < LEADER_EPOCH) throw new BrokerError(errorCodes.FENCED_LEADER_EPOCH, `leader epoch ${epoch} has ended`);
}

/** Records that were accepted before the question are found: a producer with acks=1 may ask for its own. */
async function offsetOf(log: PartitionLog, timestamp: bigint): Promise<{ offset: bigint; timestamp: bigint }> {
  const none = { offset: -1n, timestamp: -1n };
  switch (timestamp) {
    case offsetPlaces.LATEST:
      return { offset: await log.endOnceDurable(), timestamp: -1n };
    case offsetPlaces.EARLIEST:
    case offsetPlaces.EARLIEST_LOCAL:
      return { offset: log.startOffset, timestamp: -1n };
    case offsetPlaces.OF_MAX_TIMESTAMP:
      await log.endOnceDurable();
      return (await log.offsetOfLatest()) ?? none;
    case offsetPlaces.LATEST_TIERED:
    case offsetPlaces.EARLIEST_PENDING_UPLOAD:
      return none;
    default:
      await log.endOnceDurable();
      return (await log.offsetForTime(timestamp)) ?? none;
  }
}
