// Counters of the windows through which users see memory; buffer/windows.ts makes and keeps the windows.
import { state } from './state.js';

/** Most windows that are kept for later, and most bytes that they show together. */
export const WINDOWS_MOST = 4096;
export const WINDOW_BYTES_MOST = 256 * 1024 * 1024;

/** Counters of the ArrayBuffers through which this thread's objects show their bytes. */
export interface WindowStats {
  /** Number of ArrayBuffers that no object has, kept for the next object at the same address. Each takes about half a KiB of V8's memory. */
  kept: number;
  /** Most of them that are kept; the ones that were used longest ago go first. */
  keptMost: number;
  /** Bytes that the kept ArrayBuffers show. They keep no memory of the shard. */
  keptBytes: number;
  /** Most bytes that they show. */
  keptBytesMost: number;
  /** Number of times that an ArrayBuffer which was wanted was among the kept ones. */
  hits: number;
  /** Number of ArrayBuffers that were made. */
  misses: number;
}

/** The counters, to be changed by the folder that keeps the windows. */
export function windowCounters(): { kept: number; keptBytes: number; hits: number; misses: number } {
  return state.windows;
}

export function windowStats(): WindowStats {
  const { kept, keptBytes, hits, misses } = state.windows;
  return { kept, keptMost: WINDOWS_MOST, keptBytes, keptBytesMost: WINDOW_BYTES_MOST, hits, misses };
}
