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
 * chain.appendUInt32BE(payload.length).appendUVarint(7n).append(payload);
 */
export abstract class NumberWriter extends Chain {
  appendUInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 1).writeUInt8(value, at);
    return wrote(this, handle, 1);
  }

  appendUInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeUInt16LE(value, at);
    return wrote(this, handle, 2);
  }

  appendUInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeUInt16BE(value, at);
    return wrote(this, handle, 2);
  }

  appendUInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeUInt32LE(value, at);
    return wrote(this, handle, 4);
  }

  appendUInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeUInt32BE(value, at);
    return wrote(this, handle, 4);
  }

  appendBigUInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigUInt64LE(value, at);
    return wrote(this, handle, 8);
  }

  appendBigUInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigUInt64BE(value, at);
    return wrote(this, handle, 8);
  }

  appendInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 1).writeInt8(value, at);
    return wrote(this, handle, 1);
  }

  appendInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeInt16LE(value, at);
    return wrote(this, handle, 2);
  }

  appendInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 2).writeInt16BE(value, at);
    return wrote(this, handle, 2);
  }

  appendInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeInt32LE(value, at);
    return wrote(this, handle, 4);
  }

  appendInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeInt32BE(value, at);
    return wrote(this, handle, 4);
  }

  appendBigInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigInt64LE(value, at);
    return wrote(this, handle, 8);
  }

  appendBigInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeBigInt64BE(value, at);
    return wrote(this, handle, 8);
  }

  appendFloatLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeFloatLE(value, at);
    return wrote(this, handle, 4);
  }

  appendFloatBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 4).writeFloatBE(value, at);
    return wrote(this, handle, 4);
  }

  appendDoubleLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeDoubleLE(value, at);
    return wrote(this, handle, 8);
  }

  appendDoubleBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    roomFor(handle, 8).writeDoubleBE(value, at);
    return wrote(this, handle, 8);
  }

  /** `byteLength` is 1 … 6. */
  appendUIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeUIntLE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` is 1 … 6. */
  appendUIntBE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeUIntBE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` is 1 … 6. */
  appendIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    roomFor(handle, byteLength).writeIntLE(value, at, byteLength);
    return wrote(this, handle, byteLength);
  }

  /** `byteLength` is 1 … 6. */
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

  appendUint8(value: number): this {
    return this.appendUInt8(value);
  }

  appendUint16LE(value: number): this {
    return this.appendUInt16LE(value);
  }

  appendUint16BE(value: number): this {
    return this.appendUInt16BE(value);
  }

  appendUint32LE(value: number): this {
    return this.appendUInt32LE(value);
  }

  appendUint32BE(value: number): this {
    return this.appendUInt32BE(value);
  }

  appendBigUint64LE(value: bigint): this {
    return this.appendBigUInt64LE(value);
  }

  appendBigUint64BE(value: bigint): this {
    return this.appendBigUInt64BE(value);
  }

  appendUintLE(value: number, byteLength: number): this {
    return this.appendUIntLE(value, byteLength);
  }

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
