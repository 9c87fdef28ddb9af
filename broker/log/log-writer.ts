// Writes the batches of one partition to the files of its segments, in order, and makes them durable: one flush covers all batches that
// came while the one before was under way. After the first error it does nothing more; its owner finds out what the disk holds, and makes
// another writer.
import { SegmentAppender } from 'corebuf';
import type { IoBuf } from 'corebuf';
import type { IdleFile, OpenFiles } from './open-files.js';
import type { Segment } from './segment.js';

const MIB = 1024 * 1024;
const DISK_BLOCK = 4096;
/** Bytes by which the file of a segment grows at once. */
const PREALLOCATE = 8 * MIB;

export interface WriterOwner {
  /** All records before `offset` are durable. */
  onDurable(offset: number): void;
  /** The segment is finished: durable, and its file as long as its batches. */
  onFinished(segment: Segment): Promise<void>;
  /** The file of the last segment was closed because it was idle; everything is durable. */
  onIdle(): Promise<void>;
  /** Nothing more will be written. */
  onFailure(error: unknown): void;
}

/** A batch on its way. */
interface Pending {
  readonly segment: Segment;
  /** Where it belongs in the file of its segment, in bytes. */
  readonly position: number;
  readonly batch: IoBuf;
  /** Offset behind its last record. */
  readonly nextOffset: number;
}

export interface WriterOptions {
  readonly pool: OpenFiles;
  /** Size at which segments end, in bytes. */
  readonly segmentBytes: number;
  /** Offset before which everything is durable at the beginning. */
  readonly durable: number;
  /** The last segment: it is durable, and goes on at the end of its file. */
  readonly segment: Segment;
}

/** Segment to which no more batches come. */
interface Finishing {
  readonly segment: Segment;
  readonly resolve: () => void;
}

export class LogWriter implements IdleFile {
  readonly #owner: WriterOwner;
  readonly #pool: OpenFiles;
  readonly #preallocate: number;
  readonly #queue: Pending[] = [];
  #queuedBytes = 0;
  #appender: SegmentAppender | undefined;
  /** Segment of the last batch, whose file `#appender` has open, if any. */
  #segment: Segment | undefined;
  readonly #finishing: Finishing[] = [];
  /** Offset before which the appender has accepted all records, and before which they are durable. */
  #accepted: number;
  #durable: number;
  #pumping: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #parking: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(owner: WriterOwner, { pool, segmentBytes, durable, segment }: WriterOptions) {
    this.#owner = owner;
    this.#segment = segment;
    this.#pool = pool;
    this.#preallocate = Math.min(PREALLOCATE, Math.ceil(segmentBytes / DISK_BLOCK) * DISK_BLOCK);
    this.#accepted = durable;
    this.#durable = durable;
  }

  /** Offset before which all records are durable. */
  get durable(): number {
    return this.#durable;
  }

  /** Number of bytes that no appender has accepted yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Takes a batch, which follows the one before. */
  push(pending: Pending): void {
    if (this.#failure !== undefined) {
      pending.batch.release();
      return;
    }
    const direct = this.#queue.length === 0 && this.#pumping === undefined && this.#segment === pending.segment && this.#withdraw();
    this.#queue.push(pending);
    this.#queuedBytes += pending.batch.length;
    if (direct && this.#acceptNow(this.#appender!, pending)) this.#flushSoon();
    else this.#pumping ??= this.#pump();
  }

  /** Finishes the segment, whose batches have been pushed, without waiting for the next batch. Resolves when that is done, or has failed. */
  finish(segment: Segment): Promise<void> {
    return new Promise((resolve) => {
      this.#finishing.push({ segment, resolve });
      this.#pumping ??= this.#pump();
    });
  }

  /** Resolves when nothing is under way any more: everything is durable, or the writer has failed. */
  async whenQuiet(): Promise<void> {
    while (this.#pumping !== undefined || this.#flushing !== undefined || this.#parking !== undefined) {
      await this.#pumping;
      await this.#flushing;
      await this.#parking;
    }
  }

  /** Closes the file of an idle partition, which is opened again with the next batch. */
  closeIdle(): Promise<void> {
    this.#parking ??= this.#park().finally(() => (this.#parking = undefined));
    return this.#parking;
  }

  /** Waits until all that was pushed is durable, or has failed, and closes the file. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.whenQuiet();
    if (this.#appender === undefined) return;
    this.#withdraw();
    await this.#closeFile().catch((error: unknown) => this.#fail(error));
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const next = this.#queue[0];
        if (this.#failure !== undefined || (next === undefined && this.#finishing.length === 0)) return;
        if (next === undefined) await this.#finish(this.#finishing[0]!);
        else await this.#write(next);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#pumping = undefined;
      this.#offerIfIdle();
    }
  }

  async #write(next: Pending): Promise<void> {
    const appender = await this.#appenderFor(next);
    if (this.#failure !== undefined) return;
    if (!this.#acceptNow(appender, next)) await this.#acceptLater(appender, next);
    this.#flushSoon();
  }

  async #finish({ segment, resolve }: Finishing): Promise<void> {
    await this.#parking;
    if (this.#segment === segment) await this.#finishSegment();
    this.#finishing.shift();
    resolve();
  }

  #acceptNow(appender: SegmentAppender, next: Pending): boolean {
    try {
      const position = appender.tryAppend(next.batch);
      if (position === undefined) return false;
      this.#onAccepted(next, position);
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  async #acceptLater(appender: SegmentAppender, next: Pending): Promise<void> {
    const position = await appender.append(next.batch);
    if (this.#failure === undefined) this.#onAccepted(next, position);
  }

  #onAccepted({ batch, nextOffset, position, segment }: Pending, at: number): void {
    if (at !== position) throw new Error(`batch before offset ${nextOffset} of '${segment.path}' must lie at ${position}, lies at ${at}`);
    this.#queue.shift();
    this.#queuedBytes -= batch.length;
    batch.release();
    this.#accepted = nextOffset;
  }

  #flushSoon(): void {
    if (this.#durable < this.#accepted) this.#flushing ??= this.#flushAll();
  }

  async #flushAll(): Promise<void> {
    try {
      while (this.#durable < this.#accepted && this.#failure === undefined) {
        const appender = this.#appender!;
        const before = this.#accepted;
        await appender.flush();
        this.#durable = appender.durable === appender.position ? this.#accepted : before;
        this.#owner.onDurable(this.#durable);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#flushing = undefined;
      this.#offerIfIdle();
    }
  }

  /** The appender of the segment of `next`, at its position. Finishes the segment before. */
  async #appenderFor({ segment, position }: Pending): Promise<SegmentAppender> {
    await this.#parking;
    if (this.#appender !== undefined && this.#segment === segment) {
      this.#withdraw();
      return this.#appender;
    }
    if (this.#segment !== segment) await this.#finishSegment();
    await this.#pool.acquire();
    try {
      this.#appender = await SegmentAppender.open(segment.path, { position, preallocate: this.#preallocate });
      this.#segment = segment;
      return this.#appender;
    } catch (error) {
      this.#pool.release();
      throw error;
    }
  }

  async #finishSegment(): Promise<void> {
    const before = this.#segment;
    if (before === undefined) return;
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#appender !== undefined) {
      this.#withdraw();
      await this.#closeFile();
    }
    this.#segment = undefined;
    await this.#owner.onFinished(before);
  }

  async #closeFile(): Promise<void> {
    const appender = this.#appender!;
    this.#appender = undefined;
    try {
      await appender.close();
    } finally {
      this.#pool.release();
    }
  }

  async #park(): Promise<void> {
    const appender = this.#appender!;
    this.#appender = undefined;
    try {
      await appender.close();
      await this.#owner.onIdle();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Takes the open file back from the idle ones. Returns false when there is none, or when it is being closed. */
  #withdraw(): boolean {
    if (this.#appender === undefined) return false;
    this.#pool.withdraw(this);
    return true;
  }

  #offerIfIdle(): void {
    const busy = this.#pumping !== undefined || this.#flushing !== undefined || this.#queue.length > 0;
    if (!busy && !this.#ended && this.#failure === undefined && this.#appender !== undefined) this.#pool.offer(this);
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const { batch } of this.#queue.splice(0)) batch.release();
    for (const { resolve } of this.#finishing.splice(0)) resolve();
    this.#queuedBytes = 0;
    this.#owner.onFailure(error);
  }
}
