// DmaBuffers that are kept ready: a program that asks for the same length again and again gets most of them without a native call. Many are
// filled ahead in one call, and a released one is used again as it is. All go back when another length is asked for, when memory is short, and
// before memory is counted.
import { constants, native } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { tracing } from '../shard/leaks.js';
import { viewMode } from '../shard/view-mode.js';
import { Reserve } from './handle.js';
import type { Handle } from './handle.js';
import { state } from './state.js';

const { pageSize, slabSlotMax } = constants;

const STREAK_LEAST = 16;
const FILLED_MOST = 16;
/** Buffers that were filled together should still be in the processor's cache when they are used. */
const FILLED_BYTES_MOST = 64 * 1024;
const KEPT_BYTES_MOST = 1024 * 1024;
const KEPT_MOST = 64;
/** While one handle of a block is used again, forgotten neighbours may stay unnoticed; so it is given up after so many uses. */
const USED_AGAIN_MOST = 1 << 16;

// Constants, because alloc() and release() are hot.
const { ready } = state;
const { kept } = ready;
const reserve = new Reserve();

/** A handle with `length` page-aligned bytes, when one is ready. */
export function prefetched(length: number): Handle | undefined {
  if (length !== ready.length) beginStreak(length);
  const next = kept.pop() ?? reserve.take();
  if (next !== undefined || ++ready.streak < STREAK_LEAST) return next;
  const count = Math.min(FILLED_MOST, Math.floor(FILLED_BYTES_MOST / length));
  if (count < 2) return undefined;
  reserve.fill(count, (first, most) => native.dmaFill(first, most, length, pageSize));
  return reserve.take();
}

/** Takes a handle back to which nobody else refers, with all its bytes; false when it must be released like any other. */
export function keepReady(handle: Handle): boolean {
  if (kept.length >= ready.keptMost || ready.streak < STREAK_LEAST || handle.length !== ready.length) return false;
  if (++ready.usedAgain > USED_AGAIN_MOST) {
    ready.usedAgain = 0;
    clearPrefetched();
    return false;
  }
  kept.push(handle);
  return true;
}

/** Releases the buffers that are kept ready. */
export function clearPrefetched(): void {
  reserve.clear();
  for (let handle = kept.pop(); handle !== undefined; handle = kept.pop()) handle.release();
}

function beginStreak(length: number): void {
  clearPrefetched();
  ready.length = length;
  ready.streak = 0;
  const { scrubbing } = attachDefault();
  const mayKeep = length <= slabSlotMax && viewMode() === 'shared' && !scrubbing && !tracing;
  ready.keptMost = mayKeep ? Math.min(KEPT_MOST, Math.floor(KEPT_BYTES_MOST / length)) : 0;
}
