// A run of whole disk blocks in memory, on its way to the end of a file. It is filled from front to back and written in parts.
//
//   0 ─────────── taken ─────────── filled ─────────── size
//   │ in a part      │ not yet         │ free            │         position in the file = start + offset
//
// The kernel may read a part while more bytes are appended, but never the same block: a part that ends inside a block freezes the chunk
// until it is written. Appends meanwhile go to another chunk, which begins with a copy of the unfinished block.
import { assert } from '../base/assert.js';
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import { dmaMemory } from '../buffer/dma-buffer.js';
import { releaseChunk } from './chunk-pool.js';
import { alignDown, alignUp } from './disk-block.js';
import type { WritePart } from './write-queue.js';

export class AppendChunk {
  /** Position of the first byte in the file; a multiple of a disk block. */
  readonly start: number;
  readonly bytes: Buffer;
  /** Number of bytes that have been filled. */
  filled: number;
  /** Number of bytes that may be filled: the size, or 0 while the chunk is frozen. */
  limit: number;
  readonly #buffer: DmaBuffer | undefined;
  /** Number of bytes that are in parts, or were in the file before. */
  #taken: number;
  /** Number of parts that are not written yet. */
  #unwritten = 0;
  #retired = false;

  private constructor(start: number, buffer: DmaBuffer | undefined, filled: number) {
    this.start = start;
    this.#buffer = buffer;
    this.bytes = buffer === undefined ? Buffer.alloc(0) : dmaMemory(buffer);
    this.limit = this.bytes.length;
    this.filled = filled;
    this.#taken = filled;
  }

  /** Takes over `buffer`. Its first `filled` bytes, fewer than a disk block, are in the file already. */
  static on(buffer: DmaBuffer, start: number, filled = 0): AppendChunk {
    return new AppendChunk(start, buffer, filled);
  }

  /** A chunk without room, for when there is none. */
  static none(): AppendChunk {
    return new AppendChunk(0, undefined, 0);
  }

  /** Offset of the block that is not full. */
  get unfinishedBlock(): number {
    return alignDown(this.filled);
  }

  get frozen(): boolean {
    return this.limit === 0 && this.bytes.length > 0;
  }

  /** Number of bytes that can be filled now. */
  get room(): number {
    return Math.max(0, this.limit - this.filled);
  }

  /** The bytes that are in no part yet, and where they lie in the file. */
  get untaken(): { readonly start: number; readonly bytes: Buffer } {
    return { start: this.start + this.#taken, bytes: this.bytes.subarray(this.#taken, this.filled) };
  }

  /** The blocks with bytes that are in no part yet, the last block padded with zeros; undefined when there are no such bytes. */
  takeUnwritten(): WritePart | undefined {
    assert(this.#taken <= this.filled && this.filled <= this.bytes.length, 'taken <= filled <= size');
    if (this.#taken === this.filled) return undefined;
    const [from, to] = [alignDown(this.#taken), alignUp(this.filled)];
    const newBytes = this.filled - this.#taken;
    const partial = to > this.filled;
    this.bytes.fill(0, this.filled, to);
    this.#taken = this.filled;
    this.#unwritten++;
    if (partial) this.limit = 0;
    const buffer = this.#buffer!;
    return {
      start: this.start + from,
      length: to - from,
      end: this.start + this.filled,
      newBytes,
      share: () => buffer.share(from, to),
      done: () => this.#onWritten(partial),
    };
  }

  /** No more bytes will be filled. The memory is given back when the last part is written. */
  retire(): void {
    this.#retired = true;
    this.#releaseWhenDone();
  }

  #onWritten(thawed: boolean): void {
    assert(this.#unwritten > 0, 'a part is written once');
    this.#unwritten--;
    if (thawed) this.limit = this.bytes.length;
    this.#releaseWhenDone();
  }

  #releaseWhenDone(): void {
    if (this.#retired && this.#unwritten === 0 && this.#buffer !== undefined) releaseChunk(this.#buffer);
  }
}
