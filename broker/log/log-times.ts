// Finds records by their timestamps, through the indexes and the headers of batches.
import type { OpenFiles } from './open-files.js';
import { nextOffsetOf } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import type { TimedOffset } from './record-reader.js';
import { firstRecordSince, latestRecord } from './record-times.js';
import type { StoredBatch } from './record-times.js';
import { scanBatches } from './scan.js';
import type { VisitBatch } from './scan.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';
import type { SparseIndex } from './sparse-index.js';

/** Offsets from `start` to before `limit`. */
export interface OffsetRange {
  readonly start: number;
  readonly limit: number;
}

/** Searches the durable records of one log. Its methods throw node:fs's errors, ERR_IO and ERR_OUT_OF_MEMORY. */
export class LogTimes {
  readonly #segments: SegmentList;
  readonly #pool: OpenFiles;
  readonly #range: OffsetRange;

  constructor(segments: SegmentList, pool: OpenFiles, range: OffsetRange) {
    this.#segments = segments;
    this.#pool = pool;
    this.#range = range;
  }

  /** First record of the range with a timestamp of at least `timestamp`. */
  async firstSince(timestamp: bigint): Promise<TimedOffset | undefined> {
    const { start } = this.#range;
    for (const segment of this.#inRange()) {
      const index = await this.#segments.indexOf(segment);
      // Numbers may round two timestamps to one: then the search finds nothing, and the next segment is looked at.
      if (index.maxTime < Number(timestamp)) continue;
      const { position } = index.floorTime(timestamp);
      // Of the batch that begins before the range, only records before the range may match.
      for (let from = start; ; ) {
        const batch = await this.#firstBatch(segment, position, (info) => nextOffsetOf(info) > from && info.maxTimestamp >= timestamp);
        if (batch === undefined) break;
        const { info } = batch;
        using bytes = batch.bytes;
        const found = await firstRecordSince({ info, bytes }, start, timestamp);
        if (found !== undefined) return found;
        from = nextOffsetOf(info);
      }
    }
    return undefined;
  }

  /** First record of the range with the greatest timestamp. */
  async latest(): Promise<TimedOffset | undefined> {
    const atStart = await this.#latestAtStart();
    const time = await this.#latestTime();
    return time === undefined || (atStart !== undefined && atStart.timestamp >= time) ? atStart : this.firstSince(time);
  }

  /** The latest record of the batch that begins before the range, and goes on in it, if there is such a batch. */
  async #latestAtStart(): Promise<TimedOffset | undefined> {
    const { start } = this.#range;
    const segment = this.#inRange()[0];
    if (segment === undefined || segment.baseOffset >= start) return undefined;
    const index = await this.#segments.indexOf(segment);
    const batch = await this.#firstBatch(segment, index.floor(start).position, (info) => nextOffsetOf(info) > start);
    if (batch === undefined) return undefined;
    const { info } = batch;
    using bytes = batch.bytes;
    return info.baseOffset < start ? await latestRecord({ info, bytes }, start) : undefined;
  }

  /** Greatest timestamp of the batches that lie in the range as a whole. */
  async #latestTime(): Promise<bigint | undefined> {
    let latest: bigint | undefined;
    // Times mostly grow: the last segment has the greatest, and the others need not be read.
    for (const segment of this.#inRange().reverse()) {
      const index = await this.#segments.indexOf(segment);
      if (latest !== undefined && index.maxTime <= Number(latest)) continue;
      const time = await this.#latestTimeOf(segment, index);
      if (time !== undefined && (latest === undefined || time > latest)) latest = time;
    }
    return latest;
  }

  /** From the index, as far as it tells: what is left are the last batches, or all of a segment that the range begins in. */
  async #latestTimeOf(segment: Segment, index: SparseIndex): Promise<bigint | undefined> {
    const { start, limit } = this.#range;
    const isWhole = segment.baseOffset >= start;
    const { position, timeBefore } = index.floor(isWhole ? limit : start);
    const isKnown = isWhole && Number.isSafeInteger(timeBefore);
    let latest = isKnown ? BigInt(timeBefore) : undefined;
    await this.#scan(segment, isWhole && !isKnown ? 0 : position, (info) => {
      if (info.baseOffset >= start && (latest === undefined || info.maxTimestamp > latest)) latest = info.maxTimestamp;
      return true;
    });
    return latest;
  }

  /** The first batch from `position` on that matches, and does not end behind the range. The caller releases it. */
  async #firstBatch(segment: Segment, position: number, matches: (info: BatchInfo) => boolean): Promise<StoredBatch | undefined> {
    let found: StoredBatch | undefined;
    await this.#scan(segment, position, (info, _position, bytes) => {
      if (matches(info)) found = { info, bytes: bytes.share(0, info.length) };
      return found === undefined;
    });
    return found;
  }

  /** Visits batches from `position` on, but none that ends behind the range. */
  async #scan(segment: Segment, position: number, visit: VisitBatch): Promise<void> {
    const { end } = await this.#segments.indexOf(segment);
    await scanBatches(this.#pool, segment.path, { start: position, end, checksums: false }, (info, at, bytes) => {
      return nextOffsetOf(info) <= this.#range.limit && visit(info, at, bytes);
    });
  }

  #inRange(): Segment[] {
    const { start, limit } = this.#range;
    return this.#segments.all.filter((segment) => segment.baseOffset < limit && this.#segments.endOf(segment) > start);
  }
}
