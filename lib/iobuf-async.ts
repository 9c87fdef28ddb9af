// The methods of IoBuf that work in slices, on handles. What is between two slices is a cursor (native/buffer/cursor.h), which is
// good as long as no fragment has left its chain: that is what a handle's version tells. Appends and shares do not change it.
import { constants, native } from './native.js';
import { changed, check } from './errors.js';
import { Handle } from './handle.js';
import { lengthOf } from './iobuf-content.js';
import type { Content } from './iobuf-content.js';
import { attempt } from './pressure.js';
import { inSlices, untilAborted } from './slices.js';
import { hide } from './views.js';

const { scanStateSize } = constants;

/** Work on the bytes that are in a chain now, as long as they stay where they are. */
class Scan {
  readonly #handle: Handle;
  readonly #version: number;
  readonly #memory = new ArrayBuffer(scanStateSize);
  readonly #result = new BigUint64Array(this.#memory, 0, 1);

  /** `seed` is what checksums continue from. */
  constructor(handle: Handle, seed = 0n) {
    const slot = handle.slot('IoBuf');
    this.#handle = handle;
    this.#version = handle.version;
    this.#result[0] = seed;
    native.scanBegin(this.#memory, slot);
  }

  /** For one native call. Whatever may have run user code must ask again. */
  get state(): ArrayBuffer {
    this.#handle.slot('IoBuf');
    if (this.#handle.version !== this.#version) throw changed('IoBuf');
    return this.#memory;
  }

  get result(): bigint {
    return this.#result[0]!;
  }
}

export async function crc32cInSlices(handle: Handle, seed: number, signal: AbortSignal | undefined): Promise<number> {
  const scan = new Scan(handle, BigInt(seed));
  await inSlices((microseconds) => native.crc32cSlice(scan.state, microseconds) === 0, signal);
  return Number(scan.result);
}

export async function xxhash64InSlices(handle: Handle, seed: bigint, signal: AbortSignal | undefined): Promise<bigint> {
  const scan = new Scan(handle, seed);
  await inSlices((microseconds) => native.xxhash64Slice(scan.state, microseconds) === 0, signal);
  return scan.result;
}

export async function equalInSlices(handle: Handle, other: Content, signal: AbortSignal | undefined): Promise<boolean> {
  const length = lengthOf(handle);
  if (handle === other) return true;
  if (lengthOf(other) !== length) return false;
  const scan = new Scan(handle);
  const step = other instanceof Handle ? equalChainStep(scan, new Scan(other)) : equalBytesStep(scan, other, length);
  await inSlices((microseconds) => step(microseconds) === 0 || scan.result === 0n, signal);
  return scan.result === 1n;
}

function equalChainStep(scan: Scan, other: Scan): (microseconds: number) => number {
  return (microseconds) => native.equalChainSlice(scan.state, other.state, microseconds);
}

/** Bytes of JavaScript may be resized or detached between two slices. */
function equalBytesStep(scan: Scan, bytes: Uint8Array, length: number): (microseconds: number) => number {
  return (microseconds) => {
    if (lengthOf(bytes) !== length) throw changed('Uint8Array');
    return native.equalBytesSlice(scan.state, bytes, microseconds);
  };
}

/** What was copied before it is given up goes back. */
export async function copyInSlices(handle: Handle, signal: AbortSignal | undefined): Promise<Handle> {
  const scan = new Scan(handle);
  const copy = new Handle();
  try {
    const slot = copy.slot('IoBuf');
    const step = (microseconds: number): number => attempt(() => native.copySlice(scan.state, slot, microseconds), handle);
    await inSlices((microseconds) => check(step(microseconds)) === 0, signal);
  } catch (error) {
    copy.release();
    throw error;
  }
  return copy;
}

/** The bytes move to a handle that nobody knows and go back from there, also when nobody waits any more. */
export function clearInSlices(handle: Handle, signal: AbortSignal | undefined): Promise<void> {
  const slot = handle.slot('IoBuf');
  const hidden = new Handle();
  const hiddenSlot = hidden.slot('IoBuf');
  native.moveOut(slot, hiddenSlot);
  if (handle.shown !== undefined) hide(handle);
  handle.version++;
  const cleared = inSlices((microseconds) => native.clearSlice(hiddenSlot, microseconds) === 0);
  return untilAborted(cleared.then(() => hidden.release()), signal);
}
