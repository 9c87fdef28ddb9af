// DmaBuffers filled ahead: a program that asks for the same length again and again gets most of them without a native call. What
// was filled and not asked for goes back when another length is wanted, when memory is short, and before anybody counts.
import { constants, native } from './native.js';
import { Reserve } from './handle.js';
import type { Handle } from './handle.js';
import { reclaimWith } from './pressure.js';

const { pageSize } = constants;

const STREAK_LEAST = 16;
const BUFFERS_MOST = 16;
/** What was filled together should still be in the processor's cache when it is used. */
const BYTES_MOST = 64 * 1024;

const reserve = new Reserve();
let streakLength = 0;
let streak = 0;

/** A handle with `length` page-aligned bytes, when one is ready. */
export function prefetched(length: number): Handle | undefined {
  if (length !== streakLength) {
    clearPrefetched();
    streakLength = length;
    streak = 0;
  }
  const ready = reserve.take();
  if (ready !== undefined || ++streak < STREAK_LEAST) return ready;
  const count = Math.min(BUFFERS_MOST, Math.floor(BYTES_MOST / length));
  if (count < 2) return undefined;
  reserve.fill(count, (first, most) => native.dmaFill(first, most, length, pageSize));
  return reserve.take();
}

export function clearPrefetched(): void {
  reserve.clear();
}

reclaimWith(clearPrefetched);
