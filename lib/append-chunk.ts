// A run of whole blocks in memory on its way to the end of a file: filled front to back, and written in parts.
//
//   0 ──────────── handed ──────────── filled ─────────── size
//   │ with a write    │ not yet           │ free            │       position in the file = start + offset
//
// The kernel reads a part while more is appended, but never the same block: when a part ends inside a block, the chunk is frozen until
// that part is written. Who wants to append meanwhile goes on in another chunk, with a copy of the unfinished block.
import type { DmaBuffer } from './dma-buffer.js';
import { giveChunk, takeChunk } from './chunk-cache.js';
import type { WritePart } from './write-behind.js';

/** What is written at once is a multiple of it, at a multiple of it: no file system asks for more, and disks like no less. */
export const BLOCK = 4096;

export function blocksDown(position: number): number {
  return position - (position % BLOCK);
}

export function blocksUp(position: number): number {
  return blocksDown(position + BLOCK - 1);
}

export class AppendChunk {
  /** In the file; a multiple of BLOCK. */
  readonly start: number;
  readonly bytes: Buffer;
  filled: number;
  /** Bytes that may be filled: the size, or nothing while the chunk is frozen. */
  limit: number;
  readonly #buffer: DmaBuffer | undefined;
  #handed: number;
  #writing = 0;
  #retired = false;

  private constructor(start: number, buffer: DmaBuffer | undefined, filled: number) {
    this.start = start;
    this.#buffer = buffer;
    this.bytes = buffer?.bytes ?? Buffer.alloc(0);
    this.limit = this.bytes.length;
    this.filled = filled;
    this.#handed = filled;
  }

  /** Takes over `buffer`, whose first `filled` bytes, less than a block, are in the file already. */
  static on(buffer: DmaBuffer, start: number, filled = 0): AppendChunk {
    return new AppendChunk(start, buffer, filled);
  }

  /** One without room, for when there is none. */
  static none(): AppendChunk {
    return new AppendChunk(0, undefined, 0);
  }

  /** The first byte of the block that is not full. */
  get tail(): number {
    return blocksDown(this.filled);
  }

  get frozen(): boolean {
    return this.limit === 0 && this.bytes.length > 0;
  }

  get room(): number {
    return Math.max(0, this.limit - this.filled);
  }

  /** What has not been handed to a write yet, with the rest of its last block zeroed; undefined when there is nothing. */
  nextPart(): WritePart | undefined {
    if (this.#handed === this.filled) return undefined;
    const from = blocksDown(this.#handed);
    const to = blocksUp(this.filled);
    const fresh = this.filled - this.#handed;
    const partial = to > this.filled;
    this.bytes.fill(0, this.filled, to);
    this.#handed = this.filled;
    this.#writing++;
    if (partial) this.limit = 0;
    const buffer = this.#buffer!;
    return {
      start: this.start + from,
      length: to - from,
      end: this.start + this.filled,
      fresh,
      share: () => buffer.share(from, to),
      done: () => {
        this.#writing--;
        if (partial) this.limit = this.bytes.length;
        this.#giveBackWhenDone();
      },
    };
  }

  /** Nothing more will be filled; the memory goes back when the last part is written. */
  retire(): void {
    this.#retired = true;
    this.#giveBackWhenDone();
  }

  #giveBackWhenDone(): void {
    if (this.#retired && this.#writing === 0 && this.#buffer !== undefined) giveChunk(this.#buffer);
  }
}

/** Memory for `count` chunks, or none. @throws ERR_OUT_OF_MEMORY */
export function takeChunks(count: number, size: number): DmaBuffer[] {
  const taken: DmaBuffer[] = [];
  try {
    while (taken.length < count) taken.push(takeChunk(size));
  } catch (error) {
    taken.forEach(giveChunk);
    throw error;
  }
  return taken;
}
