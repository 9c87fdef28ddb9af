// Plain data as bytes: all values that calls can carry, without chains, which one shard alone can own.
import { Decoder } from './decoder.js';
import type { Cargo } from './decoder.js';
import { encode, releaseEncoder } from './send.js';

/** @throws TypeError for a value that cannot travel between shards. */
export function encodeData(value: unknown): Buffer {
  const encoder = encode(value, 'value');
  const bytes = encoder.writer.copy();
  releaseEncoder(encoder);
  return bytes;
}

/** A new copy of the value with each call. */
export function decodeData(bytes: Buffer): unknown {
  return new Decoder(bytes, 0, NO_CARGO).value();
}

const NO_CARGO: Cargo = { adopts: false, claim: none, signal: none };

function none(): never {
  throw new Error('plain data has no chains and no signals');
}
