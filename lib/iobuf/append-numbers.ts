// Appends numbers in the formats of Buffer. A number is written into the slack of the last fragment, without a native call. A number that
// does not fit there is written to a scratch buffer and appended as bytes are; it may lie across fragments.
import { Chain, handleOf } from './chain.js';
import { checkInteger, invalidType } from '../base/arguments.js';
import type { Handle } from '../buffer/handle.js';
import { checkUVarint, checkUVarlong, checkVarint, checkVarlong } from './varint.js';
import { VARINT_MAX, VARLONG_MAX, writeUVarint, writeUVarlong, writeVarint, writeVarlong } from './varint.js';

/** Holds a number, from index 0 on, that does not fit into the slack of the last fragment. */
const scratch = Buffer.alloc(VARLONG_MAX);

/**
 * Methods of IoBuf that append numbers in the formats of Buffer: appendUInt8() writes the bytes of Buffer.writeUInt8(), and so on. Values are
 * checked as there, but a value that is not a number is refused and not converted. O(1), no native call while the last fragment has room.
 *
 * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; then nothing has been appended.
 * @example
 * using chain = new IoBuf().appendUInt16BE(0x0102).appendUVarint(300);
 * chain.toString('hex'); // '0102ac02'
 */
export abstract class AppendNumbers extends Chain {
  /** Appends an unsigned integer of 8 bits: 0 to 255. */
  appendUInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 1);
    room.writeUInt8(value, startIn(room, handle));
    return publish(this, handle, room, 1);
  }

  /** Appends an unsigned integer of 16 bits, little-endian: 0 to 2^16 - 1. */
  appendUInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 2);
    room.writeUInt16LE(value, startIn(room, handle));
    return publish(this, handle, room, 2);
  }

  /** Appends an unsigned integer of 16 bits, big-endian: 0 to 2^16 - 1. */
  appendUInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 2);
    room.writeUInt16BE(value, startIn(room, handle));
    return publish(this, handle, room, 2);
  }

  /** Appends an unsigned integer of 32 bits, little-endian: 0 to 2^32 - 1. */
  appendUInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeUInt32LE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends an unsigned integer of 32 bits, big-endian: 0 to 2^32 - 1. */
  appendUInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeUInt32BE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends an unsigned integer of 64 bits, a bigint, little-endian: 0 to 2^64 - 1. */
  appendBigUInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeBigUInt64LE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends an unsigned integer of 64 bits, a bigint, big-endian: 0 to 2^64 - 1. */
  appendBigUInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeBigUInt64BE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends a signed integer of 8 bits: -128 to 127. */
  appendInt8(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 1);
    room.writeInt8(value, startIn(room, handle));
    return publish(this, handle, room, 1);
  }

  /** Appends a signed integer of 16 bits, little-endian: -2^15 to 2^15 - 1. */
  appendInt16LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 2);
    room.writeInt16LE(value, startIn(room, handle));
    return publish(this, handle, room, 2);
  }

  /** Appends a signed integer of 16 bits, big-endian: -2^15 to 2^15 - 1. */
  appendInt16BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 2);
    room.writeInt16BE(value, startIn(room, handle));
    return publish(this, handle, room, 2);
  }

  /** Appends a signed integer of 32 bits, little-endian: -2^31 to 2^31 - 1. */
  appendInt32LE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeInt32LE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends a signed integer of 32 bits, big-endian: -2^31 to 2^31 - 1. */
  appendInt32BE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeInt32BE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends a signed integer of 64 bits, a bigint, little-endian: -2^63 to 2^63 - 1. */
  appendBigInt64LE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeBigInt64LE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends a signed integer of 64 bits, a bigint, big-endian: -2^63 to 2^63 - 1. */
  appendBigInt64BE(value: bigint): this {
    checkBigint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeBigInt64BE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends a floating-point number of 32 bits (IEEE 754), little-endian. */
  appendFloatLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeFloatLE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends a floating-point number of 32 bits (IEEE 754), big-endian. */
  appendFloatBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 4);
    room.writeFloatBE(value, startIn(room, handle));
    return publish(this, handle, room, 4);
  }

  /** Appends a floating-point number of 64 bits (IEEE 754), little-endian. */
  appendDoubleLE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeDoubleLE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends a floating-point number of 64 bits (IEEE 754), big-endian. */
  appendDoubleBE(value: number): this {
    checkNumber(value);
    const handle = handleOf(this);
    const room = roomFor(handle, 8);
    room.writeDoubleBE(value, startIn(room, handle));
    return publish(this, handle, room, 8);
  }

  /** Appends an unsigned integer of `byteLength` bytes (1 to 6), little-endian. */
  appendUIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    const room = roomFor(handle, byteLength);
    room.writeUIntLE(value, startIn(room, handle), byteLength);
    return publish(this, handle, room, byteLength);
  }

  /** Appends an unsigned integer of `byteLength` bytes (1 to 6), big-endian. */
  appendUIntBE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    const room = roomFor(handle, byteLength);
    room.writeUIntBE(value, startIn(room, handle), byteLength);
    return publish(this, handle, room, byteLength);
  }

  /** Appends a signed integer of `byteLength` bytes (1 to 6), little-endian. */
  appendIntLE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    const room = roomFor(handle, byteLength);
    room.writeIntLE(value, startIn(room, handle), byteLength);
    return publish(this, handle, room, byteLength);
  }

  /** Appends a signed integer of `byteLength` bytes (1 to 6), big-endian. */
  appendIntBE(value: number, byteLength: number): this {
    checkNumber(value);
    checkInteger('byteLength', byteLength, 1, 6);
    const handle = handleOf(this);
    const room = roomFor(handle, byteLength);
    room.writeIntBE(value, startIn(room, handle), byteLength);
    return publish(this, handle, room, byteLength);
  }

  /** Appends 0 to 2^32 - 1 as an unsigned base-128 varint, as in protobuf and in Kafka's compact types: 1 to 5 bytes. */
  appendUVarint(value: number): this {
    checkUVarint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, VARINT_MAX);
    const start = startIn(room, handle);
    return publish(this, handle, room, writeUVarint(room, start, value) - start);
  }

  /** Appends -2^31 to 2^31 - 1 as a zigzag varint, as in Kafka's records: 1 to 5 bytes. */
  appendVarint(value: number): this {
    checkVarint(value);
    const handle = handleOf(this);
    const room = roomFor(handle, VARINT_MAX);
    const start = startIn(room, handle);
    return publish(this, handle, room, writeVarint(room, start, value) - start);
  }

  /** Appends 0 to 2^64 - 1 as an unsigned base-128 varint: 1 to 10 bytes. The value is a bigint. */
  appendUVarlong(value: bigint): this {
    checkUVarlong(value);
    const handle = handleOf(this);
    const room = roomFor(handle, VARLONG_MAX);
    const start = startIn(room, handle);
    return publish(this, handle, room, writeUVarlong(room, start, value) - start);
  }

  /** Appends -2^63 to 2^63 - 1 as a zigzag varint: 1 to 10 bytes. The value is a bigint. */
  appendVarlong(value: bigint): this {
    checkVarlong(value);
    const handle = handleOf(this);
    const room = roomFor(handle, VARLONG_MAX);
    const start = startIn(room, handle);
    return publish(this, handle, room, writeVarlong(room, start, value) - start);
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

/** The memory for the next `length` bytes: the last fragment's region, or `scratch`. No code of the user may run before publish(). */
function roomFor(handle: Handle, length: number): Buffer {
  handle.assertLive('IoBuf');
  return handle.slackFor(length) ?? scratch;
}

/** The index in `room` at which the number begins. */
function startIn(room: Buffer, handle: Handle): number {
  return room === scratch ? 0 : handle.slackStart;
}

/** Adds the `length` bytes that were written to `room` to the chain. */
function publish<T extends AppendNumbers>(writer: T, handle: Handle, room: Buffer, length: number): T {
  if (room !== scratch) handle.publish(length);
  // A copy, because an append that runs out of memory calls listeners, and these may append numbers themselves.
  else handle.append(Uint8Array.prototype.slice.call(scratch, 0, length), length);
  return writer;
}

/** Refuses other types. Buffer converts them, which could run code of the user between roomFor() and the write. */
function checkNumber(value: number): void {
  if (typeof value !== 'number') throw invalidType('value', 'a number', value);
}

function checkBigint(value: bigint): void {
  if (typeof value !== 'bigint') throw invalidType('value', 'a bigint', value);
}
