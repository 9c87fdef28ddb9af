// The end of a partition's log, where batches are appended: orders them, numbers them, remembers their producers, and hands them to the
// writer and the cache. After an error of the writer it accepts nothing more.
import type { IoBuf } from 'corebuf';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import type { CachedBatches } from './batch-cache.js';
import type { LogEnd } from './checkpoint.js';
import { Checkpoints } from './checkpoints.js';
import type { LogConfig } from './log-config.js';
import type { LogStore } from './log-store.js';
import { LogWriter } from './log-writer.js';
import type { AppendedAt, ProducerStates } from './producer-states.js';
import { checkBatch, nextOffsetOf, stamp, withAppendTime } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import type { Recovered } from './recovery.js';
import type { SegmentList } from './segment-list.js';
import { Segment } from './segment.js';
import { SparseIndex } from './sparse-index.js';

/** Bytes that are appended between two checkpoints of one segment: recovery verifies about as many. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
/** Producers that have appended nothing for so long, in milliseconds, are forgotten. */
const PRODUCER_EXPIRATION = 24 * 60 * 60 * 1000;

export interface TailOwner {
  readonly folder: string;
  config(): LogConfig;
  onDurable(offset: number): void;
  onFailure(error: unknown): void;
}

/** Place of a batch in the log: it may have come a second time, and then lies there since the first. */
export interface Placed extends AppendedAt {
  readonly nextOffset: number;
}

export class LogTail {
  readonly segments: SegmentList;
  readonly checkpoints: Checkpoints;
  readonly #owner: TailOwner;
  readonly #store: LogStore;
  readonly #cached: CachedBatches;
  readonly #producers: ProducerStates;
  readonly #writer: LogWriter;
  #nextOffset: number;
  #bytesUnchecked = 0;

  constructor(owner: TailOwner, store: LogStore, cached: CachedBatches, recovered: Recovered, segments: SegmentList) {
    this.#owner = owner;
    this.#store = store;
    this.#cached = cached;
    this.segments = segments;
    this.#producers = recovered.producers;
    this.#nextOffset = recovered.end.offset;
    this.checkpoints = new Checkpoints(owner.folder, recovered.end, recovered.upToDate, (error) => store.onError(owner.folder, error));
    const options = { pool: store.openFiles, segmentBytes: owner.config().segmentBytes, durable: this.#nextOffset, segment: segments.last };
    this.#writer = new LogWriter(
      {
        onDurable: (offset) => this.#onDurable(offset),
        onFinished: (segment) => this.checkpoints.onFinished(segment),
        onIdle: () => this.#checkpoint(),
        onFailure: (error) => owner.onFailure(error),
      },
      options,
    );
  }

  /** Offset that the next record gets. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Offset before which all records are durable. */
  get durable(): number {
    return this.#writer.durable;
  }

  /** Number of bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** Appends one batch, whose checksum was verified before, and takes it. @throws BrokerError; ERR_OUT_OF_MEMORY: nothing was appended */
  append(records: IoBuf, leaderEpoch: number): Placed {
    try {
      const batch = checkBatch(records);
      this.#checkAllowed(batch);
      const first = this.#producers.check(batch);
      if (first === undefined) return this.#append(batch, records, leaderEpoch);
      records.release();
      return { ...first, nextOffset: nextOffsetOf(batch, first.baseOffset) };
    } catch (error) {
      records.release();
      throw error;
    }
  }

  /** Begins another segment, if the last one has batches. Resolves when that one is finished, or the writer has failed. */
  async roll(): Promise<void> {
    const { last } = this.segments;
    if (last.size === 0) return;
    this.#roll();
    await this.#writer.finish(last);
  }

  /** Waits until everything is durable or has failed, and closes the file. With `save`, recovery will have nothing to do. */
  async close({ save }: { save: boolean }): Promise<void> {
    await this.#writer.close();
    if (save && this.#writer.durable === this.#nextOffset) await this.#checkpoint();
    await this.checkpoints.whenSaved();
  }

  #checkAllowed({ length, baseTimestamp, maxTimestamp }: BatchInfo): void {
    const { maxMessageBytes, timestampType, timestampDifferenceMs } = this.#owner.config();
    if (length > maxMessageBytes) {
      throw new BrokerError(errorCodes.MESSAGE_TOO_LARGE, `a batch may have ${maxMessageBytes} bytes, this one has ${length}`);
    }
    if (timestampType === 'LogAppendTime') return;
    const now = this.#store.now();
    for (const time of [baseTimestamp, maxTimestamp]) {
      if (Math.abs(Number(time) - now) <= timestampDifferenceMs) continue;
      const message = `a record's time may differ by ${timestampDifferenceMs} ms from the broker's, ${now}; received ${time}`;
      throw new BrokerError(errorCodes.INVALID_TIMESTAMP, message);
    }
  }

  #append(batch: BatchInfo, records: IoBuf, leaderEpoch: number): Placed {
    const now = this.#store.now();
    const appendTime = this.#owner.config().timestampType === 'LogAppendTime' ? now : undefined;
    const baseOffset = this.#nextOffset;
    const nextOffset = nextOffsetOf(batch, baseOffset);
    const stamped = stampedBatch(batch, records, { baseOffset, leaderEpoch, appendTime });
    this.#keepInMemory(baseOffset, nextOffset, stamped);
    this.#rollIfDue(stamped.length, now);
    const segment = this.segments.last;
    segment.touch(now);
    const position = segment.add(batch, baseOffset, stamped.length, appendTime === undefined ? batch.maxTimestamp : BigInt(appendTime));
    this.#producers.record(batch, { baseOffset, appendTime }, now);
    this.#nextOffset = nextOffset;
    this.#bytesUnchecked += stamped.length;
    this.#writer.push({ segment, position, batch: stamped, nextOffset });
    if (this.#bytesUnchecked >= CHECKPOINT_BYTES) this.#checkpointLater(segment);
    return { baseOffset, appendTime, nextOffset };
  }

  /** Readers find the batch on the disk if there is no memory for it. */
  #keepInMemory(baseOffset: number, nextOffset: number, stamped: IoBuf): void {
    try {
      this.#cached.append(baseOffset, nextOffset, stamped);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_OUT_OF_MEMORY') return;
      stamped.release();
      throw error;
    }
  }

  #roll(): void {
    const { last } = this.segments;
    const next = new Segment(this.#owner.folder, this.#nextOffset, this.#store.openFiles, new SparseIndex());
    this.segments.add(next);
    this.checkpoints.onRoll(last, this.#endOf(next));
    this.#bytesUnchecked = 0;
  }

  #rollIfDue(length: number, now: number): void {
    const { last } = this.segments;
    const { segmentBytes, segmentMs } = this.#owner.config();
    const tooOld = last.since !== undefined && now - last.since >= segmentMs;
    if (last.size > 0 && (tooOld || last.size + length > segmentBytes)) this.#roll();
  }

  #onDurable(offset: number): void {
    this.checkpoints.onDurable(offset);
    this.#owner.onDurable(offset);
  }

  /** Saves the end of the log. Everything is durable. */
  async #checkpoint(): Promise<void> {
    const { last } = this.segments;
    this.#bytesUnchecked = 0;
    await this.checkpoints.save(this.#endOf(last), last.size === 0 ? undefined : { segment: last, bytes: last.toIndexBytes() });
  }

  /** The checkpoint of this moment is saved when everything that it tells of is durable. */
  #checkpointLater(segment: Segment): void {
    this.#bytesUnchecked = 0;
    this.checkpoints.saveWhenDurable(this.#endOf(segment), { segment, bytes: segment.toIndexBytes() });
  }

  #endOf(segment: Segment): LogEnd {
    const now = this.#store.now();
    this.#producers.expire(now - PRODUCER_EXPIRATION);
    return {
      segment: segment.baseOffset,
      position: segment.size,
      offset: this.#nextOffset,
      segmentSince: segment.since ?? now,
      producers: this.#producers.snapshot(),
    };
  }
}

interface Stamp {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly appendTime: number | undefined;
}

/** Takes `records`, unless it throws. */
function stampedBatch(batch: BatchInfo, records: IoBuf, { baseOffset, leaderEpoch, appendTime }: Stamp): IoBuf {
  if (appendTime === undefined) return stamp(records, baseOffset, leaderEpoch);
  const timed = withAppendTime(records, batch, BigInt(appendTime));
  try {
    return stamp(timed, baseOffset, leaderEpoch);
  } catch (error) {
    timed.release();
    throw error;
  }
}
