// Plain data as bytes: what calls can carry, but for chains, which only one shard can have.
import { Decoder } from './decoder.js';
import type { Cargo } from './decoder.js';
import { done, encode } from './transmission.js';

/** @throws TypeError for what cannot travel. */
export function encodeData(value: unknown): Buffer {
  const encoder = encode(value, 'value');
  const bytes = Buffer.from(encoder.bytes.subarray(0, encoder.length));
  done(encoder);
  return bytes;
}

/** Another copy with each call. */
export function decodeData(bytes: Buffer): unknown {
  return new Decoder(bytes, 0, NO_CARGO).value();
}

const NO_CARGO: Cargo = { claim: none, signal: none };

function none(): never {
  throw new Error('there are no chains and signals in plain data');
}
