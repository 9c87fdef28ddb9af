// What all verbs of IoBuf stand on: its handle. The verbs are in abstract classes, a file for each kind, because together they are too
// many to read; no object is made of any but the last.
//
//   NumberWriter    appendUInt8 … appendVarint
//   BytesWriter     append, prepend, reserve, take
//   ChainTrimmer    trimFront, trimBack, clear, coalesce
//   ContentReader   toBuffer, equals, indexOf, crc32c …
//   IoBuf           length, release, and what makes chains, readers and streams
import { checkInteger } from './checks.js';
import { outOfBounds } from './errors.js';
import type { Handle } from './handle.js';

/** What its class tells: of every object that extends this one. Not a field, which all the world could see and set. */
export let handleOf: (chain: Chain) => Handle;

export function findHandlesWith(find: (chain: Chain) => Handle): void {
  handleOf = find;
}

/**
 * V8 makes an object fastest when the class that is asked for it sets its fields itself, and marks each new object of a class that has
 * private methods: so the handle is a field of the last class, and what is not public is a function.
 */
export abstract class Chain {}

/** `start` and `end`, which defaults to the end of the chain, once they are known to be inside of it. */
export function rangeIn(handle: Handle, what: string, start: number, end: number | undefined): [number, number] {
  handle.slot('IoBuf');
  const { length } = handle;
  const to = end ?? length;
  checkInteger('start', start);
  checkInteger('end', to);
  if (to > length || start > to) throw outOfBounds(what, Math.max(to, start), length);
  return [start, to];
}
