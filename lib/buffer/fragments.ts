// Where the fragments of a chain begin, and where they lie: asked of C++ in batches, as far as a reader has come. Kept as plain
// numbers, so that a chain of many fragments costs no object each. It holds until bytes move, and then it is made anew.
import { constants, native } from '../native/binding.js';
import { bodyWords, fragmentsMax } from '../native/shared-areas.js';
import type { Handle } from './handle.js';

const { fragmentLength, fragmentOffset, fragmentRegion, fragmentShard, fragmentWindowBefore, fragmentWindowLength, fragmentWords, regionSize } = constants;
/** Of the first batch: most readers look at the front only. Each batch is larger than the one before. */
const BATCH = 16;
const BATCH_GROWTH = 4;

/** A fragment: its region (a number), its offset there, its length in bytes, the number of the shard whose memory it is, and its window (views.ts). */
export type FragmentVisitor = (region: number, offset: number, length: number, home: number, before: number, windowLength: number) => void;

/**
 * Calls `visit` for the fragments of the chain in `slot` from number `first` on, front to back, and for `most` of them at most. Returns
 * how many there were. One native call for each few hundred fragments; `visit` must not change the chain.
 */
export function visitFragments(slot: number, visit: FragmentVisitor, first = 0, most = Number.MAX_SAFE_INTEGER): number {
  let visited = 0;
  for (let asked = -1, count = -1; count === asked && visited < most; visited += count) {
    asked = Math.min(most - visited, fragmentsMax);
    count = native.fragments(slot, first + visited, asked);
    for (let at = 0; at < count * fragmentWords; at += fragmentWords) {
      visit(
        bodyWords[at + fragmentRegion]!,
        bodyWords[at + fragmentOffset]!,
        bodyWords[at + fragmentLength]!,
        bodyWords[at + fragmentShard]!,
        bodyWords[at + fragmentWindowBefore]!,
        bodyWords[at + fragmentWindowLength]!,
      );
    }
  }
  return visited;
}

/** Entries are fragments, but one that reaches across windows is an entry for each of them, and an empty one is none. */
export class FragmentList {
  readonly #handle: Handle;
  /** One more than there are entries: each ends where the next begins. */
  readonly #starts = [0];
  readonly #regions: number[] = [];
  readonly #offsets: number[] = [];
  #found = 0;
  #fragments = 0;
  /** First entry of the last fragment that is listed. */
  #last = 0;
  #batch = BATCH;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** The entry that holds a position inside the chain. O(1) for the one found last and the next one, else O(log entries). */
  find(position: number): number {
    while (position >= this.#starts.at(-1)!) this.#listMore();
    const next = this.#found + 1;
    if (this.#holds(this.#found, position)) return this.#found;
    this.#found = this.#holds(next, position) ? next : this.#search(position);
    return this.#found;
  }

  start(entry: number): number {
    return this.#starts[entry]!;
  }

  end(entry: number): number {
    return this.#starts[entry + 1]!;
  }

  region(entry: number): number {
    return this.#regions[entry]!;
  }

  /** Offset of the entry in its region, in bytes. */
  offset(entry: number): number {
    return this.#offsets[entry]!;
  }

  /** Goes on with the last fragment that was listed: bytes may have been appended to it since. */
  #listMore(): void {
    this.#starts.length = this.#last + 1;
    this.#regions.length = this.#last;
    this.#offsets.length = this.#last;
    if (this.#fragments > 0) this.#fragments -= 1;
    const list: FragmentVisitor = (region, offset, length) => {
      this.#last = this.#regions.length;
      this.#list(region, offset, length);
    };
    this.#fragments += visitFragments(this.#handle.slot('IoBuf'), list, this.#fragments, this.#batch);
    this.#batch = Math.min(this.#batch * BATCH_GROWTH, fragmentsMax);
  }

  #list(region: number, offset: number, length: number): void {
    while (length > 0) {
      const inRegion = Math.min(length, regionSize - offset);
      this.#starts.push(this.#starts.at(-1)! + inRegion);
      this.#regions.push(region);
      this.#offsets.push(offset);
      length -= inRegion;
      region += 1;
      offset = 0;
    }
  }

  #holds(entry: number, position: number): boolean {
    return entry < this.#regions.length && position >= this.#starts[entry]! && position < this.#starts[entry + 1]!;
  }

  #search(position: number): number {
    let low = 0;
    let high = this.#regions.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (position < this.#starts[middle + 1]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
