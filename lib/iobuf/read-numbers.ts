// Reads numbers in the formats of Buffer from a chain. A read inside of the cursor window costs two comparisons and a load.
import { checkInteger } from '../base/arguments.js';
import { ReaderCursor } from './reader-cursor.js';

const BYTE = 0x100;

/**
 * Methods of IoBufReader that read numbers. They have the names and results of Buffer's methods, read at the position and move it behind the
 * bytes that were read. O(1), no native call inside of a fragment. The ledger counts no copies.
 *
 * Each throws ERR_RELEASED, and ERR_OUT_OF_BOUNDS when fewer bytes follow. The position is unchanged then, so the same read can be made
 * again after more bytes were appended.
 *
 * @example
 * using chain = new IoBuf().appendUInt16BE(0xcafe).appendInt32BE(-5);
 * const reader = chain.reader();
 * [reader.readUInt16BE(), reader.readInt32BE()]; // [0xcafe, -5]
 */
export abstract class ReadNumbers extends ReaderCursor {
  /** Reads the next byte, unsigned, and leaves the position. */
  peekUInt8(): number {
    const at = this.next(1);
    this.at = at;
    return this.bytes[at]!;
  }

  /** Reads an unsigned integer of 8 bits. */
  readUInt8(): number {
    const at = this.next(1);
    return this.bytes[at]!;
  }

  /** The same as readUInt8(). */
  readUint8(): number {
    return this.readUInt8();
  }

  /** Reads a signed integer of 8 bits. */
  readInt8(): number {
    const at = this.next(1);
    return (this.bytes[at]! << 24) >> 24;
  }

  /** Reads an unsigned integer of 16 bits, little-endian. */
  readUInt16LE(): number {
    const at = this.next(2);
    return this.view.getUint16(at, true);
  }

  /** The same as readUInt16LE(). */
  readUint16LE(): number {
    return this.readUInt16LE();
  }

  /** Reads an unsigned integer of 16 bits, big-endian. */
  readUInt16BE(): number {
    const at = this.next(2);
    return this.view.getUint16(at);
  }

  /** The same as readUInt16BE(). */
  readUint16BE(): number {
    return this.readUInt16BE();
  }

  /** Reads a signed integer of 16 bits, little-endian. */
  readInt16LE(): number {
    const at = this.next(2);
    return this.view.getInt16(at, true);
  }

  /** Reads a signed integer of 16 bits, big-endian. */
  readInt16BE(): number {
    const at = this.next(2);
    return this.view.getInt16(at);
  }

  /** Reads an unsigned integer of 32 bits, little-endian. */
  readUInt32LE(): number {
    const at = this.next(4);
    return this.view.getUint32(at, true);
  }

  /** The same as readUInt32LE(). */
  readUint32LE(): number {
    return this.readUInt32LE();
  }

  /** Reads an unsigned integer of 32 bits, big-endian. */
  readUInt32BE(): number {
    const at = this.next(4);
    return this.view.getUint32(at);
  }

  /** The same as readUInt32BE(). */
  readUint32BE(): number {
    return this.readUInt32BE();
  }

  /** Reads a signed integer of 32 bits, little-endian. */
  readInt32LE(): number {
    const at = this.next(4);
    return this.view.getInt32(at, true);
  }

  /** Reads a signed integer of 32 bits, big-endian. */
  readInt32BE(): number {
    const at = this.next(4);
    return this.view.getInt32(at);
  }

  /** Reads an unsigned integer of 64 bits as a bigint, little-endian. */
  readBigUInt64LE(): bigint {
    const at = this.next(8);
    return this.view.getBigUint64(at, true);
  }

  /** The same as readBigUInt64LE(). */
  readBigUint64LE(): bigint {
    return this.readBigUInt64LE();
  }

  /** Reads an unsigned integer of 64 bits as a bigint, big-endian. */
  readBigUInt64BE(): bigint {
    const at = this.next(8);
    return this.view.getBigUint64(at);
  }

  /** The same as readBigUInt64BE(). */
  readBigUint64BE(): bigint {
    return this.readBigUInt64BE();
  }

  /** Reads a signed integer of 64 bits as a bigint, little-endian. */
  readBigInt64LE(): bigint {
    const at = this.next(8);
    return this.view.getBigInt64(at, true);
  }

  /** Reads a signed integer of 64 bits as a bigint, big-endian. */
  readBigInt64BE(): bigint {
    const at = this.next(8);
    return this.view.getBigInt64(at);
  }

  /** Reads a floating-point number of 32 bits (IEEE 754), little-endian. */
  readFloatLE(): number {
    const at = this.next(4);
    return this.view.getFloat32(at, true);
  }

  /** Reads a floating-point number of 32 bits (IEEE 754), big-endian. */
  readFloatBE(): number {
    const at = this.next(4);
    return this.view.getFloat32(at);
  }

  /** Reads a floating-point number of 64 bits (IEEE 754), little-endian. */
  readDoubleLE(): number {
    const at = this.next(8);
    return this.view.getFloat64(at, true);
  }

  /** Reads a floating-point number of 64 bits (IEEE 754), big-endian. */
  readDoubleBE(): number {
    const at = this.next(8);
    return this.view.getFloat64(at);
  }

  /** Reads an unsigned integer of `byteLength` bytes (1 to 6), little-endian. */
  readUIntLE(byteLength: number): number {
    checkInteger('byteLength', byteLength, 1, 6);
    const at = this.next(byteLength);
    let value = 0;
    for (let digit = byteLength - 1; digit >= 0; digit--) value = value * BYTE + this.bytes[at + digit]!;
    return value;
  }

  /** The same as readUIntLE(). */
  readUintLE(byteLength: number): number {
    return this.readUIntLE(byteLength);
  }

  /** Reads an unsigned integer of `byteLength` bytes (1 to 6), big-endian. */
  readUIntBE(byteLength: number): number {
    checkInteger('byteLength', byteLength, 1, 6);
    const at = this.next(byteLength);
    let value = 0;
    for (let digit = 0; digit < byteLength; digit++) value = value * BYTE + this.bytes[at + digit]!;
    return value;
  }

  /** The same as readUIntBE(). */
  readUintBE(byteLength: number): number {
    return this.readUIntBE(byteLength);
  }

  /** Reads a signed integer of `byteLength` bytes (1 to 6), little-endian. */
  readIntLE(byteLength: number): number {
    return signed(this.readUIntLE(byteLength), byteLength);
  }

  /** Reads a signed integer of `byteLength` bytes (1 to 6), big-endian. */
  readIntBE(byteLength: number): number {
    return signed(this.readUIntBE(byteLength), byteLength);
  }
}

/** Converts an unsigned value of `byteLength` bytes to the signed one with the same bits (two's complement). */
function signed(value: number, byteLength: number): number {
  const modulus = BYTE ** byteLength;
  return value < modulus / 2 ? value : value - modulus;
}
