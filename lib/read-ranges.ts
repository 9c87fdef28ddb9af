// Many ranges of a file, read at once: neighbours become one read, and share what it brings.
import { checkInteger, checkOptions, invalidType } from './checks.js';
import type { IoClass } from './io-class.js';
import { IoBuf } from './iobuf.js';

export interface ReadRange {
  /** In bytes from the beginning of the file. */
  position: number;
  length: number;
}

export interface ReadManyOptions {
  /** Ranges with at most so many bytes between them become one read, which reads those bytes in vain. Default 16 KiB. */
  mergeGap?: number;
  /** Bytes that a read of several ranges may have. Default 1 MiB. */
  mergeLimit?: number;
  /** Ends the waiting; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Default: the file's. */
  class?: IoClass;
}

const MERGE_GAP = 16 * 1024;
const MERGE_LIMIT = 1024 * 1024;

interface Wanted {
  readonly position: number;
  readonly end: number;
  /** Its index among what was asked for. */
  readonly place: number;
}

interface Merged {
  readonly position: number;
  end: number;
  readonly ranges: Wanted[];
}

export class ReadRanges {
  readonly #count: number;
  readonly #merged: Merged[] = [];

  /** @throws TypeError, RangeError; whatever the caller changes in `ranges` later does not matter. */
  constructor(ranges: readonly ReadRange[], { mergeGap = MERGE_GAP, mergeLimit = MERGE_LIMIT }: ReadManyOptions) {
    checkInteger('options.mergeGap', mergeGap);
    checkInteger('options.mergeLimit', mergeLimit);
    if (!Array.isArray(ranges)) throw invalidType('ranges', 'an array', ranges);
    const wanted = Array.from(ranges as readonly ReadRange[], wantedOf);
    this.#count = wanted.length;
    const inOrder = wanted.filter(({ position, end }) => position < end).sort((one, other) => one.position - other.position);
    for (const range of inOrder) this.#merge(range, mergeGap, mergeLimit);
  }

  /** One chain for each range, in the order in which they were given. All of them, or none: then nothing stays behind. */
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

  /** In the order of their positions. */
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

/** `data` may be shorter than what was asked for, where the file has ended. */
function cut({ position, ranges }: Merged, data: IoBuf, found: (IoBuf | undefined)[]): void {
  for (const range of ranges) {
    const start = Math.min(range.position - position, data.length);
    found[range.place] = data.share(start, Math.min(range.end - position, data.length));
  }
}
