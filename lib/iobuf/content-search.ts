// Comparing and searching, on handles: the functions behind methods of ReadContent. Each throws ERR_RELEASED for a released handle.
import { native } from '../native/binding.js';
import { checkEncoding, checkInteger } from '../base/arguments.js';
import { bytesOf, realLength } from '../base/bytes.js';
import { check } from '../native/results.js';
import { Handle } from '../buffer/handle.js';

/** The other side of a comparison: a chain, or bytes. */
export type Content = Handle | Uint8Array;

export function equalContent(handle: Handle, other: Content): boolean {
  const length = lengthOf(handle);
  return handle === other || (lengthOf(other) === length && contentLiesAt(handle, 0, other));
}

export function compareContent(handle: Handle, other: Content): -1 | 0 | 1 {
  const slot = handle.slot('IoBuf');
  const order = other instanceof Handle ? native.compareChains(slot, other.slot('IoBuf')) : native.compareBytes(slot, other);
  return order as -1 | 0 | 1;
}

/** Returns whether `wanted` lies at `position` of the chain; false for a `position` below 0. */
export function contentLiesAt(handle: Handle, position: number, wanted: Content): boolean {
  const slot = handle.slot('IoBuf');
  const found = wanted instanceof Handle ? wanted.slot('IoBuf') : wanted;
  if (position < 0) return false;
  return (typeof found === 'number' ? native.chainLiesAt(slot, position, found) : native.bytesLieAt(slot, position, found)) === 1;
}

export function endsWithContent(handle: Handle, suffix: Content): boolean {
  return contentLiesAt(handle, lengthOf(handle) - lengthOf(suffix), suffix);
}

/** Position of the first match, as Buffer.indexOf(). `from` below 0 counts from the end. An empty needle is found at `from`, or at the end. */
export function findContent(handle: Handle, needle: Uint8Array, from: number): number {
  const slot = handle.slot('IoBuf');
  checkInteger('from', from, Number.MIN_SAFE_INTEGER);
  const { length } = handle;
  const start = Math.min(from < 0 ? Math.max(length + from, 0) : from, length);
  const found = check(native.find(slot, needle, start));
  return found === length && lengthOf(needle) > 0 ? -1 : found;
}

/** The bytes to search for: a number is one byte, a text is encoded, bytes stay as they are. @throws TypeError, RangeError */
export function needleOf(value: unknown, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof value === 'number') {
    checkInteger('value', value, 0, 0xff);
    return Uint8Array.of(value);
  }
  if (typeof value !== 'string') {
    const bytes = bytesOf('value', value, 'a number, a string or a Uint8Array');
    realLength(bytes, 'value');
    return bytes;
  }
  checkEncoding(encoding);
  return Buffer.from(value, encoding);
}

export function byteAt(handle: Handle, index: number): number | undefined {
  const slot = handle.slot('IoBuf');
  checkInteger('index', index, Number.MIN_SAFE_INTEGER);
  const position = index < 0 ? handle.length + index : index;
  return position < 0 || position >= handle.length ? undefined : native.byteAt(slot, position);
}

/** Length of a chain or of bytes, even when a subclass or a program defined another `length`. @throws ERR_RELEASED, TypeError */
export function lengthOf(content: Content): number {
  if (!(content instanceof Handle)) return realLength(content);
  content.assertLive('IoBuf');
  return content.length;
}
