// Plain data as bytes: what calls can carry, but for chains, which only one shard can have.
import { invalidType } from './checks.js';
import { Decoder, Encoder } from './codec.js';

const encoder = new Encoder();

export function encodeData(value: unknown, name: string): Buffer {
  encoder.reset();
  encoder.value(value, name);
  if (encoder.parcels.length > 0) throw invalidType(name, 'data without IoBufs and DmaBuffers, which only one shard can have', value);
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
}

/** Another copy with each call. */
export function decodeData(bytes: Buffer): unknown {
  return new Decoder(bytes, 0, noChain).value();
}

function noChain(): never {
  throw new Error('there are no chains in plain data');
}
