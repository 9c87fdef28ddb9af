// What an appender is told when it is opened, and what it tells of its work.
import { constants } from './native.js';
import { BLOCK } from './append-chunk.js';
import { checkInteger, checkOptions, invalidRange } from './checks.js';
import type { OpenOptions } from './dma-file.js';

const MIB = 1024 * 1024;
const CHUNK_DEFAULT = 16 * 1024;
const PREALLOCATE_DEFAULT = 32 * MIB;
const WRITE_BEHIND_DEFAULT = MIB;

export interface AppenderOptions extends OpenOptions {
  /** Continue here, and cut what is behind. Default: the end of the file. */
  position?: number;
  /** Bytes that are collected for one write: a multiple of 4 KiB up to 128 KiB. Default 16 KiB. */
  chunk?: number;
  /** The file grows by so much at once; a multiple of 4 KiB, 0 for never. Default 32 MiB. */
  preallocate?: number;
  /** Bytes that may be accepted and not yet written before append() waits. Default 1 MiB. */
  writeBehind?: number;
}

export interface AppenderStats {
  /** Of what was written. */
  bytesAccepted: number;
  /** With padding, and with blocks that were written again. */
  bytesWritten: number;
  /** Zeros, ahead of the data: only while syncs of less than 128 KiB come one after the other. */
  bytesZeroed: number;
  /** (bytesWritten + bytesZeroed) / bytesAccepted; 1 when nothing was written yet. */
  amplification: number;
  writes: number;
  /** Syncs; many flushes share one. */
  syncs: number;
}

export type AppenderSizes = Required<Pick<AppenderOptions, 'chunk' | 'preallocate' | 'writeBehind'>>;

export interface CheckedOptions {
  readonly position: number | undefined;
  readonly sizes: AppenderSizes;
  readonly opening: OpenOptions;
}

/** @throws TypeError, RangeError */
export function checkAppenderOptions(options: AppenderOptions): CheckedOptions {
  checkOptions('options', options);
  const { position, chunk = CHUNK_DEFAULT, preallocate = PREALLOCATE_DEFAULT, writeBehind = WRITE_BEHIND_DEFAULT, ...opening } = options;
  if (position !== undefined) checkInteger('options.position', position);
  checkBlocks('options.chunk', chunk, BLOCK, constants.fragmentSizeMax);
  checkBlocks('options.preallocate', preallocate, 0, 2 ** 40);
  checkInteger('options.writeBehind', writeBehind);
  return { position, sizes: { chunk, preallocate, writeBehind }, opening };
}

function checkBlocks(name: string, value: number, least: number, most: number): void {
  checkInteger(name, value, least, most);
  if (value % BLOCK !== 0) throw invalidRange(name, `a multiple of ${BLOCK}`, value);
}
