// Windows that no handle has, by address and length, to be used again. A table with chains and a list in the order of use: nothing is allocated
// when one is kept or found, which a Map would do every few times.
import { WINDOW_BYTES_MOST, windowCounters, WINDOWS_MOST } from '../shard/windows.js';
import type { Window } from './windows.js';

/** A power of two. */
const BUCKETS = 4096;
/** Odd, and without a pattern in its bits, so that lengths spread over all buckets. */
const LENGTH_FACTOR = 0x9e3779b1;
/** Most buffers begin at multiples of so many bytes. */
const GRANULARITY = 16;
/** Buffers of a page or more differ in higher bits of their addresses only. */
const PAGE_BITS = 8;

const counters = windowCounters();

export class KeptWindows {
  readonly #buckets = new Array<Window | undefined>(BUCKETS).fill(undefined);
  #oldest: Window | undefined;
  #newest: Window | undefined;

  /** The window on exactly these bytes that was kept last. */
  take(start: number, length: number): Window | undefined {
    let found = this.#buckets[bucketOf(start, length)];
    while (found !== undefined && (found.start !== start || found.length !== length)) found = found.next;
    if (found !== undefined) this.#remove(found);
    return found;
  }

  keep(window: Window): void {
    const bucket = bucketOf(window.start, window.length);
    window.next = this.#buckets[bucket];
    this.#buckets[bucket] = window;
    window.older = this.#newest;
    if (window.older === undefined) this.#oldest = window;
    else window.older.newer = window;
    this.#newest = window;
    counters.kept++;
    counters.keptBytes += window.length;
    while (counters.kept > WINDOWS_MOST || counters.keptBytes > WINDOW_BYTES_MOST) this.#remove(this.#oldest!);
  }

  clear(): void {
    while (this.#oldest !== undefined) this.#remove(this.#oldest);
  }

  #remove(window: Window): void {
    this.#unchain(window);
    const { older, newer } = window;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    window.older = undefined;
    window.newer = undefined;
    counters.kept--;
    counters.keptBytes -= window.length;
  }

  #unchain(window: Window): void {
    const bucket = bucketOf(window.start, window.length);
    let before = this.#buckets[bucket];
    if (before === window) this.#buckets[bucket] = window.next;
    else {
      while (before!.next !== window) before = before!.next;
      before!.next = window.next;
    }
    window.next = undefined;
  }
}

function bucketOf(start: number, length: number): number {
  const address = (start / GRANULARITY) | 0;
  return (address ^ (address >>> PAGE_BITS) ^ (Math.imul(length, LENGTH_FACTOR) >>> PAGE_BITS)) & (BUCKETS - 1);
}
