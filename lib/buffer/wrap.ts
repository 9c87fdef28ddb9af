// JavaScript's memory in chains: which memory may become part of a chain, and which is copied instead.
import { constants as bufferConstants } from 'node:buffer';
import { types } from 'node:util';
import * as threads from 'node:worker_threads';
import { constants, native } from '../native/binding.js';
import { invalidRange, invalidType } from '../base/arguments.js';
import { bufferOf, elementCount, realLength } from '../base/bytes.js';
import { check } from '../native/results.js';
import type { Handle } from './handle.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';

/** A fragment is described in 32 bits. */
export const WRAP_LENGTH_MAX = Math.min(bufferConstants.MAX_LENGTH, constants.bufferLengthMax);

/** By the result of native.wrap(): the argument that it expects. */
const REFUSALS: Readonly<Record<number, string>> = {
  [constants.wrapRefusedArena]: "a Uint8Array over JavaScript's own memory: take or share the IoBuf or DmaBuffer instead",
  [constants.wrapRefusedResizable]: 'a Uint8Array over an ArrayBuffer of fixed length',
  [constants.wrapRefusedDetached]: 'a Uint8Array over an ArrayBuffer that has not been detached',
};

/** By the result of native.wrapping(): true, or the reason why some memory cannot be wrapped. */
const WRAPPING: Readonly<Record<number, string | true>> = {
  [constants.wrappableNothing]: "this Node does not export V8's BackingStore",
  [constants.wrappableShared]: 'only SharedArrayBuffers: ArrayBuffer.prototype.transfer() of this Node moves memory that others hold',
  [constants.wrappableAll]: true,
};

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
  const kept = keeps(bufferOf(bytes));
  if (!kept) realLength(bytes, 'bytes'); // C++ sees an empty array where the memory has gone.
  const slot = handle.slot('IoBuf');
  const result = retryAfterReclaim(() => (kept ? native.wrap(slot, bytes) : native.append(slot, bytes)), handle);
  const refusal = REFUSALS[result];
  if (refusal !== undefined) throw invalidType('bytes', refusal, bytes);
  check(result);
}

function checkWrappable(bytes: Uint8Array): void {
  if (!types.isUint8Array(bytes)) throw invalidType('bytes', 'a Uint8Array', bytes);
  const length = elementCount(bytes);
  if (length > WRAP_LENGTH_MAX) throw invalidRange('bytes.length', `at most ${WRAP_LENGTH_MAX}`, length);
}

/**
 * When a worker ends, Node gives memory that an addon has lent it back to the addon, whoever else holds it. It marks such memory as
 * untransferable. On the main thread all others have ended before.
 */
function keeps(buffer: ArrayBufferLike): boolean {
  if (types.isSharedArrayBuffer(buffer)) return wrappable !== constants.wrappableNothing;
  return wrappable === constants.wrappableAll && (threads.isMainThread || !untransferable(buffer));
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
