// The numbers of Buffer, appended. Each is written straight into the slack of the last fragment, without a native call; where the slack
// is too small it is written aside and appended as bytes are, so that it may lie across fragments.
import { Chain, handleOf } from './chain.js';
import { checkInteger, invalidType } from './checks.js';
import type { Handle } from './handle.js';
import { checkUVarint, checkVarint, VARINT_MAX, writeUVarint, writeVarint } from './varint.js';

const aside = Buffer.alloc(VARINT_MAX);
/** Where in its room the number goes that is being written; 0 is aside, for no slack begins at 0: there are bytes in front of it. */
let at = 0;

/**
 * Appends numbers as the methods of Buffer write them, under the same names with `append` for `write`. Values are checked as
 * there, except that what is no number is refused and not converted. No native call while the slack lasts.
 *
 * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; then nothing has been appended.
 * @example
 * using chain = new IoBuf().appendUInt16BE(0x0102).appendUVarint(300n);
 * chain.toString('hex'); // '0102ac02'
 */
export abstract class NumberWriter extends Chain {
  /** 8 bits, unsigned. */
  appendUInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 1).writeUInt8(value, at);
    return wrote(this, handle, 1);
  }

  /** 16 bits, unsigned, little-endian. */
  appendUInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeUInt16LE(value, at);
    return wrote(this, handle, 2);
  }

  /** 16 bits, unsigned, big-endian. */
  appendUInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeUInt16BE(value, at);
    return wrote(this, handle, 2);
  }

  /** 32 bits, unsigned, little-endian. */
  appendUInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeUInt32LE(value, at);
    return wrote(this, handle, 4);
  }

  /** 32 bits, unsigned, big-endian. */
  appendUInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeUInt32BE(value, at);
    return wrote(this, handle, 4);
  }

  /** 64 bits, unsigned, little-endian. */
  appendBigUInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigUInt64LE(value, at);
    return wrote(this, handle, 8);
  }

  /** 64 bits, unsigned, big-endian. */
  appendBigUInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigUInt64BE(value, at);
    return wrote(this, handle, 8);
  }

  /** 8 bits, signed. */
  appendInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 1).writeInt8(value, at);
    return wrote(this, handle, 1);
  }

  /** 16 bits, signed, little-endian. */
  appendInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeInt16LE(value, at);
    return wrote(this, handle, 2);
  }

  /** 16 bits, signed, big-endian. */
  appendInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeInt16BE(value, at);
    return wrote(this, handle, 2);
  }

  /** 32 bits, signed, little-endian. */
  appendInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeInt32LE(value, at);
    return wrote(this, handle, 4);
  }

  /** 32 bits, signed, big-endian. */
  appendInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeInt32BE(value, at);
    return wrote(this, handle, 4);
  }

  /** 64 bits, signed, little-endian. */
  appendBigInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigInt64LE(value, at);
    return wrote(this, handle, 8);
  }

  /** 64 bits, signed, big-endian. */
  appendBigInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigInt64BE(value, at);
    return wrote(this, handle, 8);
  }

  /** 32 bits of IEEE 754, little-endian. */
  appendFloatLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeFloatLE(value, at);
    return wrote(this, handle, 4);
  }

  /** 32 bits of IEEE 754, big-endian. */
  appendFloatBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeFloatBE(value, at);
    return wrote(this, handle, 4);
  }

  /** 64 bits of IEEE 754, little-endian. */
  appendDoubleLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeDoubleLE(value, at);
    return wrote(this, handle, 8);
  }

  /** 64 bits of IEEE 754, big-endian. */
  appendDoubleBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeDoubleBE(value, at);
    return wrote(this, handle, 8);
  }

  /** `byteLength` bytes (1 … 6), unsigned, little-endian. */
  appendUIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeUIntLE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` bytes (1 … 6), unsigned, big-endian. */
  appendUIntBE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeUIntBE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` bytes (1 … 6), signed, little-endian. */
  appendIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeIntLE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` bytes (1 … 6), signed, big-endian. */
  appendIntBE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeIntBE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** 0 … 2^64 - 1 as an unsigned base-128 varint, as in protobuf and in Kafka's compact types: 1 … 10 bytes. Numbers to 2^53 - 1. */
  appendUVarint(value: number | bigint): this {
    checkUVarint(value);
    const handle = handleOf(this);
    const end = writeUVarint(roomFor(handle, VARINT_MAX), at, value);
    return wrote(this, handle, end - at);
  }

  /** -2^63 … 2^63 - 1 as a zigzag varint, as in Kafka's records: 1 … 10 bytes. Numbers to 2^53 - 1 on either side. */
  appendVarint(value: number | bigint): this {
    checkVarint(value);
    const handle = handleOf(this);
    const end = writeVarint(roomFor(handle, VARINT_MAX), at, value);
    return wrote(this, handle, end - at);
  }

  /** The same as appendUInt8(). */
  appendUint8(value: number): this {
    return this.appendUInt8(value);
  }

  /** The same as appendUInt16LE(). */
  appendUint16LE(value: number): this {
    return this.appendUInt16LE(value);
  }

  /** The same as appendUInt16BE(). */
  appendUint16BE(value: number): this {
    return this.appendUInt16BE(value);
  }

  /** The same as appendUInt32LE(). */
  appendUint32LE(value: number): this {
    return this.appendUInt32LE(value);
  }

  /** The same as appendUInt32BE(). */
  appendUint32BE(value: number): this {
    return this.appendUInt32BE(value);
  }

  /** The same as appendBigUInt64LE(). */
  appendBigUint64LE(value: bigint): this {
    return this.appendBigUInt64LE(value);
  }

  /** The same as appendBigUInt64BE(). */
  appendBigUint64BE(value: bigint): this {
    return this.appendBigUInt64BE(value);
  }

  /** The same as appendUIntLE(). */
  appendUintLE(value: number, byteLength: number): this {
    return this.appendUIntLE(value, byteLength);
  }

  /** The same as appendUIntBE(). */
  appendUintBE(value: number, byteLength: number): this {
    return this.appendUIntBE(value, byteLength);
  }
}

/** What the next `length` bytes can be written into, from `at` on. Until they are, nothing of the caller's may run. */
function roomFor(handle: Handle, length: number): Buffer {
  handle.slot('IoBuf');
  const window = handle.slackFor(length);
  at = window === undefined ? 0 : handle.slackStart;
  return window ?? aside;
}

function wrote<T extends NumberWriter>(writer: T, handle: Handle, length: number): T {
  if (at !== 0) handle.publish(length);
  // A copy: when memory is short, listeners run, and may append numbers themselves.
  else handle.append(Uint8Array.prototype.slice.call(aside, 0, length), length);
  return writer;
}

/** Buffer converts; here that could run code of the caller between the look at the slack and the write. */
function checkNumber(value: number): void {
  if (typeof value !== 'number') throw invalidType('value', 'a number', value);
}

function checkBigint(value: bigint): void {
  if (typeof value !== 'bigint') throw invalidType('value', 'a bigint', value);
}
