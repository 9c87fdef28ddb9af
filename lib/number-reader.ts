// The integers and floats of Buffer, read from a chain. A read in the middle of a fragment is two comparisons and a load.
import { checkInteger } from './checks.js';
import { ChainCursor } from './chain-cursor.js';

const BYTE = 0x100;

/**
 * Methods have Buffer's names and results, and read at the position, which moves behind what was read. None copies bytes that
 * the ledger would count, and none calls into C++ while the position stays in a fragment. Each costs O(1).
 *
 * Each throws ERR_OUT_OF_BOUNDS when there are fewer bytes, and ERR_RELEASED; the position stays, so the same read can be made
 * again when more bytes have come.
 *
 * @example
 * using chain = new IoBuf().appendUInt16BE(0xcafe).appendInt32BE(-5);
 * const reader = chain.reader();
 * [reader.readUInt16BE(), reader.readInt32BE()]; // [0xcafe, -5]
 */
export abstract class NumberReader extends ChainCursor {
  /** The next byte, which stays the next one. */
  peekUInt8(): number {
    const at = this.next(1);
    this.at = at;
    return this.bytes[at]!;
  }

  /** 8 bits, unsigned. */
  readUInt8(): number {
    const at = this.next(1);
    return this.bytes[at]!;
  }

  /** The same as readUInt8(). */
  readUint8(): number {
    return this.readUInt8();
  }

  /** 8 bits, signed. */
  readInt8(): number {
    const at = this.next(1);
    return (this.bytes[at]! << 24) >> 24;
  }

  /** 16 bits, unsigned, little-endian. */
  readUInt16LE(): number {
    const at = this.next(2);
    return this.view.getUint16(at, true);
  }

  /** The same as readUInt16LE(). */
  readUint16LE(): number {
    return this.readUInt16LE();
  }

  /** 16 bits, unsigned, big-endian. */
  readUInt16BE(): number {
    const at = this.next(2);
    return this.view.getUint16(at);
  }

  /** The same as readUInt16BE(). */
  readUint16BE(): number {
    return this.readUInt16BE();
  }

  /** 16 bits, signed, little-endian. */
  readInt16LE(): number {
    const at = this.next(2);
    return this.view.getInt16(at, true);
  }

  /** 16 bits, signed, big-endian. */
  readInt16BE(): number {
    const at = this.next(2);
    return this.view.getInt16(at);
  }

  /** 32 bits, unsigned, little-endian. */
  readUInt32LE(): number {
    const at = this.next(4);
    return this.view.getUint32(at, true);
  }

  /** The same as readUInt32LE(). */
  readUint32LE(): number {
    return this.readUInt32LE();
  }

  /** 32 bits, unsigned, big-endian. */
  readUInt32BE(): number {
    const at = this.next(4);
    return this.view.getUint32(at);
  }

  /** The same as readUInt32BE(). */
  readUint32BE(): number {
    return this.readUInt32BE();
  }

  /** 32 bits, signed, little-endian. */
  readInt32LE(): number {
    const at = this.next(4);
    return this.view.getInt32(at, true);
  }

  /** 32 bits, signed, big-endian. */
  readInt32BE(): number {
    const at = this.next(4);
    return this.view.getInt32(at);
  }

  /** 64 bits, unsigned, little-endian. */
  readBigUInt64LE(): bigint {
    const at = this.next(8);
    return this.view.getBigUint64(at, true);
  }

  /** The same as readBigUInt64LE(). */
  readBigUint64LE(): bigint {
    return this.readBigUInt64LE();
  }

  /** 64 bits, unsigned, big-endian. */
  readBigUInt64BE(): bigint {
    const at = this.next(8);
    return this.view.getBigUint64(at);
  }

  /** The same as readBigUInt64BE(). */
  readBigUint64BE(): bigint {
    return this.readBigUInt64BE();
  }

  /** 64 bits, signed, little-endian. */
  readBigInt64LE(): bigint {
    const at = this.next(8);
    return this.view.getBigInt64(at, true);
  }

  /** 64 bits, signed, big-endian. */
  readBigInt64BE(): bigint {
    const at = this.next(8);
    return this.view.getBigInt64(at);
  }

  /** 32 bits of IEEE 754, little-endian. */
  readFloatLE(): number {
    const at = this.next(4);
    return this.view.getFloat32(at, true);
  }

  /** 32 bits of IEEE 754, big-endian. */
  readFloatBE(): number {
    const at = this.next(4);
    return this.view.getFloat32(at);
  }

  /** 64 bits of IEEE 754, little-endian. */
  readDoubleLE(): number {
    const at = this.next(8);
    return this.view.getFloat64(at, true);
  }

  /** 64 bits of IEEE 754, big-endian. */
  readDoubleBE(): number {
    const at = this.next(8);
    return this.view.getFloat64(at);
  }

  /** 1 to 6 bytes, unsigned, little-endian. RangeError for another `byteLength`. */
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

  /** 1 to 6 bytes, unsigned, big-endian. RangeError for another `byteLength`. */
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

  /** 1 to 6 bytes, signed, little-endian. RangeError for another `byteLength`. */
  readIntLE(byteLength: number): number {
    return signed(this.readUIntLE(byteLength), byteLength);
  }

  /** 1 to 6 bytes, signed, big-endian. RangeError for another `byteLength`. */
  readIntBE(byteLength: number): number {
    return signed(this.readUIntBE(byteLength), byteLength);
  }
}

/** Two's complement of so many bytes. */
function signed(value: number, byteLength: number): number {
  const modulus = BYTE ** byteLength;
  return value < modulus / 2 ? value : value - modulus;
}
