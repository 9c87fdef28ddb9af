// The options of an appender, checked, and the counters of its work.
import { constants } from '../native/binding.js';
import { DISK_BLOCK } from './disk-block.js';
import { checkBoolean, checkInteger, checkKnownOptions, invalidRange } from '../base/arguments.js';
import type { OpenOptions } from '../io/dma-file.js';

const MIB = 1024 * 1024;
const CHUNK_DEFAULT = 16 * 1024;
const PREALLOCATE_DEFAULT = 32 * MIB;
const WRITE_BEHIND_DEFAULT = MIB;
const KNOWN = ['lock', 'position', 'chunk', 'preallocate', 'writeBehind', 'mode', 'direct', 'engine', 'class'];

/** Options of SegmentAppender.open(). */
export interface AppenderOptions extends OpenOptions {
  /**
   * Takes an advisory lock (flock) until close(), so that the file has one appender at a time, in this process and in others: ERR_LOCKED where another
   * has it. Character devices are not locked. Default true.
   */
  lock?: boolean;
  /**
   * Position to continue at, in bytes from 0 to the size of the file, which is cut there. A block device
   * needs it, because its end cannot be known, and is not cut: bytes behind `position` stay what they were. Default: the end of the file.
   */
  position?: number;
  /** Bytes that are collected for one write: a multiple of 4096 from 4 KiB to 128 KiB. Default 16 KiB. */
  chunk?: number;
  /** Bytes by which the file grows at once: a multiple of 4096 up to 1 TiB; 0 lets each write make it longer. Default 32 MiB. */
  preallocate?: number;
  /** Bytes that may be accepted and not yet written before append() waits; 0 lets each append wait for the one before. Default 1 MiB. */
  writeBehind?: number;
}

/** Counters of one appender. */
export interface AppenderStats {
  /** Number of appended bytes that have been written. */
  bytesAccepted: number;
  /** Number of bytes of all writes: with padding, and with blocks that were written again. */
  bytesWritten: number;
  /** Number of bytes of zeros that were written ahead of the data, which is done only while syncs of less than 128 KiB follow each other. */
  bytesZeroed: number;
  /** (bytesWritten + bytesZeroed) / bytesAccepted; 1 before the first write. */
  amplification: number;
  /** Number of writes. */
  writes: number;
  /** Number of syncs and of durable writes; many flushes share one. */
  syncs: number;
}

export type AppenderSizes = Required<Pick<AppenderOptions, 'chunk' | 'preallocate' | 'writeBehind'>>;

export interface CheckedOptions {
  readonly lock: boolean;
  readonly position: number | undefined;
  readonly sizes: AppenderSizes;
  readonly opening: OpenOptions;
}

/** @throws TypeError, RangeError */
export function checkAppenderOptions(options: AppenderOptions): CheckedOptions {
  checkKnownOptions('options', options, KNOWN);
  const { lock = true, position, chunk = CHUNK_DEFAULT, preallocate = PREALLOCATE_DEFAULT, writeBehind = WRITE_BEHIND_DEFAULT, ...opening } = options;
  checkBoolean('options.lock', lock);
  if (position !== undefined) checkInteger('options.position', position);
  checkBlocks('options.chunk', chunk, DISK_BLOCK, constants.fragmentSizeMax);
  checkBlocks('options.preallocate', preallocate, 0, 2 ** 40);
  checkInteger('options.writeBehind', writeBehind);
  return { lock, position, sizes: { chunk, preallocate, writeBehind }, opening };
}

function checkBlocks(name: string, value: number, least: number, most: number): void {
  checkInteger(name, value, least, most);
  if (value % DISK_BLOCK !== 0) throw invalidRange(name, `a multiple of ${DISK_BLOCK}`, value);
}
