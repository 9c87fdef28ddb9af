// The segments of one partition, in the order of their offsets. Batches are appended to the last one.
import type { Segment } from './segment.js';
import type { SparseIndex } from './sparse-index.js';

/** Finished segments whose indexes stay in memory. */
const INDEXES_MAX = 4;

export class SegmentList {
  /** At least one. */
  readonly #segments: Segment[];
  /** Finished segments whose indexes are in memory, least recently used first. */
  readonly #indexed = new Set<Segment>();

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments];
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get first(): Segment {
    return this.#segments[0]!;
  }

  get last(): Segment {
    return this.#segments.at(-1)!;
  }

  /** The segment with `offset`: the last one that does not begin behind it. */
  find(offset: number): Segment {
    return this.#segments.findLast(({ baseOffset }) => baseOffset <= offset) ?? this.first;
  }

  /** Offset of the first record behind a segment. */
  endOf(segment: Segment): number {
    return this.#segments[this.#segments.indexOf(segment) + 1]?.baseOffset ?? segment.nextOffset;
  }

  add(segment: Segment): void {
    this.#keepIndex(this.last);
    this.#segments.push(segment);
  }

  /** Forgets the first segment, which is not the last one. */
  removeFirst(): void {
    this.#indexed.delete(this.#segments.shift()!);
  }

  /** @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
  async indexOf(segment: Segment): Promise<SparseIndex> {
    const index = await segment.index();
    if (segment !== this.last) this.#keepIndex(segment);
    return index;
  }

  #keepIndex(segment: Segment): void {
    this.#indexed.delete(segment);
    this.#indexed.add(segment);
    if (this.#indexed.size <= INDEXES_MAX) return;
    const oldest = this.#indexed.values().next().value!;
    this.#indexed.delete(oldest);
    oldest.unloadIndex();
  }
}
