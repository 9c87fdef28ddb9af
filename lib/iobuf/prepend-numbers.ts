// Prepends numbers in the formats of Buffer, such as the length of a frame in front of its body.
import { invalidType } from '../base/arguments.js';
import { AppendBytes, prependBytes } from './append-bytes.js';
import type { Chain } from './chain.js';
import { handleOf } from './chain.js';
import { checkUVarint, VARINT_MAX, writeUVarint } from './varint.js';

/**
 * Methods of IoBuf that prepend unsigned numbers in the formats of Buffer: prependUInt8() writes the byte of Buffer.writeUInt8(), and so on.
 * O(1), one native call each.
 *
 * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; then nothing has been prepended.
 * @example
 * using frame = IoBuf.from('body').prependUInt8(7).prependUInt16BE(5);
 * frame.toString('hex', 0, 3); // '000507'
 */
export abstract class PrependNumbers extends AppendBytes {
  /** Prepends an unsigned integer of 8 bits: 0 to 255. */
  prependUInt8(value: number): this {
    checkNumber(value);
    const bytes = Buffer.allocUnsafe(1);
    bytes.writeUInt8(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 16 bits, little-endian: 0 to 2^16 - 1. */
  prependUInt16LE(value: number): this {
    checkNumber(value);
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16LE(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 16 bits, big-endian: 0 to 2^16 - 1. */
  prependUInt16BE(value: number): this {
    checkNumber(value);
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16BE(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 32 bits, little-endian: 0 to 2^32 - 1. */
  prependUInt32LE(value: number): this {
    checkNumber(value);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32LE(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 32 bits, big-endian: 0 to 2^32 - 1. */
  prependUInt32BE(value: number): this {
    checkNumber(value);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 64 bits, a bigint, little-endian: 0 to 2^64 - 1. */
  prependBigUInt64LE(value: bigint): this {
    checkBigint(value);
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(value);
    return prepended(this, bytes);
  }

  /** Prepends an unsigned integer of 64 bits, a bigint, big-endian: 0 to 2^64 - 1. */
  prependBigUInt64BE(value: bigint): this {
    checkBigint(value);
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(value);
    return prepended(this, bytes);
  }

  /** Prepends 0 to 2^32 - 1 as an unsigned base-128 varint: 1 to 5 bytes. */
  prependUVarint(value: number): this {
    checkUVarint(value);
    const bytes = Buffer.allocUnsafe(VARINT_MAX);
    return prepended(this, bytes.subarray(0, writeUVarint(bytes, 0, value)));
  }
}

function prepended<T extends Chain>(chain: T, bytes: Buffer): T {
  prependBytes(handleOf(chain), bytes);
  return chain;
}

function checkNumber(value: number): void {
  if (typeof value !== 'number') throw invalidType('value', 'a number', value);
}

function checkBigint(value: bigint): void {
  if (typeof value !== 'bigint') throw invalidType('value', 'a bigint', value);
}
