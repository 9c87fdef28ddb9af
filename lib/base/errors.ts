// The errors of this package with their codes. TypeErrors and RangeErrors for wrong arguments are made in arguments.ts.
import { getSystemErrorName } from 'node:util';
import { channels, publish } from './channels.js';
import { state } from './state.js';

/** Codes of CorebufError. docs/errors.md gives the meaning, the usual cause and the remedy of each. */
export type ErrorCode =
  | 'ERR_RELEASED'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_OUT_OF_BOUNDS'
  | 'ERR_MISALIGNED'
  | 'ERR_CLOSED'
  | 'ERR_SHARD_GONE'
  | 'ERR_REMOTE'
  | 'ERR_IO'
  | 'ERR_CHANGED'
  | 'ERR_LOCKED'
  | 'ERR_TIMEOUT';

const ERROR_CODES = {
  ERR_RELEASED: true, ERR_OUT_OF_MEMORY: true, ERR_OUT_OF_BOUNDS: true, ERR_MISALIGNED: true, ERR_CLOSED: true, ERR_SHARD_GONE: true,
  ERR_REMOTE: true, ERR_IO: true, ERR_CHANGED: true, ERR_LOCKED: true, ERR_TIMEOUT: true,
} satisfies Record<ErrorCode, true>;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

/**
 * An error that is not a wrong argument: memory, a file or another shard has failed, or an object cannot be used any more. Programs should
 * branch on `code`; messages may change.
 *
 * @example
 * const file = await DmaFile.open(path, 'w+');
 * await file.close();
 * const error: unknown = await file.size().catch((error: unknown) => error);
 * error instanceof CorebufError && error.code; // 'ERR_CLOSED'
 */
export class CorebufError extends Error {
  /** Code of the error, which is stable. */
  readonly code: ErrorCode;
  /** With ERR_OUT_OF_MEMORY: the memory table of the shard when it ran out of memory (ShardMemory.report()). */
  declare readonly report?: string;
  /** With ERR_IO: error number of the kernel, negative as in Node's own errors. */
  declare readonly errno?: number;
  /** With ERR_IO and ERR_MISALIGNED: the operation that failed: 'read', 'write', 'fdatasync', 'fsync', 'fstat', 'fallocate', 'ftruncate'. */
  declare readonly syscall?: string;
  /** With ERR_IO, ERR_MISALIGNED and ERR_LOCKED: path of the file. */
  declare readonly path?: string;

  /** Creates an error. Programs need this only to test how they handle one. */
  constructor(code: ErrorCode, message: string, details?: { report?: string; errno?: number; syscall?: string; path?: string; cause?: unknown }) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details?.report !== undefined) this.report = details.report;
    if (details?.errno !== undefined) this.errno = details.errno;
    if (details?.syscall !== undefined) this.syscall = details.syscall;
    if (details?.path !== undefined) this.path = details.path;
  }

  /** With ERR_IO: name of `errno` in <errno.h>, such as 'EIO' or 'ENOSPC'; otherwise undefined. */
  get errnoName(): string | undefined {
    return this.errno === undefined ? undefined : getSystemErrorName(this.errno);
  }

  static {
    this.prototype.name = 'CorebufError';
  }
}

export function released(what: string): CorebufError {
  return new CorebufError('ERR_RELEASED', `this ${what} has been released, or its bytes were moved away: share() it before that to go on using them`);
}

/** The error for an `argument` that names more bytes than the `available` ones. */
export function outOfBounds(argument: string, wanted: number, available: number): CorebufError {
  return new CorebufError('ERR_OUT_OF_BOUNDS', `${argument} must be at most ${available}, the number of bytes that are there; received ${wanted}`);
}

/** The error for an object that was changed before work on it had ended. */
export function changed(what: string): CorebufError {
  return new CorebufError('ERR_CHANGED', `this ${what} was changed while work on it was under way: let that work end first, or give it a share()`);
}

export function closed(what: string): CorebufError {
  return new CorebufError('ERR_CLOSED', `this ${what} is closed: call close() after its last use, or make a new one`);
}

/** How a shard has ended. */
export interface ShardEnd {
  /** The uncaught error that ended it; undefined when it ended in another way. */
  readonly error: unknown;
  /** Exit code of its thread. */
  readonly code: number;
}

/** The error for a call to a shard that has ended. `end` says how, if that is known. */
export function shardGone(name: string, end?: ShardEnd): CorebufError {
  return new CorebufError('ERR_SHARD_GONE', `${name} ended before it answered${reasonOf(end)}`, { cause: end?.error });
}

function reasonOf(end: ShardEnd | undefined): string {
  if (end === undefined) return '';
  // Node copies the error of a worker, so it need not be an instance of this thread's Error.
  const { message } = (end.error ?? {}) as { message?: unknown };
  if (typeof message === 'string') return `: ${message}`;
  return end.code === 0 ? '' : `: its thread ended with code ${end.code}`;
}

/** The error for a spent budget, with the memory table of this thread's shard, which `state.memoryReport` makes. */
export function outOfMemory(): CorebufError {
  const report = state.memoryReport();
  const error = new CorebufError('ERR_OUT_OF_MEMORY', "the shard's memory budget is spent: release memory (the error's report says who holds it), or attach with more `memory`", { report });
  publish(channels.outOfMemory, () => ({ error }));
  return error;
}

/** The error for an operation on a file. `wrong` says which argument is not aligned, which alignment it needs, and what was received. */
export function misaligned(syscall: string, path: string, wrong: string): CorebufError {
  return new CorebufError('ERR_MISALIGNED', `${syscall} '${path}': ${wrong}`, { syscall, path });
}

/** The error for an operation on a file that the kernel refused. `errno` is positive here, as in <errno.h>. */
export function ioError(errno: number, syscall: string, path: string): CorebufError {
  const name = getSystemErrorName(-errno);
  return new CorebufError('ERR_IO', `${name}: ${syscall} '${path}'`, { errno: -errno, syscall, path });
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof CorebufError && error.code === 'ERR_OUT_OF_MEMORY';
}
