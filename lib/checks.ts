// Checks of arguments: TypeError for the wrong kind of thing, RangeError for the wrong amount, both with Node's codes.

import { inspect, types } from 'node:util';

const ANY_BYTES = 'a string, an ArrayBufferView, an ArrayBuffer or an IoBuf';

type Coded<T extends Error> = T & { code: string };

function coded<T extends Error>(error: T, code: string): Coded<T> {
  return Object.assign(error, { code });
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') return `an instance of ${(value.constructor as { name?: string } | undefined)?.name ?? 'Object'}`;
  return `type ${typeof value} (${inspect(value)})`;
}

export function invalidType(name: string, expected: string, value: unknown): Coded<TypeError> {
  return coded(new TypeError(`${name} must be ${expected}; received ${describe(value)}`), 'ERR_INVALID_ARG_TYPE');
}

export function invalidRange(name: string, expected: string, value: unknown): Coded<RangeError> {
  return coded(new RangeError(`${name} must be ${expected}; received ${String(value)}`), 'ERR_OUT_OF_RANGE');
}

/** A whole number from `least` to `most`. */
export function checkInteger(name: string, value: number, least = 0, most = Number.MAX_SAFE_INTEGER): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalidRange(name, `a whole number from ${least} to ${most}`, value);
  }
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidType(name, 'a function', value);
}

export function checkOptions(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value);
}

/** One of a few strings, or absent. */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined) return;
  if (typeof value !== 'string') throw invalidType(name, `one of ${choices.join(', ')}`, value);
  if (!choices.includes(value)) throw invalidRange(name, `one of ${choices.join(', ')}`, value);
}

export function checkEncoding(encoding: unknown): void {
  if (encoding === undefined || (typeof encoding === 'string' && Buffer.isEncoding(encoding))) return;
  throw coded(new TypeError(`unknown encoding: ${describe(encoding)}`), 'ERR_UNKNOWN_ENCODING');
}

/** Absent, or what has the shape of an AbortSignal. */
export function checkSignal(name: string, signal: unknown): void {
  if (signal === undefined || (typeof signal === 'object' && signal !== null && isSignal(signal))) return;
  throw invalidType(name, 'an AbortSignal', signal);
}

function isSignal(signal: object): boolean {
  const { throwIfAborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  return 'aborted' in signal && [throwIfAborted, addEventListener, removeEventListener].every((method) => typeof method === 'function');
}

/** A whole number of 64 bits without a sign. */
export function checkUint64(name: string, value: unknown): void {
  if (typeof value !== 'bigint') throw invalidType(name, 'a bigint', value);
  if (BigInt.asUintN(64, value) !== value) throw invalidRange(name, 'a bigint from 0 to 2n ** 64n - 1n', value);
}

/** The bytes of any view or buffer, as they lie there. Not by instanceof: whose prototype says so need not have bytes. */
export function bytesOf(name: string, data: unknown, expected = ANY_BYTES): Uint8Array {
  if (types.isUint8Array(data)) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (types.isAnyArrayBuffer(data)) return new Uint8Array(data);
  throw invalidType(name, expected, data);
}

/** What arrays really are, whatever somebody has defined on one. */
function getterOf(name: string): () => unknown {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only ever called on bytes
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!;
}

const lengthOf = getterOf('length');
const bufferUnder = getterOf('buffer');
const offsetOf = getterOf('byteOffset');

/** How many elements there really are: a property `length` of the caller's may say what it likes. TypeError for what only looks like one. */
export function realLength(bytes: Uint8Array): number {
  return lengthOf.call(bytes) as number;
}

/** Another thread may make them more at any moment: they must be copied with a length that is read once. */
export function mayGrow(bytes: Uint8Array): boolean {
  return (bufferUnder.call(bytes) as { growable?: boolean }).growable === true;
}

/** `length` bytes from `start` on, of just that length; no code of the class of `bytes` runs. */
export function partOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return new Uint8Array(bufferUnder.call(bytes) as ArrayBuffer, (offsetOf.call(bytes) as number) + start, length);
}
