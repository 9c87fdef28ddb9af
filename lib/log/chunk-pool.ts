// The chunks of memory that appenders have written, kept for the next appender of this shard. They are released when none was used for
// a second, when memory is short, and before statistics are taken.
import { clearInterval, setInterval } from '../base/timers.js';
import { DmaBuffer } from '../buffer/dma-buffer.js';
import { attachDefault } from '../shard/attach.js';
import { state } from './state.js';

const IDLE_MS = 1000;
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** A chunk of `size` bytes with arbitrary content. @throws ERR_OUT_OF_MEMORY */
export function acquireChunk(size: number): DmaBuffer {
  const { pool } = state;
  const kept = pool.idle.get(size)?.pop();
  if (kept === undefined) return DmaBuffer.alloc(size);
  pool.bytesKept -= size;
  pool.used = true;
  return kept;
}

/** `count` chunks, or an error and none. @throws ERR_OUT_OF_MEMORY */
export function acquireChunks(count: number, size: number): DmaBuffer[] {
  const acquired: DmaBuffer[] = [];
  try {
    while (acquired.length < count) acquired.push(acquireChunk(size));
    return acquired;
  } catch (error) {
    acquired.forEach(releaseChunk);
    throw error;
  }
}

/** The caller has the only reference to `chunk`, and gives it up. */
export function releaseChunk(chunk: DmaBuffer): void {
  const { pool } = state;
  const { length } = chunk;
  // Where memory is overwritten when it is freed, a chunk is freed at once.
  if (pool.bytesKept + length > KEPT_BYTES_MAX || attachDefault().scrubbing) return chunk.release();
  const sameSize = pool.idle.get(length);
  if (sameSize === undefined) pool.idle.set(length, [chunk]);
  else sameSize.push(chunk);
  pool.bytesKept += length;
  pool.used = true;
  pool.timer ??= setInterval(releaseUnused, IDLE_MS).unref();
}

export function releaseIdleChunks(): void {
  const { pool } = state;
  for (const chunks of pool.idle.values()) for (const chunk of chunks) chunk.release();
  pool.idle.clear();
  pool.bytesKept = 0;
  clearInterval(pool.timer);
  pool.timer = undefined;
}

function releaseUnused(): void {
  if (!state.pool.used) releaseIdleChunks();
  state.pool.used = false;
}
