// Work on the bytes of chains in slices, on handles: the functions behind the methods of IoBuf that end in Async. A cursor
// (native/buffer/cursor.h) keeps the position from one slice to the next. It is valid while no fragment has left the chain: then the version
// of the handle is unchanged. Appends and shares do not change the version.
import { native } from '../native/binding.js';
import type { NativeScan } from '../native/binding.js';
import { elementCount } from '../base/bytes.js';
import { changed } from '../base/errors.js';
import { check } from '../native/results.js';
import { Handle } from '../buffer/handle.js';
import { lengthOf } from './content-search.js';
import type { Content } from './content-search.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { untilAborted } from '../base/abort.js';
import { inSlices } from '../base/time-slices.js';

/** A scan of the bytes that are in a chain now. It fails once one of their fragments has left the chain. */
class Scan {
  readonly #handle: Handle;
  readonly #version: number;
  readonly #scan: NativeScan;

  /** A checksum continues from `seed`. */
  constructor(handle: Handle, seed = 0n) {
    const slot = handle.slot('IoBuf');
    this.#handle = handle;
    this.#version = handle.version;
    this.#scan = native.scanBegin(slot, seed);
  }

  /** State of the scan, for one native call. Read it again after code of the user may have run. @throws ERR_RELEASED, ERR_CHANGED */
  get state(): NativeScan {
    this.#handle.assertLive('IoBuf');
    if (this.#handle.version !== this.#version) throw changed('IoBuf');
    return this.#scan;
  }

  get result(): bigint {
    return native.scanResult(this.#scan);
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

/** Checks the length in each slice, because an ArrayBuffer may be resized or detached between two of them. */
function equalBytesStep(scan: Scan, bytes: Uint8Array, length: number): (microseconds: number) => number {
  return (microseconds) => {
    if (elementCount(bytes) !== length) throw changed('Uint8Array');
    return native.equalBytesSlice(scan.state, bytes, microseconds);
  };
}

/** Copies the chain into a new handle, which is released when the work fails or is aborted. */
export async function copyInSlices(handle: Handle, signal: AbortSignal | undefined): Promise<Handle> {
  const scan = new Scan(handle);
  const copy = new Handle();
  try {
    const slot = copy.slot('IoBuf');
    const step = (microseconds: number): number => retryAfterReclaim(() => native.copySlice(scan.state, slot, microseconds), handle);
    await inSlices((microseconds) => check(step(microseconds)) === 0, signal);
  } catch (error) {
    copy.release();
    throw error;
  }
  return copy;
}

/** Moves all bytes to a hidden handle, and releases them from there in slices. A signal ends only the waiting. */
export function clearInSlices(handle: Handle, signal: AbortSignal | undefined): Promise<void> {
  const slot = handle.slot('IoBuf');
  const hidden = new Handle();
  const hiddenSlot = hidden.slot('IoBuf');
  handle.endWatch('clearAsync()');
  native.moveOut(slot, hiddenSlot);
  handle.shown?.end();
  handle.version++;
  const cleared = inSlices((microseconds) => native.clearSlice(hiddenSlot, microseconds) === 0);
  return untilAborted(cleared.then(() => hidden.release()), signal);
}
