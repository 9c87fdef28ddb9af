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

const CONSTRUCTORS = new Map<string, new (message: string) => Error>(
  [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((constructor) => [constructor.name, constructor]),
);

/** Of an error within an error within … */
const DEPTH_MAX = 8;
/** Objects within one error: what leads to half of a program has to end somewhere. */
const OBJECTS_MAX = 100_000;
/** What an error has anyway, and travels by itself. */
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

let objectsLeft = 0;
/** Those within which the present one lies: what leads back to itself ends there. */
const path = new Set<object>();

/** Also of another realm. A proxy may refuse to tell. */
export function isError(value: object): value is Error & Properties {
  try {
    return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
  } catch {
    return false;
  }
}

/** As plain data, whatever the error holds: what of it cannot travel stays behind. */
export function encodeError(error: Error & Properties): Properties {
  objectsLeft = OBJECTS_MAX;
  return encoded(error, 0);
}

function encoded(error: Error & Properties, depth: number): Properties {
  const plain: Properties = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
  if (error instanceof DOMException) plain['dom'] = true;
  else if (typeof error['code'] === 'string') plain['code'] = error['code'];
  const details = detailsOf(error);
  if (details !== undefined) plain['details'] = details;
  const cause = readable(() => error.cause);
  if (cause !== undefined) plain['cause'] = encodedWithin(cause, depth + 1);
  const errors = readable(() => error['errors']);
  if (Array.isArray(errors)) plain['errors'] = errors.map((each) => encodedWithin(each, depth + 1));
  return plain;
}

/** What somebody's getter throws is not what he wanted to say. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `error` or `value`, of which nothing is left when it cannot travel. */
function encodedWithin(value: unknown, depth: number): Properties {
  if (depth > DEPTH_MAX || objectsLeft-- <= 0) return {};
  if (typeof value === 'object' && value !== null && isError(value)) return readable(() => ({ error: encoded(value, depth) })) ?? {};
  return { value: readable(() => plainOf(value, depth)) };
}

function detailsOf(error: Error & Properties): Properties | undefined {
  const details: Properties = {};
  for (const key of Object.keys(error)) {
    if (OWN.has(key) || (key === 'code' && typeof error[key] === 'string')) continue;
    const plain = readable(() => plainOf(error[key], 1));
    if (plain !== undefined) Object.defineProperty(details, key, { value: plain, enumerable: true });
  }
  return Object.keys(details).length === 0 ? undefined : details;
}

/** A copy of what is plain data through and through; undefined for all else, chains among it: they stay with the error. */
function plainOf(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || depth > DEPTH_MAX) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (objectsLeft-- <= 0) return undefined;
  // One that is detached cannot travel, and has no bytes any more.
  if (types.isUint8Array(value)) return value.length > 0 ? value : new Uint8Array();
  if (types.isDate(value)) return value;
  if (path.has(value)) return undefined;
  path.add(value);
  try {
    return copyOf(value, depth + 1);
  } finally {
    path.delete(value);
  }
}

function copyOf(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => plainOf(item, depth));
  const prototype: unknown = types.isProxy(value) ? undefined : Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item, depth)]));
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
  if (name === 'CorebufError' && typeof code === 'string' && Object.hasOwn(CODES, code)) return new CorebufError(code as ErrorCode, message);
  if (errors === undefined) return new (CONSTRUCTORS.get(name) ?? Error)(message);
  return new AggregateError(errors.map(decodedWithin), message);
}

function decodedWithin(within: Properties): unknown {
  return 'error' in within ? decodeError(within['error']) : within['value'];
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/** What somebody threw: itself, or what says that it was no Error. */
export function asError(thrown: unknown, who = 'a served method'): Error {
  if (typeof thrown === 'object' && thrown !== null && isError(thrown)) return thrown;
  return new CorebufError('ERR_REMOTE', `${who} threw ${described(thrown)}`, {
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
  // Error.prepareStackTrace may have made of it whatever it likes.
  const local = String(error.stack ?? '').split('\n').slice(1).join('\n');
  define(error, 'stack', `${remote}\n    --- on another shard; here: ---\n${local}`);
}
