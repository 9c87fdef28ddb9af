// Windows: the ArrayBuffers under the views that users have. A window shows the bytes of one buffer, or of one slab of small buffers, and
// nothing else (native/buffer/window.h says which). It is shown through one handle, which it keeps from being collected as long as somebody has
// the ArrayBuffer, a view on it, or a view made of such a view.
//
// A handle gives its windows back when it is released. They are kept by address and length for the next buffer there, because to make one costs
// much more than to find it. A window that is kept refers to no handle, so it keeps no memory of the shard alive.
import { markAsUntransferable } from 'node:worker_threads';
import { constants, native } from '../native/binding.js';
import { windowCounters } from '../shard/windows.js';
import type { Handle } from './handle.js';
import { state } from './state.js';

const { regionSize } = constants;

export interface Window {
  readonly buffer: ArrayBuffer;
  /** Address in bytes, counted from the beginning of all arenas. */
  readonly start: number;
  readonly length: number;
  /** The handle through which it is shown; undefined while the window is kept for later. */
  owner: Handle | undefined;
  /** The next window of the same owner, in a ring; of a window that is kept, the next in its bucket. */
  next: Window | undefined;
  /** Of a window that is kept: the ones that were kept before and after it. */
  older: Window | undefined;
  newer: Window | undefined;
}

class Returned {
  constructor(object: object) {
    return object;
  }
}

/** Gives an ArrayBuffer a private field, which no program can see or change. A WeakMap would cost more, and each collection of garbage too. */
class WindowOf extends Returned {
  // eslint-disable-next-line no-unused-private-class-members -- it is there to be held
  readonly #window: Window;

  constructor(buffer: ArrayBuffer, window: Window) {
    super(buffer);
    this.#window = window;
  }
}

// Constants, because `bytes` and release() are hot.
const { keptWindows } = state;
const counters = windowCounters();

/** False once a program has transferred the ArrayBuffer, which Node 20 and 22 cannot refuse: its views have length 0. */
export function isIntact({ buffer }: Window): boolean {
  return buffer.byteLength > 0;
}

/** A window on `length` bytes from `start` for `owner`: one that was kept, or a new one. */
export function takeWindow(owner: Handle, start: number, length: number): Window {
  const found = keptWindows.take(start, length);
  // A program may have transferred it through a stale view.
  if (found === undefined || !isIntact(found)) return openWindow(owner, start, length);
  counters.hits++;
  found.owner = owner;
  return found;
}

/** The owner shows nothing through the window any more. */
export function keepWindow(window: Window): void {
  window.owner = undefined;
  if (isIntact(window)) keptWindows.keep(window);
}

/** Lets go of all windows that are kept for later. */
export function dropWindows(): void {
  keptWindows.clear();
}

/** A new window, which no other handle will get before this one gives it back. */
export function openWindow(owner: Handle, start: number, length: number): Window {
  counters.misses++;
  const buffer = native.openWindow(Math.floor(start / regionSize), start % regionSize, length);
  // Otherwise postMessage() could move the memory to another thread. Newer versions of Node refuse every other transfer, too.
  markAsUntransferable(buffer);
  const window: Window = { buffer, start, length, owner, next: undefined, older: undefined, newer: undefined };
  new WindowOf(buffer, window);
  return window;
}
