// Errors that were thrown on another shard: they come back with the same name, message, code and details, with what caused them, and
// with both stacks.
import { types } from 'node:util';
import { CorebufError } from './errors.js';
import type { ErrorCode } from './errors.js';

type Properties = Record<string, unknown>;

const CODES = {
  ERR_RELEASED: true, ERR_OUT_OF_MEMORY: true, ERR_OUT_OF_BOUNDS: true, ERR_MISALIGNED: true, ERR_CLOSED: true, ERR_SHARD_GONE: true,
  ERR_REMOTE: true, ERR_IO: true, ERR_CHANGED: true,
} satisfies Record<ErrorCode, true>;

const CONSTRUCTORS: Record<string, new (message: string) => Error> = {
  TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError,
};

/** Of an error within an error within … */
const DEPTH_MAX = 8;
/** What an error has anyway, and travels by itself. */
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** Also of another realm. */
export function isError(value: object): value is Error & Properties {
  return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
}

/** As plain data, whatever the error holds: what of it cannot travel stays behind. */
export function encodeError(error: Error & Properties): Properties {
  return encoded(error, 0);
}

function encoded(error: Error & Properties, depth: number): Properties {
  const plain: Properties = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
  if (error instanceof DOMException) plain['dom'] = true;
  else if (typeof error['code'] === 'string') plain['code'] = error['code'];
  const details = detailsOf(error);
  if (details !== undefined) plain['details'] = details;
  if (error.cause !== undefined) plain['cause'] = encodedWithin(error.cause, depth + 1);
  const { errors } = error;
  if (Array.isArray(errors)) plain['errors'] = errors.map((each) => encodedWithin(each, depth + 1));
  return plain;
}

/** `error` or `value`, of which nothing is left when it cannot travel. */
function encodedWithin(value: unknown, depth: number): Properties {
  if (depth > DEPTH_MAX) return {};
  if (typeof value === 'object' && value !== null && isError(value)) return { error: encoded(value, depth) };
  return { value: plainOf(value, depth) };
}

function detailsOf(error: Error & Properties): Properties | undefined {
  const details: Properties = {};
  for (const key of Object.keys(error)) {
    if (OWN.has(key) || (key === 'code' && typeof error[key] === 'string')) continue;
    const plain = plainOf(error[key], 1);
    if (plain !== undefined) Object.defineProperty(details, key, { value: plain, enumerable: true });
  }
  return Object.keys(details).length === 0 ? undefined : details;
}

/** A copy of what is plain data through and through; undefined for all else, chains among it: they stay with the error. */
function plainOf(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || depth > DEPTH_MAX) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (types.isUint8Array(value) || types.isDate(value)) return value;
  if (Array.isArray(value)) return value.map((item) => plainOf(item, depth + 1));
  const prototype: unknown = types.isProxy(value) ? undefined : Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item, depth + 1)]));
}

export function decodeError(value: unknown): Error {
  const { name, message, stack, code, cause, errors, dom, details } = value as Properties & { name: string; message: string; cause?: Properties };
  const error = make(name, message, code, dom === true, errors as Properties[] | undefined);
  for (const [key, detail] of Object.entries((details ?? {}) as Properties)) define(error, key, detail, true);
  if (typeof code === 'string' && (error as Properties & Error)['code'] !== code) define(error, 'code', code, true);
  if (error.name !== name) define(error, 'name', name);
  if (cause !== undefined) define(error, 'cause', decodedWithin(cause));
  joinStack(error, String(stack));
  return error;
}

function make(name: string, message: string, code: unknown, dom: boolean, errors: Properties[] | undefined): Error {
  if (dom) return new DOMException(message, name);
  if (name === 'CorebufError' && typeof code === 'string' && code in CODES) return new CorebufError(code as ErrorCode, message);
  if (errors === undefined) return new (CONSTRUCTORS[name] ?? Error)(message);
  return new AggregateError(errors.map(decodedWithin), message);
}

function decodedWithin(within: Properties): unknown {
  return 'error' in within ? decodeError(within['error']) : within['value'];
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/** What a method threw that was not an Error. */
export function notAnError(thrown: unknown): CorebufError {
  return new CorebufError('ERR_REMOTE', `a served method threw ${described(thrown)}`, {
    cause: typeof thrown === 'string' ? thrown : undefined,
  });
}

/** An object may have no way to become text, or one that throws. */
function described(thrown: unknown): string {
  if (typeof thrown === 'string') return `'${thrown}'`;
  try {
    return String(thrown);
  } catch {
    return 'an object';
  }
}

/** Where it was thrown, then where it arrived. */
function joinStack(error: Error, remote: string): void {
  const local = (error.stack ?? '').split('\n').slice(1).join('\n');
  define(error, 'stack', `${remote}\n    --- on another shard; here: ---\n${local}`);
}
