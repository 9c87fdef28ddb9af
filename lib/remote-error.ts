// Errors that were thrown on another shard: they come back with the same name, message, code and details, and with both stacks.
import { CorebufError } from './errors.js';
import type { ErrorCode } from './errors.js';

const DETAILS = ['errno', 'syscall', 'path', 'report'] as const;
const CODES: readonly string[] = [
  'ERR_RELEASED', 'ERR_OUT_OF_MEMORY', 'ERR_OUT_OF_BOUNDS', 'ERR_MISALIGNED', 'ERR_CLOSED', 'ERR_SHARD_GONE', 'ERR_REMOTE', 'ERR_IO',
] satisfies ErrorCode[];

/** Also of another realm, and only named so. */
export function isError(value: object): value is Error & Record<string, unknown> {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]' || value instanceof CorebufError;
}

export function encodeError(error: Error & Record<string, unknown>): Record<string, unknown> {
  const encoded: Record<string, unknown> = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
  if (typeof error['code'] === 'string') encoded['code'] = error['code'];
  for (const detail of DETAILS) {
    if (typeof error[detail] === 'string' || typeof error[detail] === 'number') encoded[detail] = error[detail];
  }
  if (error.cause instanceof Error) encoded['cause'] = encodeError(error.cause as Error & Record<string, unknown>);
  else if (typeof error.cause === 'string') encoded['cause'] = error.cause;
  return encoded;
}

const constructors: Record<string, new (message: string) => Error> = { TypeError, RangeError, SyntaxError, ReferenceError };

export function decodeError(encoded: unknown): Error {
  const { name, message, stack, code, cause, ...details } = encoded as Record<string, unknown> & { message: string };
  const error =
    typeof code === 'string' && CODES.includes(code) && name === 'CorebufError'
      ? new CorebufError(code as ErrorCode, message)
      : Object.assign(new (constructors[String(name)] ?? Error)(message), code === undefined ? {} : { code });
  Object.assign(error, details);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (cause !== undefined) Object.defineProperty(error, 'cause', { value: typeof cause === 'string' ? cause : decodeError(cause), configurable: true, writable: true });
  joinStack(error, String(stack));
  return error;
}

/** What a method threw that was not an Error. */
export function notAnError(thrown: unknown): CorebufError {
  return new CorebufError('ERR_REMOTE', `a served method threw ${typeof thrown === 'string' ? `'${thrown}'` : String(thrown)}`, {
    cause: typeof thrown === 'string' ? thrown : undefined,
  });
}

/** Where it was thrown, then where it arrived. */
function joinStack(error: Error, remote: string): void {
  const local = (error.stack ?? '').split('\n').slice(1).join('\n');
  Object.defineProperty(error, 'stack', { value: `${remote}\n    --- on another shard; here: ---\n${local}`, configurable: true, writable: true });
}
