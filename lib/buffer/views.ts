// How JavaScript sees the bytes of chains. There are three modes:
//
//   shared    windows on the memory itself, which are kept and used again (windows.ts)
//   checked   every fragment that is shown has a window of its own, which release() detaches (checked-views.ts)
//   copied    where external ArrayBuffers are forbidden: views are copies
//
// Wrapped memory (wrap.ts) lies in no arena: each view of it has an ArrayBuffer of its own, which holds that memory.
//
// The package itself reads and writes through inner views, each of a whole region. Users cannot reach the ArrayBuffers under them.
import { markAsUntransferable } from 'node:worker_threads';
import { constants, native } from '../native/binding.js';
import { bodyWords } from '../native/shared-areas.js';
import { viewMode } from '../shard/view-mode.js';
import { checkedViewsOf } from './checked-views.js';
import type { Handle } from './handle.js';
import { sharedWindowsOf } from './shown.js';
import { state } from './state.js';

const { regionOutside: OUTSIDE, regionSize: REGION_SIZE } = constants;
const { fragmentOffset, fragmentRegion, fragmentWindowBefore, fragmentWindowLength } = constants;

/** The class of all Buffers: what Buffer.from(arrayBuffer, …) constructs in the end, without its checks. */
const FastBuffer = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
) => Buffer;

/** All bytes of one region, for this package alone; undefined where views are copies, and for wrapped memory, which lies in no region. */
export function innerRegionView(region: number): Buffer | undefined {
  return region === state.views.lastRegion ? state.views.lastView : findInnerRegionView(region);
}

function findInnerRegionView(region: number): Buffer | undefined {
  if (viewMode() === 'copied' || region >= OUTSIDE) return undefined;
  const { views } = state;
  let bytes = views.inner.get(region);
  if (bytes === undefined) {
    bytes = Buffer.from(native.openWindow(region, 0, REGION_SIZE));
    views.inner.set(region, bytes);
  }
  views.lastRegion = region;
  views.lastView = bytes;
  return bytes;
}

/** `length` bytes of an arena, for this package alone; undefined where views are copies. They may reach across regions. */
export function innerView(region: number, offset: number, length: number): Buffer | undefined {
  const within = innerRegionView(region);
  if (within === undefined) return undefined;
  if (offset + length <= REGION_SIZE) return new FastBuffer(within.buffer as ArrayBuffer, offset, length);
  return Buffer.from(native.openWindow(region, offset, length));
}

/**
 * `length` bytes from `position` of the chain, which lie in one fragment at that address. Users may keep the view. It lies on a window of
 * `windowLength` bytes that begins `before` bytes in front of it; by default the window shows these bytes and no others.
 */
export function viewOf(handle: Handle, position: number, region: number, offset: number, length: number, before = 0, windowLength = length): Buffer {
  if (region === OUTSIDE) return wrappedView(handle, position, length);
  const mode = viewMode();
  if (mode === 'copied') return copyOf(handle, position, length);
  const address = region * REGION_SIZE + offset;
  if (mode === 'checked') return new FastBuffer(checkedViewsOf(handle).show(handle, position, address, length).buffer, 0, length);
  return new FastBuffer(sharedWindowsOf(handle).show(handle, address - before, windowLength).buffer, before, length);
}

/** As viewOf(), for bytes whose window is not known. One native call, unless the chain has just shown bytes beside them. */
export function viewInside(handle: Handle, position: number, region: number, offset: number, length: number): Buffer {
  if (region === OUTSIDE || viewMode() !== 'shared') return viewOf(handle, position, region, offset, length);
  const address = region * REGION_SIZE + offset;
  const around = sharedWindowsOf(handle).around(address, length);
  if (around !== undefined) return new FastBuffer(around.buffer, address - around.start, length);
  native.fragmentAt(handle.slot('chain'), position);
  const fragment = bodyWords[fragmentRegion]! * REGION_SIZE + bodyWords[fragmentOffset]!;
  const before = address - fragment + bodyWords[fragmentWindowBefore]!;
  return viewOf(handle, position, region, offset, length, before, bodyWords[fragmentWindowLength]);
}

/** It holds its memory and can show no other bytes: there is nothing to keep alive, nor to detach on release. */
function wrappedView(handle: Handle, position: number, length: number): Buffer {
  if (viewMode() === 'copied') return copyOf(handle, position, length);
  const buffer = native.wrappedView(handle.slot('chain'), position);
  markAsUntransferable(buffer);
  return new FastBuffer(buffer, 0, length);
}

function copyOf(handle: Handle, position: number, length: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(length);
  native.copyOut(handle.slot('chain'), position, copy);
  return copy;
}
