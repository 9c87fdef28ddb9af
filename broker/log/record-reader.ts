// Reads the offset and the time of each record of a batch. Records that gzip compresses are decompressed piece by piece, and no piece is kept:
// that takes a few dozen KiB, however long they are. The broker has no decoders for other codecs.
import { IoBuf } from 'corebuf';
import { codecOf, HEADER_BYTES } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import { Turns } from './turns.js';

/** A record and its timestamp, in milliseconds. */
export interface TimedOffset {
  readonly offset: bigint;
  readonly timestamp: bigint;
}

/** Receives the records in their order. Returns false when it needs no more. */
export type VisitRecord = (record: TimedOffset) => boolean;

/** Longest beginning of a record: its length, attributes, timestamp and offset. */
const HEAD_BYTES_MAX = 5 + 1 + 10 + 5;
/** A thread decompresses one batch at a time, which bounds the memory for it. */
const decompressing = new Turns();

/**
 * Visits the records of the batch that `bytes` are. Returns false when they cannot be read: another codec than gzip compresses them, or they
 * are not what the header says. Some may have been visited then.
 *
 * @throws ERR_OUT_OF_MEMORY
 */
export async function visitRecords(bytes: IoBuf, batch: BatchInfo, visit: VisitRecord): Promise<boolean> {
  const codec = codecOf(batch);
  if (codec !== 'none' && codec !== 'gzip') return false;
  using heads = new RecordHeads(batch, visit);
  try {
    if (codec === 'none') heads.take(bytes.share(HEADER_BYTES));
    else await decompressing.run(() => decompress(bytes, heads));
    heads.end();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_OUT_OF_MEMORY') throw error;
    // The broker takes what producers send: its checksum says nothing of its sense.
    return false;
  }
}

async function decompress(bytes: IoBuf, heads: RecordHeads): Promise<void> {
  // Loaded when it is first needed: it costs a thread milliseconds of its start.
  const { createGunzip } = await import('node:zlib');
  const decoder = createGunzip();
  decoder.end(bytes.toBuffer(HEADER_BYTES));
  for await (const piece of decoder as AsyncIterable<Buffer>) {
    if (!heads.take(IoBuf.from(piece))) return;
  }
}

/** Reads the beginnings of records whose bytes come piece by piece, and skips the rest of them. */
class RecordHeads implements Disposable {
  readonly #batch: BatchInfo;
  readonly #visit: VisitRecord;
  readonly #unread = new IoBuf();
  /** Where the next record begins, from the front of `#unread` on. */
  #next = 0;
  /** Number of records that are wanted still. */
  #left: number;

  constructor(batch: BatchInfo, visit: VisitRecord) {
    this.#batch = batch;
    this.#visit = visit;
    this.#left = batch.recordCount;
  }

  /** Takes the bytes that follow. Returns whether more are wanted. @throws when they are no records */
  take(piece: IoBuf): boolean {
    this.#unread.take(piece);
    this.#read(HEAD_BYTES_MAX);
    return this.#left > 0;
  }

  /** No bytes follow. @throws when records are missing */
  end(): void {
    this.#read(1);
    if (this.#left > 0) throw new RangeError(`the batch has ${this.#left} records less than its header says`);
  }

  [Symbol.dispose](): void {
    this.#unread.release();
  }

  /** Visits the records of which at least `bytes` bytes are there. */
  #read(bytes: number): void {
    const reader = this.#unread.reader();
    while (this.#left > 0 && this.#next + bytes <= this.#unread.length) {
      reader.position = this.#next;
      const length = reader.readVarint();
      const start = reader.position;
      const timestamp = this.#batch.baseTimestamp + reader.skip(1).readVarlong();
      const offset = BigInt(this.#batch.baseOffset + reader.readVarint());
      if (reader.position > start + length) throw new RangeError(`a record cannot have ${length} bytes`);
      this.#next = start + length;
      this.#left = this.#visit({ offset, timestamp }) ? this.#left - 1 : 0;
    }
    const passed = Math.min(this.#next, this.#unread.length);
    this.#unread.trimFront(passed);
    this.#next -= passed;
  }
}
