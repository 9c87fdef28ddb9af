// The two areas that JavaScript and C++ both see (native/node/exchange.h).
import { constants, native } from './native.js';

const { exchangeSize, exchangeBody } = constants;

export const outgoing = new ArrayBuffer(exchangeSize);
export const incoming = new ArrayBuffer(exchangeSize);

/** Arguments, by index; the list of chains of a message grows down from the end. */
export const outgoingWords = new Uint32Array(outgoing);
/** Encoded bytes, and lists that C++ returns. */
export const outgoingBody = Buffer.from(outgoing, exchangeBody);
export const bodyWords = new Uint32Array(outgoing, exchangeBody);

/** Words that native.fragments() writes for each fragment: its piece, its offset there, its length, and the shard it lies on. */
export const FRAGMENT_WORDS = 4;
/** Fragments that one call describes at most. */
export const fragmentsMax = Math.floor(bodyWords.length / FRAGMENT_WORDS);

export const incomingBytes = Buffer.from(incoming);
export const incomingWords = new Uint32Array(incoming);
export const incomingNumbers = new Float64Array(incoming);

native.setup(outgoing, incoming);
