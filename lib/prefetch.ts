// DmaBuffers kept ready: a program that asks for the same length again and again gets most of them without a native call. They are
// filled ahead, many in one call, and what is released is used again as it is. All of it goes back when another length is
// wanted, when memory is short, and before anybody counts.
import { constants, native } from './native.js';
import { attachDefault } from './attachment.js';
import { Reserve } from './handle.js';
import type { Handle } from './handle.js';
import { tracing } from './leaks.js';
import { reclaimWith } from './pressure.js';
import { viewMode } from './views.js';

const { pageSize, slotMax } = constants;

const STREAK_LEAST = 16;
const FILLED_MOST = 16;
/** What was filled together should still be in the processor's cache when it is used. */
const FILLED_BYTES_MOST = 64 * 1024;
const KEPT_BYTES_MOST = 1024 * 1024;
const KEPT_MOST = 64;
/** A block of handles is watched as a whole: for as long as one of it is used again, nothing that was forgotten in it can be found. */
const USED_AGAIN_MOST = 1 << 16;

const reserve = new Reserve();
const kept: Handle[] = [];
let keptMost = 0;
let usedAgain = 0;
let streakLength = 0;
let streak = 0;

/** A handle with `length` page-aligned bytes, when one is ready. */
export function prefetched(length: number): Handle | undefined {
  if (length !== streakLength) beginStreak(length);
  const ready = kept.pop() ?? reserve.take();
  if (ready !== undefined || ++streak < STREAK_LEAST) return ready;
  const count = Math.min(FILLED_MOST, Math.floor(FILLED_BYTES_MOST / length));
  if (count < 2) return undefined;
  reserve.fill(count, (first, most) => native.dmaFill(first, most, length, pageSize));
  return reserve.take();
}

/** Takes back a handle that nobody else refers to, with all its bytes; false when it should be released as any other. */
export function keepReady(handle: Handle): boolean {
  if (kept.length >= keptMost || streak < STREAK_LEAST || handle.length !== streakLength) return false;
  if (++usedAgain > USED_AGAIN_MOST) {
    usedAgain = 0;
    clearPrefetched();
    return false;
  }
  kept.push(handle);
  return true;
}

export function clearPrefetched(): void {
  reserve.clear();
  for (let handle = kept.pop(); handle !== undefined; handle = kept.pop()) handle.release();
}

function beginStreak(length: number): void {
  clearPrefetched();
  streakLength = length;
  streak = 0;
  const { scrubbing } = attachDefault();
  keptMost = length <= slotMax && viewMode() === 'shared' && !scrubbing && !tracing ? Math.min(KEPT_MOST, Math.floor(KEPT_BYTES_MOST / length)) : 0;
}

reclaimWith(clearPrefetched);
