// State of this folder that changes while the thread runs.
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import type { LogWriter } from './log-writer.js';

export const state = {
  /** Logs that are not closed. */
  openLogs: new Set<LogWriter>(),
  /** Places where the positions of logs are published (published.ts): those that are free again, and how many were ever taken. */
  places: { free: [] as number[], taken: 0 },
  /** Chunks of memory that no appender uses now. */
  pool: {
    /** By their length in bytes. */
    idle: new Map<number, DmaBuffer[]>(),
    bytesKept: 0,
    /** Whether a chunk was taken or returned since the timer has last fired. */
    used: false,
    timer: undefined as NodeJS.Timeout | undefined,
  },
};
