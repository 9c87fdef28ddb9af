// Base-128 varints, least significant group first, as in protobuf and Kafka; signed ones in zigzag. At most 64 bits, ten bytes.
import { checkInteger, invalidRange, invalidType } from './checks.js';

export const VARINT_MAX = 10;

const UINT64_MAX = (1n << 64n) - 1n;
const INT64_MAX = (1n << 63n) - 1n;
/** Twice as much is still a number. */
const ZIGZAG_MAX = 2 ** 52;

/** 0 … 2^64 - 1; a number is at most 2^53 - 1. */
export function checkUVarint(value: unknown): asserts value is number | bigint {
  if (typeof value === 'bigint') return checkBigint(value, 0n, UINT64_MAX);
  if (typeof value !== 'number') throw invalidType('value', 'a number or a bigint', value);
  checkInteger('value', value);
}

/** -2^63 … 2^63 - 1; a number is at most 2^53 - 1 away from 0. */
export function checkVarint(value: unknown): asserts value is number | bigint {
  if (typeof value === 'bigint') return checkBigint(value, -INT64_MAX - 1n, INT64_MAX);
  if (typeof value !== 'number') throw invalidType('value', 'a number or a bigint', value);
  checkInteger('value', value, Number.MIN_SAFE_INTEGER);
}

/** Returns where it ends. The value has been checked, and there are VARINT_MAX bytes from `at` on. */
export function writeUVarint(into: Uint8Array, at: number, value: number | bigint): number {
  let rest = value;
  if (typeof rest === 'bigint') {
    for (; rest > Number.MAX_SAFE_INTEGER; rest >>= 7n) into[at++] = Number(rest & 0x7fn) | 0x80;
    rest = Number(rest);
  }
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) into[at++] = rest % 0x80 | 0x80;
  for (; rest > 0x7f; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80;
  into[at++] = rest;
  return at;
}

export function writeVarint(into: Uint8Array, at: number, value: number | bigint): number {
  return writeUVarint(into, at, zigzag(value));
}

/** 0, -1, 1, -2, … become 0, 1, 2, 3, … */
function zigzag(value: number | bigint): number | bigint {
  if (typeof value === 'number' && value >= -ZIGZAG_MAX && value <= ZIGZAG_MAX) return value < 0 ? -2 * value - 1 : 2 * value;
  const wide = BigInt(value);
  return wide < 0n ? -2n * wide - 1n : 2n * wide;
}

function checkBigint(value: bigint, least: bigint, most: bigint): void {
  if (value < least || value > most) throw invalidRange('value', `from ${least} to ${most}`, value);
}
