// Reads batches of one partition: from memory at once, else from the disk, a MiB at a time, and the next MiB ahead of a reader that goes on.
// What it returns refers to the memory of the cache; no byte is copied.
import { IoBuf } from 'corebuf';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import type { CachedBatches } from './batch-cache.js';
import type { CachedBlock } from './cached-block.js';
import { logClosed } from './log-errors.js';
import { HEADER_BYTES, nextOffsetOf, readBatchInfo } from './record-batch.js';
import { mayBeBatch } from './scan.js';
import type { SegmentFiles } from './segment-files.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';
import { INDEX_INTERVAL } from './sparse-index.js';

/** Bytes that are read from the disk at once. */
const READ_BYTES = 1024 * 1024;

/** What a read may return: `maxBytes` of batches, but the first one whole if `wholeFirst`, all of them before the offset `limit`. */
export interface ReadLimits {
  readonly maxBytes: number;
  readonly wholeFirst: boolean;
  readonly limit: number;
}

interface Load {
  /** Number of readers that wait. */
  waiting: number;
  readonly block: Promise<CachedBlock>;
}

/** Whole batches one after the other. */
interface BatchRun {
  readonly offsets: number[];
  /** Positions in the bytes. */
  readonly positions: number[];
  /** Position behind the last one. */
  readonly end: number;
  readonly nextOffset: number;
}

/** Where a batch lies in some bytes, which may end before it does. */
interface BatchPlace {
  readonly start: number;
  readonly end: number;
}

export class LogReader {
  readonly #cached: CachedBatches;
  readonly #files: SegmentFiles;
  readonly #segments: SegmentList;
  readonly #loads = new Map<number, Load>();
  #closed = false;

  constructor(cached: CachedBatches, files: SegmentFiles, segments: SegmentList) {
    this.#cached = cached;
    this.#files = files;
    this.#segments = segments;
  }

  /** Batches from the one with `offset` on, which is below the limit. @throws BrokerError, ERR_IO, ERR_OUT_OF_MEMORY */
  read(offset: number, limits: ReadLimits): IoBuf | Promise<IoBuf> {
    const block = this.#cached.find(offset);
    return block === undefined ? this.#readFromDisk(offset, limits) : this.#readFrom(block, offset, limits);
  }

  /** Reads that are under way fail, or end before. */
  close(): void {
    this.#closed = true;
  }

  async #readFromDisk(offset: number, limits: ReadLimits): Promise<IoBuf> {
    const load = this.#load(offset, limits.limit);
    load.waiting++;
    const block = await load.block;
    try {
      return this.#readFrom(block, offset, limits);
    } finally {
      this.#cached.unpin(block);
    }
  }

  #readFrom(first: CachedBlock, offset: number, { maxBytes, wholeFirst, limit }: ReadLimits): IoBuf {
    let result: IoBuf | undefined;
    let length = 0;
    let block: CachedBlock | undefined = first;
    for (let at = offset; block !== undefined; ) {
      const slice = block.slice(at, maxBytes - length, limit);
      const bytes = slice.end - slice.start;
      if (length + bytes > maxBytes && (result !== undefined || !wholeFirst)) break;
      result = result === undefined ? block.share(slice) : result.take(block.share(slice));
      length += bytes;
      at = slice.nextOffset;
      if (slice.end * 2 > block.bytes) this.#readAhead(block.nextOffset, limit);
      block = at < limit && length < maxBytes ? this.#cached.find(at) : undefined;
    }
    return result ?? new IoBuf();
  }

  #readAhead(offset: number, limit: number): void {
    if (offset >= limit || this.#cached.has(offset)) return;
    // Nobody waits for it: a reader that comes here meets the error again.
    this.#load(offset, limit).block.catch(() => undefined);
  }

  /** Brings the batches from `offset` on into the cache, where readers that wait keep them. */
  #load(offset: number, limit: number): Load {
    let load = this.#loads.get(offset);
    if (load === undefined) {
      // In a later job: a load that fails at once is among the loads then, and is taken out.
      load = { waiting: 0, block: Promise.resolve().then(() => this.#loadBlock(offset, limit)) };
      this.#loads.set(offset, load);
    }
    return load;
  }

  async #loadBlock(offset: number, limit: number): Promise<CachedBlock> {
    try {
      const segment = this.#segments.find(offset);
      const index = await this.#segments.indexOf(segment);
      const bytes = await this.#readFile(segment, index.floor(offset).position, offset, limit);
      return this.#keep(offset, bytes, limit);
    } finally {
      this.#loads.delete(offset);
    }
  }

  /** Takes the bytes, at whose front the batch with `offset` lies whole. */
  #keep(offset: number, bytes: IoBuf, limit: number): CachedBlock {
    if (this.#closed) {
      bytes.release();
      throw logClosed();
    }
    const { end, ...batches } = wholeBatches(bytes, limit);
    bytes.trimBack(bytes.length - end);
    const pins = this.#loads.get(offset)!.waiting;
    this.#loads.delete(offset);
    return this.#cached.insert({ chain: bytes, ...batches, pins });
  }

  /** Bytes with the batch with `offset` whole at their front. Reads from `position` on, where a batch begins, and once more for a long one. */
  async #readFile(segment: Segment, position: number, offset: number, limit: number): Promise<IoBuf> {
    const bytes = await this.#files.read(segment.path, position, READ_BYTES + INDEX_INTERVAL);
    const place = findBatch(bytes, offset, limit);
    if (place !== undefined && place.end <= bytes.length) return bytes.trimFront(place.start);
    bytes.release();
    if (place === undefined) throw missing(segment, offset);
    const whole = await this.#files.read(segment.path, position + place.start, place.end - place.start);
    const again = findBatch(whole, offset, limit);
    if (again !== undefined && again.end <= whole.length) return whole;
    whole.release();
    throw missing(segment, offset);
  }
}

/** The batch with `offset`; undefined when it does not begin in `bytes`, at whose front a batch begins, or does not end before `limit`. */
function findBatch(bytes: IoBuf, offset: number, limit: number): BatchPlace | undefined {
  const reader = bytes.reader();
  for (let start = 0; reader.has(HEADER_BYTES); reader.position = start) {
    const batch = readBatchInfo(reader);
    const end = start + batch.length;
    if (!mayBeBatch(batch, Infinity) || nextOffsetOf(batch) > limit) return undefined;
    if (nextOffsetOf(batch) > offset) return { start, end };
    if (end > bytes.length) return undefined;
    start = end;
  }
  return undefined;
}

/** The batches of `bytes`, the first of which is whole, that are whole and end before `limit`. */
function wholeBatches(bytes: IoBuf, limit: number): BatchRun {
  const offsets: number[] = [];
  const positions: number[] = [];
  const reader = bytes.reader();
  let [end, nextOffset] = [0, 0];
  while (reader.has(HEADER_BYTES)) {
    const batch = readBatchInfo(reader);
    if (!mayBeBatch(batch, bytes.length - end) || nextOffsetOf(batch) > limit) break;
    offsets.push(batch.baseOffset);
    positions.push(end);
    nextOffset = nextOffsetOf(batch);
    end += batch.length;
    reader.position = end;
  }
  return { offsets, positions, end, nextOffset };
}

function missing(segment: Segment, offset: number): BrokerError {
  return new BrokerError(errorCodes.KAFKA_STORAGE_ERROR, `'${segment.path}' has no whole batch with offset ${offset}`);
}
