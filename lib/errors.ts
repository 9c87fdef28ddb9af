// Every error that this package throws is made here, so that `code` is stable and errors belong to the caller's realm.
import { getSystemErrorName } from 'node:util';

export type ErrorCode =
  | 'ERR_RELEASED'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_OUT_OF_BOUNDS'
  | 'ERR_MISALIGNED'
  | 'ERR_CLOSED'
  | 'ERR_SHARD_GONE'
  | 'ERR_REMOTE'
  | 'ERR_IO'
  | 'ERR_CHANGED';

/**
 * Base of all errors of this package. Branch on `code`, never on the message.
 *
 * @example
 * const file = await DmaFile.open(path, 'w+');
 * await file.close();
 * const error: unknown = await file.size().catch((error: unknown) => error);
 * error instanceof CorebufError && error.code; // 'ERR_CLOSED'
 */
export class CorebufError extends Error {
  readonly code: ErrorCode;
  /** ERR_OUT_OF_MEMORY: the memory table of the shard at that moment. */
  declare readonly report?: string;
  /** ERR_IO: negative, as in Node's own errors. */
  declare readonly errno?: number;
  /** ERR_IO: what was asked of the kernel: 'read', 'write', 'fdatasync', 'fsync', 'fstat', 'fallocate', 'ftruncate'. */
  declare readonly syscall?: string;
  /** ERR_IO: of the file. */
  declare readonly path?: string;

  constructor(code: ErrorCode, message: string, details?: { report?: string; errno?: number; syscall?: string; path?: string; cause?: unknown }) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details?.report !== undefined) this.report = details.report;
    if (details?.errno !== undefined) this.errno = details.errno;
    if (details?.syscall !== undefined) this.syscall = details.syscall;
    if (details?.path !== undefined) this.path = details.path;
  }

  /** ERR_IO: what <errno.h> calls `errno`, such as 'EIO' or 'ENOSPC'. */
  get errnoName(): string | undefined {
    return this.errno === undefined ? undefined : getSystemErrorName(this.errno);
  }

  get [Symbol.toStringTag](): string {
    return 'CorebufError';
  }

  static {
    this.prototype.name = 'CorebufError';
  }
}

// The numbers of native/base/error.h, negative.
export const OUT_OF_MEMORY = -2;
export const SHARD_GONE = -6;
const MISALIGNED = -4;
const ERRNO_BASE = -1000;

export function released(what: string): CorebufError {
  return new CorebufError('ERR_RELEASED', `this ${what} has been released`);
}

export function outOfBounds(what: string, wanted: number, available: number): CorebufError {
  return new CorebufError('ERR_OUT_OF_BOUNDS', `${what}: ${wanted} is past the end, there are ${available} bytes`);
}

/** For work in slices. */
export function changed(what: string): CorebufError {
  return new CorebufError('ERR_CHANGED', `this ${what} was changed while work on it was under way`);
}

export function closed(what: string): CorebufError {
  return new CorebufError('ERR_CLOSED', `this ${what} is closed`);
}

export function shardGone(name: string): CorebufError {
  return new CorebufError('ERR_SHARD_GONE', `${name} ended before it answered`);
}

let memoryReport: () => string = () => '';

/** The table that out-of-memory errors carry; given by the module that can make it. */
export function reportMemoryWith(report: () => string): void {
  memoryReport = report;
}

export function outOfMemory(): CorebufError {
  const report = memoryReport();
  return new CorebufError('ERR_OUT_OF_MEMORY', "the shard's memory budget is spent", { report });
}

/** `errno` is positive here, as in <errno.h>. */
export function ioError(errno: number, syscall: string, path: string): CorebufError {
  const name = getSystemErrorName(-errno);
  return new CorebufError('ERR_IO', `${name}: ${syscall} '${path}'`, { errno: -errno, syscall, path });
}

/** For calls that can only succeed or run out of memory. */
export function check(result: number): number {
  if (result >= 0) return result;
  throw outOfMemory();
}

/** For calls on files. */
export function checkFile(result: number, syscall: string, path: string): number {
  if (result >= 0) return result;
  if (result === MISALIGNED) {
    throw new CorebufError('ERR_MISALIGNED', `${syscall} '${path}': position, length and memory must be multiples of the file's alignment`, { syscall, path });
  }
  if (result <= ERRNO_BASE) throw ioError(ERRNO_BASE - result, syscall, path);
  throw outOfMemory();
}
