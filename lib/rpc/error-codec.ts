// Errors that travel between shards. They arrive with the same name, message, code, details, causes and stack.
import { types } from 'node:util';
import { CorebufError, isErrorCode } from '../base/errors.js';

type Properties = Record<string, unknown>;

const CONSTRUCTORS = new Map<string, new (message: string) => Error>(
  [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((constructor) => [constructor.name, constructor]),
);

/** Levels of an error within an error, and of its details. */
const DEPTH_MAX = 8;
/** Objects within one error. An error may lead to half of the objects of a program. */
const OBJECTS_MAX = 100_000;
/** Properties that travel by themselves. */
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** Also for errors of another realm. A proxy may refuse to answer. */
export function isError(value: object): value is Error & Properties {
  try {
    return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
  } catch {
    return false;
  }
}

/** The error as plain data. Parts of it that cannot travel are left out. */
export function encodeError(error: Error & Properties): Properties {
  return new ErrorWalk().error(error, 0);
}

/** One walk over an error. Getters of the error may make calls with errors of their own, which are other walks. */
class ErrorWalk {
  #objectsLeft = OBJECTS_MAX;
  /** Objects around the present one: a reference back to one of them is left out. */
  readonly #path = new Set<object>();

  error(error: Error & Properties, depth: number): Properties {
    const plain: Properties = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
    if (error instanceof DOMException) plain['dom'] = true;
    else if (typeof error['code'] === 'string') plain['code'] = error['code'];
    const details = this.#details(error);
    if (details !== undefined) plain['details'] = details;
    const cause = readable(() => error.cause);
    if (cause !== undefined) plain['cause'] = this.#within(cause, depth + 1);
    const errors = readable(() => error['errors']);
    if (Array.isArray(errors)) plain['errors'] = errors.map((each) => this.#within(each, depth + 1));
    return plain;
  }

  /** `error` or `value`; neither when the value cannot travel. */
  #within(value: unknown, depth: number): Properties {
    if (depth > DEPTH_MAX || this.#objectsLeft-- <= 0) return {};
    if (typeof value === 'object' && value !== null && isError(value)) return readable(() => ({ error: this.error(value, depth) })) ?? {};
    return { value: readable(() => this.#plain(value, depth)) };
  }

  #details(error: Error & Properties): Properties | undefined {
    const details: Properties = {};
    for (const key of Object.keys(error)) {
      if (OWN.has(key) || (key === 'code' && typeof error[key] === 'string')) continue;
      const plain = readable(() => this.#plain(error[key], 1));
      if (plain !== undefined) Object.defineProperty(details, key, { value: plain, enumerable: true });
    }
    return Object.keys(details).length === 0 ? undefined : details;
  }

  /** A copy of plain data; undefined for everything else. Chains stay with the error. */
  #plain(value: unknown, depth: number): unknown {
    if (typeof value === 'function' || typeof value === 'symbol' || depth > DEPTH_MAX) return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (this.#objectsLeft-- <= 0) return undefined;
    // A detached array cannot travel; it has no bytes.
    if (types.isUint8Array(value)) return value.length > 0 ? value : new Uint8Array();
    if (types.isDate(value)) return value;
    if (this.#path.has(value)) return undefined;
    this.#path.add(value);
    try {
      return this.#copy(value, depth + 1);
    } finally {
      this.#path.delete(value);
    }
  }

  #copy(value: object, depth: number): unknown {
    if (Array.isArray(value)) return Array.from(value, (item) => this.#plain(item, depth));
    const prototype: unknown = types.isProxy(value) ? undefined : Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#plain(item, depth)]));
  }
}

/** An error that a getter throws is no part of the error that is read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function decodeError(value: unknown): Error {
  const { name, message, stack, code, cause, errors, dom, details } = value as Properties & { name: string; message: string; cause?: Properties };
  const error = make(name, message, code, dom === true, errors as Properties[] | undefined);
  for (const [key, detail] of Object.entries((details ?? {}) as Properties)) define(error, key, detail, true);
  if (typeof code === 'string' && (error as Properties & Error)['code'] !== code) define(error, 'code', code, true);
  if (error.name !== name) define(error, 'name', name);
  if (cause !== undefined) define(error, 'cause', decodedWithin(cause));
  // An error that fails a call also gets the place where the caller awaits it (caller-frames.ts).
  define(error, 'stack', `${String(stack)}\n    --- on another shard ---`);
  return error;
}

function make(name: string, message: string, code: unknown, dom: boolean, errors: Properties[] | undefined): Error {
  if (dom) return new DOMException(message, name);
  if (name === 'CorebufError' && isErrorCode(code)) return new CorebufError(code, message);
  if (errors === undefined) return new (CONSTRUCTORS.get(name) ?? Error)(message);
  return new AggregateError(errors.map(decodedWithin), message);
}

function decodedWithin(within: Properties): unknown {
  return 'error' in within ? decodeError(within['error']) : within['value'];
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/**
 * The uncaught error of a worker, which Node has copied. Node makes errors anew in a realm of its own, so any object is the error; it knows no
 * CorebufError, and makes a plain Error with the same properties of it.
 */
export function errorOfWorker(copy: unknown): Error {
  if (typeof copy !== 'object' || copy === null) return asError(copy, 'a shard');
  const { name, code, message } = copy as Properties;
  if (name !== 'CorebufError' || !isErrorCode(code)) return copy as Error;
  const error = new CorebufError(code, String(message));
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(copy))) {
    if (!(key in CorebufError.prototype)) Object.defineProperty(error, key, property);
  }
  return error;
}

/** The thrown value when it is an error; otherwise an error that says what was thrown. */
export function asError(thrown: unknown, thrower = 'a served method'): Error {
  if (typeof thrown === 'object' && thrown !== null && isError(thrown)) return thrown;
  return new CorebufError('ERR_REMOTE', `${thrower} threw ${described(thrown)}`, {
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
