// The base class of IoBuf, and its access to the handle. The verbs of IoBuf are in abstract classes, one file for each kind, because one class
// with all of them would be too long to read. Every object is an IoBuf, the last class.
//
//   AppendNumbers   appendUInt8 … appendVarlong
//   AppendBytes     append, prepend, reserve, take, wrap
//   PrependNumbers  prependUInt8 … prependUVarint
//   Trim            trimFront, trimBack, clear, coalesce
//   Adopt           home, adopt
//   ReadContent     toBuffer, equals, indexOf, crc32c …
//   Convert         valueOf, toJSON, asynchronous iteration
//   IoBuf           length, share, release, and the verbs that make chains, readers and streams
import { checkInteger } from '../base/arguments.js';
import { CorebufError, outOfBounds } from '../base/errors.js';
import type { Handle } from '../buffer/handle.js';
import { state } from './state.js';

/**
 * Base class of IoBuf, without fields. V8 constructs an object fastest when the class that `new` names sets all fields itself and has no
 * private methods. So the handle is a private field of the last class; every method reads it with handleOf(), and functions that are not
 * public are not methods.
 */
export abstract class Chain {}

/** Returns the handle of a chain. It is a private field, because users could see and set a public one. */
export function handleOf(chain: Chain): Handle {
  return state.handleOf(chain);
}

/** Tells this file how to read the private field of IoBuf. */
export function setHandleGetter(handleOf: (chain: Chain) => Handle, hasHandle: (value: object) => boolean): void {
  state.handleOf = handleOf;
  state.hasHandle = hasHandle;
}

/**
 * Checks the range from `start` to `end` (default: the length of the chain) and returns both. `what` is the name of the verb in errors.
 *
 * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS; TypeError and RangeError, which name the argument.
 */
export function rangeIn(handle: Handle, what: string, start: number, end: number | undefined): [number, number] {
  handle.assertLive('IoBuf');
  const { length } = handle;
  const to = end ?? length;
  checkInteger('start', start);
  checkInteger('end', to);
  if (to > length) throw outOfBounds(`${what}: end`, to, length);
  if (start > length) throw outOfBounds(`${what}: start`, start, length);
  if (start > to) throw new CorebufError('ERR_OUT_OF_BOUNDS', `${what}: start must be at most end; received start ${start} and end ${to}`);
  return [start, to];
}
