// Bytes that a user passes: typed arrays, DataViews and ArrayBuffers. They are read so that no code of the user runs.
import { types } from 'node:util';
import { invalidType } from './arguments.js';
import { getterOf } from './getters.js';

/** Bytes that a method copies from: a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

const BYTES = 'an ArrayBufferView or an ArrayBuffer';

/** Returns the bytes of a view or buffer, not a copy. `expected` names what else the caller takes. It does not use instanceof, because any object can have such a prototype. */
export function bytesOf(name: string, data: unknown, expected = BYTES): Uint8Array {
  if (types.isUint8Array(data)) return data;
  if (!ArrayBuffer.isView(data) && !types.isAnyArrayBuffer(data)) throw invalidType(name, expected, data);
  const bytes = viewOn(name, data);
  if (types.isTypedArray(data) && lengthOf.call(bytes) === 0) checkMemory(name, data);
  return bytes;
}

function viewOn(name: string, data: Bytes): Uint8Array {
  try {
    return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  } catch (error) {
    throw Object.assign(withoutMemory(name, data), { cause: error });
  }
}

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
const lengthOf = getterOf(typedArrays, 'length');
const bufferUnder = getterOf(typedArrays, 'buffer');
const offsetOf = getterOf(typedArrays, 'byteOffset');
/** Array.at(), which throws for an array without memory. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only ever called on bytes
const elementAt = Uint8Array.prototype.at;

/**
 * Number of elements of `bytes`, even when a program has defined another property `length` on it.
 *
 * @throws TypeError when its memory has been transferred away, or has shrunk so that none is left. Such an array is not an empty one.
 */
export function realLength(bytes: Uint8Array, name = 'data'): number {
  const length = lengthOf.call(bytes) as number;
  if (length === 0) checkMemory(name, bytes);
  return length;
}

/** As realLength(), but 0 for an array without memory. */
export function elementCount(bytes: Uint8Array): number {
  return lengthOf.call(bytes) as number;
}

/** The ArrayBuffer or SharedArrayBuffer under `bytes`. */
export function bufferOf(bytes: Uint8Array): ArrayBufferLike {
  return bufferUnder.call(bytes) as ArrayBufferLike;
}

function checkMemory(name: string, bytes: ArrayBufferView): void {
  try {
    elementAt.call(bytes, 0);
  } catch {
    throw withoutMemory(name, bytes);
  }
}

function withoutMemory(name: string, bytes: unknown): TypeError {
  return invalidType(name, 'bytes that have memory: its ArrayBuffer has been transferred away or has shrunk', bytes);
}

/** Returns true when another thread may make `bytes` longer at any moment. A copy must then use a length that was read once. */
export function mayGrow(bytes: Uint8Array): boolean {
  return (bufferOf(bytes) as { growable?: boolean }).growable === true;
}

/** A view of exactly `length` bytes from `start` on. No code of a subclass of Uint8Array runs. */
export function partOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(bufferOf(bytes) as ArrayBuffer, (offsetOf.call(bytes) as number) + start, length);
}
