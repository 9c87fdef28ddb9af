// What is in a chain, whatever its fragments: the methods of IoBuf that look at content, on handles.
import { native } from './native.js';
import { bytesOf, checkEncoding, checkInteger } from './checks.js';
import { check } from './errors.js';
import { Handle } from './handle.js';

/** What a chain is compared with: another, or bytes. */
export type Content = Handle | Uint8Array;

const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
const { get: typedArrayLength } = Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length') as { get: () => number };

export function equalContent(handle: Handle, other: Content): boolean {
  const length = lengthOf(handle);
  return handle === other || (lengthOf(other) === length && contentLiesAt(handle, 0, other));
}

export function compareContent(handle: Handle, other: Content): -1 | 0 | 1 {
  const slot = handle.slot('IoBuf');
  const order = other instanceof Handle ? native.compareChains(slot, other.slot('IoBuf')) : native.compareBytes(slot, other);
  return order as -1 | 0 | 1;
}

/** A `position` below 0 is nowhere. */
export function contentLiesAt(handle: Handle, position: number, wanted: Content): boolean {
  const slot = handle.slot('IoBuf');
  const found = wanted instanceof Handle ? wanted.slot('IoBuf') : wanted;
  if (position < 0) return false;
  return (typeof found === 'number' ? native.chainLiesAt(slot, position, found) : native.bytesLieAt(slot, position, found)) === 1;
}

export function endsWithContent(handle: Handle, suffix: Content): boolean {
  return contentLiesAt(handle, lengthOf(handle) - lengthOf(suffix), suffix);
}

/** As Buffer.indexOf: `from` below 0 counts from the end; nothing is found at `from`, or at the end when that comes first. */
export function findContent(handle: Handle, needle: Uint8Array, from: number): number {
  const slot = handle.slot('IoBuf');
  checkInteger('from', from, Number.MIN_SAFE_INTEGER);
  const { length } = handle;
  const start = Math.min(from < 0 ? Math.max(length + from, 0) : from, length);
  const found = check(native.find(slot, needle, start));
  return found === length && lengthOf(needle) > 0 ? -1 : found;
}

/** A byte by its value, a text in its encoding, or bytes. */
export function needleOf(value: unknown, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof value === 'number') {
    checkInteger('value', value, 0, 0xff);
    return Uint8Array.of(value);
  }
  if (typeof value !== 'string') return bytesOf('value', value, 'a number, a string or a Uint8Array');
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}

export function byteAt(handle: Handle, index: number): number | undefined {
  const slot = handle.slot('IoBuf');
  checkInteger('index', index, Number.MIN_SAFE_INTEGER);
  const position = index < 0 ? handle.length + index : index;
  return position < 0 || position >= handle.length ? undefined : native.byteAt(slot, position);
}

/** Of a subclass, too, which may have a length of its own. @throws ERR_RELEASED */
export function lengthOf(content: Content): number {
  if (!(content instanceof Handle)) return typedArrayLength.call(content);
  content.slot('IoBuf');
  return content.length;
}
