// Writes base-128 varints (LEB128): seven bits a byte, the least significant first, and the high bit set in every byte but the last. Signed
// values are zigzag: 0, -1, 1, -2, … are encoded as 0, 1, 2, 3, … Kafka and protobuf use both.
import { checkInteger, invalidRange, invalidType } from '../base/arguments.js';

/** Longest encoding of a value of 32 bits, in bytes. */
export const VARINT_MAX = 5;
/** Longest encoding of a value of 64 bits, in bytes. */
export const VARLONG_MAX = 10;

const UINT32_MAX = 2 ** 32 - 1;
const INT32_MAX = 2 ** 31 - 1;
const UINT64_MAX = (1n << 64n) - 1n;
const INT64_MAX = (1n << 63n) - 1n;

/**
 * Scratch memory that converts between a bigint and two numbers of 32 bits. This allocates at most once, while shifts of bigints allocate
 * several times. All code shares it, so no code of the user may run between a write and the read that follows.
 */
export const word = new DataView(new ArrayBuffer(8));

export function checkUVarint(value: number): void {
  checkInteger('value', value, 0, UINT32_MAX);
}

export function checkVarint(value: number): void {
  checkInteger('value', value, -INT32_MAX - 1, INT32_MAX);
}

export function checkUVarlong(value: bigint): void {
  checkBigint(value, 0n, UINT64_MAX);
}

export function checkVarlong(value: bigint): void {
  checkBigint(value, -INT64_MAX - 1n, INT64_MAX);
}

function checkBigint(value: bigint, least: bigint, most: bigint): void {
  if (typeof value !== 'bigint') throw invalidType('value', 'a bigint', value);
  if (value < least || value > most) throw invalidRange('value', `a bigint from ${least} to ${most}`, value);
}

/** Writes a value that has been checked to `into` from index `at` on, which needs VARINT_MAX bytes. Returns the index behind its last byte. */
export function writeUVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80;
  into[at++] = rest;
  return at;
}

/** As writeUVarint(), for a signed value. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  return writeUVarint(into, at, ((value << 1) ^ (value >> 31)) >>> 0);
}

/** As writeUVarint(), for 64 bits: needs VARLONG_MAX bytes. */
export function writeUVarlong(into: Uint8Array, at: number, value: bigint): number {
  word.setBigUint64(0, value, true);
  return writeHalves(into, at, word.getUint32(0, true), word.getUint32(4, true));
}

/** As writeUVarint(), for a signed value of 64 bits: needs VARLONG_MAX bytes. */
export function writeVarlong(into: Uint8Array, at: number, value: bigint): number {
  word.setBigInt64(0, value, true);
  const low = word.getInt32(0, true);
  const high = word.getInt32(4, true);
  const sign = high >> 31;
  return writeHalves(into, at, ((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
}

function writeHalves(into: Uint8Array, at: number, low: number, high: number): number {
  while (high > 0 || low > 0x7f) {
    into[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  into[at++] = low;
  return at;
}
