// Encodes values and hands them to C++, from the shared area or, when that is too small, from bytes of their own.
import { constants, native } from './native.js';
import { Encoder } from './encoder.js';
import type { Root } from './encoder.js';
import { CorebufError, OUT_OF_MEMORY } from './errors.js';
import { outgoingBody, outgoingWords } from './exchange.js';
import { Handle } from './handle.js';
import { relieveKeeping } from './pressure.js';

/** Words of `outgoing` (native/node/message_binding.cc). */
export const words = { shard: 0, incarnation: 1, method: 2, number: 3, token: 6, status: 7 } as const;
const LENGTH = 4;
const PARCELS = 5;

/** How C++ takes an encoding. */
export interface Way {
  readonly shared: () => number;
  readonly large: (encoded: Uint8Array) => number;
}

export const SEND: Way = { shared: () => native.send(), large: (encoded) => native.sendLarge(encoded) };
export const REPLY: Way = { shared: () => native.reply(), large: (encoded) => native.replyLarge(encoded) };

let spare: Encoder | undefined = new Encoder();

/** An encoder with `value` encoded, which goes back with done(). Getters of one call's arguments may make another call meanwhile. */
export function encode(value: unknown, root: Root, shares = false): Encoder {
  const encoder = spare ?? new Encoder();
  spare = undefined;
  try {
    encoder.encode(value, root, shares);
    if (encoder.parcels.length > constants.parcelsMax) {
      throw new CorebufError('ERR_OUT_OF_BOUNDS', `a call carries at most ${constants.parcelsMax} chains, this one has ${encoder.parcels.length}`);
    }
    return encoder;
  } catch (error) {
    spare = encoder;
    throw error;
  }
}

export function done(encoder: Encoder): void {
  spare = encoder;
}

/** What goes to C++: the chains, and the encoding where it is not in the shared area. */
export interface Parts {
  readonly large: Uint8Array | undefined;
  readonly length: number;
  readonly parcels: readonly Handle[];
}

/** Writes the words that say where it goes. */
export type Address = () => void;

/** `address` has been called. */
export function hand({ large, length, parcels }: Parts, way: Way): number {
  outgoingWords[LENGTH] = large === undefined ? length : 0;
  listParcels(parcels);
  return large === undefined ? way.shared() : way.large(large);
}

/**
 * Once more, when memory ran out: after relief, during which listeners may have made calls of their own and used the shared area, so
 * `address` is called anew.
 */
export function handAgain(parts: Parts, way: Way, address: Address): number {
  const { length, parcels } = parts;
  const large = parts.large ?? Buffer.from(outgoingBody.subarray(0, length));
  if (!relieveKeeping(parcels)) return OUT_OF_MEMORY;
  address();
  return hand({ large, length, parcels }, way);
}

/** Their slots, growing down from the end of the area. */
function listParcels(parcels: readonly Handle[]): void {
  outgoingWords[PARCELS] = parcels.length;
  for (let at = 0; at < parcels.length; at++) outgoingWords[outgoingWords.length - 1 - at] = parcels[at]!.slot('chain');
}

export function moved(from: Handle): Handle {
  const to = new Handle();
  native.take(to.slot('chain'), from.slot('chain'));
  from.forget();
  return to;
}
