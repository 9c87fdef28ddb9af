// Checksums of small files that lie in JavaScript's memory.
import { IoBuf } from 'corebuf';

/** CRC-32C of `bytes`. */
export function crc32cOf(bytes: Uint8Array): number {
  using chain = IoBuf.from(bytes);
  return chain.crc32c();
}
