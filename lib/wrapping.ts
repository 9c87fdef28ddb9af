// What of JavaScript's memory may become part of a chain, and what is copied instead.
import { constants as bufferConstants } from 'node:buffer';
import { types } from 'node:util';
import * as threads from 'node:worker_threads';
import { native } from './native.js';
import { invalidRange, invalidType } from './checks.js';
import { check } from './errors.js';
import type { Handle } from './handle.js';
import { attempt } from './pressure.js';

/** A fragment is described in 32 bits. */
export const WRAP_LENGTH_MAX = Math.min(bufferConstants.MAX_LENGTH, 2 ** 32 - 1);

/** What native.wrap() says: native/node/wrap_binding.cc. */
const REFUSALS = [
  undefined,
  "a Uint8Array over JavaScript's own memory: take or share the IoBuf or DmaBuffer instead",
  'a Uint8Array over an ArrayBuffer of fixed length',
  'a Uint8Array over an ArrayBuffer that has not been detached',
] as const;

/** What arrays really are, whatever somebody has defined on one. */
function getterOf<T>(name: string): (array: Uint8Array) => T {
  const { prototype } = Uint8Array;
  const found = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(prototype), name)!;
  return (array) => found.get!.call(array) as T;
}

const bufferUnder = getterOf<ArrayBufferLike>('buffer');
const lengthOf = getterOf<number>('length');

/** What native.wrapping() says: all but the last keep something from being wrapped. */
const WRAPPING = [
  "this Node does not export V8's BackingStore",
  'only SharedArrayBuffers: ArrayBuffer.prototype.transfer() of this Node moves memory that others hold',
  true,
] as const;
const WRAPPING_SHARED = 1;
const WRAPPING_ALL = 2;

const wrappable = probeWrapping();

/** True, or what is copied and why. */
export const wrapping: boolean | string = WRAPPING[wrappable]!;

function probeWrapping(): number {
  const probe: ArrayBuffer & { transfer?: (length: number) => unknown } = new ArrayBuffer(64);
  return native.wrapping(probe, () => void probe.transfer?.(128));
}

/** Puts `bytes` behind the end of the chain. */
export function wrapBehind(handle: Handle, bytes: Uint8Array): void {
  checkWrappable(bytes);
  const kept = keeps(bufferUnder(bytes));
  const slot = handle.slot('IoBuf');
  const result = attempt(() => (kept ? native.wrap(slot, bytes) : native.append(slot, bytes)), handle);
  const refusal = REFUSALS[result];
  if (refusal !== undefined) throw invalidType('bytes', refusal, bytes);
  check(result);
}

function checkWrappable(bytes: Uint8Array): void {
  if (!types.isUint8Array(bytes)) throw invalidType('bytes', 'a Uint8Array', bytes);
  if (lengthOf(bytes) > WRAP_LENGTH_MAX) throw invalidRange('bytes.length', `at most ${WRAP_LENGTH_MAX}`, lengthOf(bytes));
}

/**
 * When a worker ends, Node gives memory that an addon has lent it back to the addon, whoever else holds it. It marks such memory as
 * untransferable. On the main thread all others have ended before.
 */
function keeps(buffer: ArrayBufferLike): boolean {
  if (types.isSharedArrayBuffer(buffer)) return wrappable >= WRAPPING_SHARED;
  return wrappable === WRAPPING_ALL && (threads.isMainThread || !untransferable(buffer));
}

/** Node 20 cannot be asked. There, the check of a list that names a buffer twice fails only when it may be transferred. */
function untransferableByTrial(buffer: ArrayBuffer): boolean {
  try {
    structuredClone(undefined, { transfer: [buffer, buffer] });
    return true;
  } catch {
    return false;
  }
}

const untransferable =
  (threads as { isMarkedAsUntransferable?: (buffer: ArrayBuffer) => boolean }).isMarkedAsUntransferable ?? untransferableByTrial;
