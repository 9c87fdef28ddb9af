// The log of one partition, on one shard: a folder of segments, of which the last batches lie in memory, too.
//
//   startOffset ─────────────── highWatermark ─────────── logEndOffset
//   │ durable, readers may see it     │ appended, not durable    │
import { rm } from 'node:fs/promises';
import { IoBuf } from 'corebuf';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import { CachedBatches } from './batch-cache.js';
import { logDefaults } from './log-config.js';
import type { LogConfig } from './log-config.js';
import { logClosed, outOfRange, storageError } from './log-errors.js';
import { LogReader } from './log-reader.js';
import type { LogStore, RetainedLog } from './log-store.js';
import { LogTail } from './log-tail.js';
import { LogTimes } from './log-times.js';
import type { Appended, AppendOptions, ReadOptions } from './log-types.js';
import { OffsetWaiters } from './offset-waiters.js';
import type { TimedOffset } from './record-reader.js';
import { recoverLog } from './recovery.js';
import type { Recovered } from './recovery.js';
import { firstKept, isTooOld, removeBefore } from './retention.js';
import { SegmentList } from './segment-list.js';
import { Turns } from './turns.js';

/** Bytes that may wait to be written before `durable` of an append with acks 0 or 1 waits. */
const QUEUED_BYTES_MAX = 4 * 1024 * 1024;
const DONE = Promise.resolve();

export class PartitionLog implements RetainedLog {
  readonly folder: string;
  readonly #store: LogStore;
  readonly #cached: CachedBatches;
  /** Fetches that wait for more records, and producers that wait for theirs to be durable. */
  readonly #fetches = new OffsetWaiters();
  readonly #producing = new OffsetWaiters();
  /** Segments are removed by one call at a time, so that the oldest goes first. */
  readonly #removing = new Turns();
  #config: LogConfig;
  #tail!: LogTail;
  #reader!: LogReader;
  #startOffset = 0;
  #highWatermark = 0;
  /** Why batches are refused: the writer failed, and the log is not open again. */
  #failure: { readonly error: unknown } | undefined;
  #reopening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(folder: string, config: LogConfig, store: LogStore) {
    this.folder = folder;
    this.#config = config;
    this.#store = store;
    this.#cached = new CachedBatches(store.cache, () => this.#highWatermark);
  }

  /**
   * Opens the log in `folder`, which is made if it is not there. After a crash it verifies what was written since the last checkpoint.
   *
   * @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY
   */
  static async open(folder: string, config: Partial<LogConfig>, store: LogStore): Promise<PartitionLog> {
    const log = new PartitionLog(folder, { ...logDefaults, ...config }, store);
    log.#install(await recoverLog(folder, { pool: store.openFiles, now: store.now() }));
    store.add(log);
    return log;
  }

  get config(): LogConfig {
    return this.#config;
  }

  /** Changes settings, from the next batch and the next round of retention on. */
  configure(config: Partial<LogConfig>): void {
    this.#config = { ...this.#config, ...config };
  }

  /** First offset that readers may ask for. */
  get startOffset(): bigint {
    return BigInt(this.#startOffset);
  }

  /** Offset behind the last record that is durable: readers see no further. */
  get highWatermark(): bigint {
    return BigInt(this.#highWatermark);
  }

  /** The high watermark, once all records that were accepted before the call are durable, or lost because the log cannot write. */
  async endOnceDurable(): Promise<bigint> {
    await this.#whenDurable(this.#tail.nextOffset).catch(() => undefined);
    return this.highWatermark;
  }

  /** Offset that the next record gets. */
  get logEndOffset(): bigint {
    return BigInt(this.#tail.nextOffset);
  }

  /**
   * Appends one batch, whose checksum has been verified by verifyBatch(), and takes the chain, also when it throws. Batches lie in the log in
   * the order of the calls. The header is made anew, and no payload copied, but for batches below 8 KiB and those of other shards' memory, of which
   * the cache keeps a copy.
   *
   * @throws BrokerError: as checkBatch(), MESSAGE_TOO_LARGE, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH; KAFKA_STORAGE_ERROR while the log
   * cannot write, after which the batch may be sent again. ERR_OUT_OF_MEMORY: nothing was appended.
   */
  append(records: IoBuf, { leaderEpoch, acks }: AppendOptions): Appended {
    try {
      this.#checkWritable();
    } catch (error) {
      records.release();
      throw error;
    }
    const { baseOffset, appendTime, nextOffset } = this.#tail.append(records, leaderEpoch);
    const waits = acks === -1 || this.#tail.queuedBytes > QUEUED_BYTES_MAX;
    return { baseOffset: BigInt(baseOffset), appendTime: BigInt(appendTime ?? -1), durable: waits ? this.#whenDurable(nextOffset) : DONE };
  }

  /**
   * The batches from the one with `offset` on: at most `maxBytes` (but see `wholeFirst`), no batch cut, none with a record at or above the high
   * watermark. The chain refers to memory that others share, and is the caller's to release. It is there at once when it is in memory. Empty from
   * the high watermark to the end of the log: a producer with acks=1 knows offsets there.
   *
   * @throws BrokerError OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER when the log is closed; ERR_OUT_OF_MEMORY
   */
  read(offset: bigint, maxBytes: number, { wholeFirst = true }: ReadOptions = {}): IoBuf | Promise<IoBuf> {
    this.#checkOpen();
    if (offset < this.startOffset || offset > this.logEndOffset) {
      throw outOfRange(`${this.#startOffset} to ${this.#tail.nextOffset}`, offset);
    }
    if (offset >= this.highWatermark) return new IoBuf();
    const read = this.#reader.read(Number(offset), { maxBytes, wholeFirst, limit: this.#highWatermark });
    return read instanceof IoBuf ? read : read.catch((error: unknown) => Promise.reject(this.#readError(offset, error)));
  }

  /** Calls `told` once: when there are records at or above `offset` to read, or when there never will be. Returns what ends the wait. */
  onBeyond(offset: bigint, told: () => void): () => void {
    if (this.#closing === undefined && offset >= this.highWatermark) return this.#fetches.onBeyond(Number(offset), told);
    told();
    return () => undefined;
  }

  /**
   * First record with a timestamp of at least `timestamp`, in milliseconds. Of a batch that is compressed by another codec than gzip it is the
   * first record, with the greatest timestamp of the batch.
   *
   * @throws BrokerError, ERR_IO, ERR_OUT_OF_MEMORY
   */
  async offsetForTime(timestamp: bigint): Promise<TimedOffset | undefined> {
    this.#checkOpen();
    return this.#times.firstSince(timestamp);
  }

  /** First record with the greatest timestamp; of a compressed batch as with offsetForTime(). @throws as offsetForTime() */
  async offsetOfLatest(): Promise<TimedOffset | undefined> {
    this.#checkOpen();
    return this.#times.latest();
  }

  /**
   * Raises the first offset to `offset`, durably, or to the high watermark for -1, and removes segments that lie before it. Records that were
   * accepted before the call can be deleted: it waits until they are durable.
   *
   * @throws BrokerError OFFSET_OUT_OF_RANGE above the high watermark; KAFKA_STORAGE_ERROR
   */
  async deleteRecordsBefore(offset: bigint): Promise<bigint> {
    const end = await this.endOnceDurable();
    this.#checkOpen();
    const wanted = offset === -1n ? end : offset;
    if (wanted < 0n || wanted > end) throw outOfRange(`-1 to ${end}`, offset);
    if (wanted <= this.startOffset) return this.startOffset;
    const { checkpoints, segments } = this.#tail;
    await checkpoints.saveStart(Number(wanted)).catch((error: unknown) => Promise.reject(storageError(error)));
    this.#startOffset = Math.max(this.#startOffset, Number(wanted));
    if (this.#startOffset === this.#tail.nextOffset) await this.#tail.roll();
    await this.#removing.run(async () => {
      if (this.#isCurrent(segments)) await removeBefore(segments, Math.min(this.#startOffset, checkpoints.savedOffset), this.#store.files);
    });
    return this.startOffset;
  }

  /** Removes segments that are too old, too much, or before the first offset. @throws node:fs's errors */
  applyRetention(): Promise<void> {
    return this.#removing.run(async () => {
      if (!this.#isCurrent(this.#tail.segments)) return;
      const { segments, checkpoints } = this.#tail;
      const now = this.#store.now();
      if (await isTooOld(segments, segments.last, { ...this.#config, now })) await this.#tail.roll();
      const limits = { ...this.#config, startOffset: this.#startOffset, savedOffset: checkpoints.savedOffset, now };
      const kept = await firstKept(segments, limits);
      if (kept === undefined || !this.#isCurrent(segments)) return;
      this.#startOffset = Math.max(this.#startOffset, kept);
      await removeBefore(segments, kept, this.#store.files);
    });
  }

  /** Makes everything durable and closes the files. Those who wait get NOT_LEADER_OR_FOLLOWER. Closing twice is harmless. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close({ save: true }));
  }

  /** Closes the log and removes its folder. Those who wait get UNKNOWN_TOPIC_OR_PARTITION. @throws node:fs's errors */
  async delete(): Promise<void> {
    const gone = new BrokerError(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, 'the partition was deleted');
    this.#fetches.rejectAll(gone);
    this.#closing ??= this.#close({ save: false });
    await this.#closing;
    await rm(this.folder, { recursive: true, force: true });
  }

  get #times(): LogTimes {
    return new LogTimes(this.#tail.segments, this.#store.openFiles, { start: this.#startOffset, limit: this.#highWatermark });
  }

  /** Goes on with what recovery has found. */
  #install(recovered: Recovered): void {
    const segments = new SegmentList(recovered.segments);
    this.#startOffset = recovered.startOffset;
    this.#highWatermark = recovered.end.offset;
    this.#reader = new LogReader(this.#cached, this.#store.files, segments);
    const owner = {
      folder: this.folder,
      config: () => this.#config,
      onDurable: (offset: number) => this.#onDurable(offset),
      onFailure: (error: unknown) => this.#onFailure(error),
    };
    this.#tail = new LogTail(owner, this.#store, this.#cached, recovered, segments);
    this.#store.onRecovered(this.folder, recovered.report);
  }

  #onDurable(offset: number): void {
    this.#highWatermark = offset;
    this.#producing.advance(offset);
    this.#fetches.advance(offset);
  }

  /** The writer has failed: what was not durable is refused, and the log is opened again. */
  #onFailure(error: unknown): void {
    this.#failure = { error };
    this.#producing.rejectAll(storageError(error));
    this.#store.onError(this.folder, error);
    this.#reopen();
  }

  /** Whether these segments are the log still: it was not closed or opened again meanwhile. */
  #isCurrent(segments: SegmentList): boolean {
    return this.#closing === undefined && this.#failure === undefined && this.#tail.segments === segments;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw logClosed();
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#failure === undefined) return;
    this.#reopen();
    throw storageError(this.#failure.error);
  }

  #whenDurable(nextOffset: number): Promise<void> {
    return nextOffset <= this.#highWatermark || this.#failure !== undefined ? DONE : this.#producing.whenBeyond(nextOffset - 1);
  }

  /** Opens the log again after a failure. If that fails, the next batch tries once more. */
  #reopen(): void {
    this.#reopening ??= this.#openAgain()
      .catch((error: unknown) => this.#store.onError(this.folder, error))
      .finally(() => (this.#reopening = undefined));
  }

  async #openAgain(): Promise<void> {
    await this.#tail.close({ save: false });
    this.#cached.clear(this.#highWatermark);
    const recovered = await recoverLog(this.folder, { pool: this.#store.openFiles, now: this.#store.now(), limit: this.#highWatermark });
    if (this.#closing !== undefined) return;
    this.#reader.close();
    this.#install(recovered);
    this.#failure = undefined;
  }

  async #close(options: { save: boolean }): Promise<void> {
    this.#store.remove(this);
    this.#fetches.rejectAll(logClosed());
    await this.#reopening;
    await this.#tail.close(options);
    this.#producing.rejectAll(logClosed());
    this.#reader.close();
    this.#cached.clear();
    for (const { path } of this.#tail.segments.all) await this.#store.files.forget(path);
  }

  #readError(offset: bigint, error: unknown): unknown {
    if (error instanceof BrokerError) return error;
    if (this.#closing !== undefined) return logClosed();
    // The segment was removed while it was read.
    if (offset < this.startOffset) return outOfRange(`at least ${this.#startOffset}`, offset);
    return storageError(error);
  }
}
