// The two areas that JavaScript and C++ both see (native/turn/exchange.h).
import { constants, native } from './binding.js';

const { exchangeSize, exchangeBody } = constants;

export const outgoing = new ArrayBuffer(exchangeSize);
export const incoming = new ArrayBuffer(exchangeSize);

/** Arguments, by index; the list of chains of a message grows down from the end. */
export const outgoingWords = new Uint32Array(outgoing);
/** Encoded bytes, and lists that C++ returns. */
export const outgoingBody = Buffer.from(outgoing, exchangeBody);
export const bodyWords = new Uint32Array(outgoing, exchangeBody);

/** Fragments that one call describes at most. */
export const fragmentsMax = Math.floor(bodyWords.length / constants.fragmentWords);

export const incomingBytes = Buffer.from(incoming);
export const incomingWords = new Uint32Array(incoming);
export const incomingNumbers = new Float64Array(incoming);

/**
 * Numbers that JavaScript counts itself and C++ publishes: bytes appended to slack, leaks reclaimed, calls queued, index plus one, open logs, and
 * the positions of these logs.
 */
export const counted = new Float64Array(constants.countedNumbers);

native.setup(outgoing, incoming);
native.countIn(counted.buffer);
