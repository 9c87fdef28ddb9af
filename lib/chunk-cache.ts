// Chunks of memory between appenders, per shard: an appender that has written a chunk leaves it here for the next one. What has not
// been used for a second goes back to the heap, and so does everything when memory is short, and before anybody counts.
import { attachDefault } from './attachment.js';
import { DmaBuffer } from './dma-buffer.js';
import { reclaimWith } from './pressure.js';

const IDLE_MS = 1000;
const KEPT_BYTES_MOST = 4 * 1024 * 1024;

const idle = new Map<number, DmaBuffer[]>();
let bytesKept = 0;
let usedLately = false;
let timer: NodeJS.Timeout | undefined;

/** `size` bytes that hold whatever lay there before. @throws ERR_OUT_OF_MEMORY */
export function takeChunk(size: number): DmaBuffer {
  const kept = idle.get(size)?.pop();
  if (kept === undefined) return DmaBuffer.alloc(size);
  bytesKept -= size;
  usedLately = true;
  return kept;
}

/** Nobody else refers to it any more. */
export function giveChunk(chunk: DmaBuffer): void {
  const { length } = chunk;
  // Where bytes are scrubbed when they are freed, they are freed at once.
  if (bytesKept + length > KEPT_BYTES_MOST || attachDefault().scrubbing) return chunk.release();
  const sameSize = idle.get(length);
  if (sameSize === undefined) idle.set(length, [chunk]);
  else sameSize.push(chunk);
  bytesKept += length;
  usedLately = true;
  timer ??= setInterval(clearWhenIdle, IDLE_MS).unref();
}

export function clearIdleChunks(): void {
  for (const chunks of idle.values()) {
    for (const chunk of chunks) chunk.release();
  }
  idle.clear();
  bytesKept = 0;
  clearInterval(timer);
  timer = undefined;
}

function clearWhenIdle(): void {
  if (!usedLately) clearIdleChunks();
  usedLately = false;
}

reclaimWith(clearIdleChunks);
