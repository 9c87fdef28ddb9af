// Many ranges of a file at once. Ranges that lie close together become one read, and their chains refer to its bytes.
import { checkInteger, checkOptions, invalidType } from '../base/arguments.js';
import type { IoClass } from './io-class.js';
import { IoBuf } from '../iobuf/iobuf.js';

/** One range of DmaFile.readMany(). Other properties are ignored, so that entries of an index can be ranges. */
export interface ReadRange {
  /** Position of the first byte, in bytes from the beginning of the file. */
  position: number;
  /** Number of bytes, 0 or more. */
  length: number;
}

/** Options of DmaFile.readMany(). */
export interface ReadManyOptions {
  /** Ranges with at most so many bytes between them become one read, which also reads those bytes. Default 16 KiB. */
  mergeGap?: number;
  /** Most bytes of a read that serves several ranges. Default 1 MiB. */
  mergeLimit?: number;
  /** Ends the waiting: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** I/O class of the reads. Default: the class of the file. */
  class?: IoClass;
}

const MERGE_GAP = 16 * 1024;
const MERGE_LIMIT = 1024 * 1024;

interface Wanted {
  readonly position: number;
  readonly end: number;
  /** Index of the range among the ranges of the call. */
  readonly place: number;
}

/** One read, with the ranges that it serves. */
interface Merged {
  readonly position: number;
  end: number;
  readonly ranges: Wanted[];
}

export class ReadRanges {
  readonly #count: number;
  readonly #merged: Merged[] = [];

  /** Copies `ranges`, so the caller may change them later. @throws TypeError, RangeError */
  constructor(ranges: readonly ReadRange[], { mergeGap = MERGE_GAP, mergeLimit = MERGE_LIMIT }: ReadManyOptions) {
    checkInteger('options.mergeGap', mergeGap);
    checkInteger('options.mergeLimit', mergeLimit);
    if (!Array.isArray(ranges)) throw invalidType('ranges', 'an array', ranges);
    const wanted = Array.from(ranges as readonly ReadRange[], wantedOf);
    this.#count = wanted.length;
    const inOrder = wanted.filter(({ position, end }) => position < end).sort((one, other) => one.position - other.position);
    for (const range of inOrder) this.#merge(range, mergeGap, mergeLimit);
  }

  /** Resolves with a chain for each range, in the order of the call. Fails with the first error of a read, after all bytes have been released. */
  async read(read: (position: number, length: number) => Promise<IoBuf>): Promise<IoBuf[]> {
    const reads = await Promise.allSettled(this.#merged.map(({ position, end }) => read(position, end - position)));
    const failed = reads.find((one) => one.status === 'rejected');
    const data = reads.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const found = new Array<IoBuf | undefined>(this.#count);
    try {
      if (failed !== undefined) throw failed.reason;
      this.#merged.forEach((merged, at) => cut(merged, data[at]!, found));
      return Array.from(found, (chain) => chain ?? new IoBuf());
    } catch (error) {
      for (const chain of found) chain?.release();
      throw error;
    } finally {
      for (const chain of data) chain.release();
    }
  }

  /** Adds a range to the last read, or begins another. Must be called in the order of the positions. */
  #merge(range: Wanted, gap: number, limit: number): void {
    const last = this.#merged.at(-1);
    const end = Math.max(range.end, last?.end ?? 0);
    if (last !== undefined && (end === last.end || (range.position - last.end <= gap && end - last.position <= limit))) {
      last.end = end;
      last.ranges.push(range);
    } else this.#merged.push({ position: range.position, end: range.end, ranges: [range] });
  }
}

function wantedOf(range: ReadRange, place: number): Wanted {
  checkOptions(`ranges[${place}]`, range);
  const { position, length } = range;
  checkInteger(`ranges[${place}].position`, position);
  checkInteger(`ranges[${place}].length`, length, 0, Number.MAX_SAFE_INTEGER - position);
  return { position, end: position + length, place };
}

/** Puts a chain for each range of a read into `found`. `data` is shorter than the read where the file has ended. */
function cut({ position, ranges }: Merged, data: IoBuf, found: (IoBuf | undefined)[]): void {
  for (const range of ranges) {
    const start = Math.min(range.position - position, data.length);
    found[range.place] = data.share(start, Math.min(range.end - position, data.length));
  }
}
