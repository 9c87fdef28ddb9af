// The end of a log in memory: copies appended bytes into chunks, and passes parts that are complete on to be written.
import { countAppended } from '../buffer/handle.js';
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { AppendChunk } from './chunk.js';
import { acquireChunks, releaseChunk } from './chunk-pool.js';
import type { LogState } from './log-state.js';
import type { AppendSource, Span } from './source.js';
import type { WritePart } from './write-queue.js';

export class AppendTail {
  readonly #state: LogState;
  #chunk: AppendChunk;
  /** Bytes of a chunk. */
  readonly #chunkSize: number;
  readonly #push: (part: WritePart) => void;

  /** `chunk` begins with the unfinished block before `state.accepted`. Parts that are complete go to `push`, in the order of the file. */
  constructor(state: LogState, chunk: AppendChunk, chunkSize: number, push: (part: WritePart) => void) {
    this.#state = state;
    this.#chunk = chunk;
    this.#chunkSize = chunkSize;
    this.#push = push;
  }

  /**
   * Copies `bytes`, of which there are `length`, when they leave room in the chunk and end at or before the position `limit`. Returns their
   * position; -1, with nothing changed, when append() must do it.
   */
  appendSmall(bytes: Uint8Array, length: number, limit: number): number {
    const chunk = this.#chunk;
    const start = this.#state.accepted;
    const filled = chunk.filled + length;
    if (filled >= chunk.limit || start + length > limit) return -1;
    chunk.bytes.set(bytes, chunk.filled);
    countAppended(length);
    chunk.filled = filled;
    this.#state.accept(length);
    return start;
  }

  /**
   * Appends all of `data`, or nothing: memory and references are acquired before anything changes. Pressure listeners may run meanwhile; the
   * caller must keep them from calling this method. Returns the position of the first byte.
   *
   * @throws ERR_OUT_OF_MEMORY, ERR_RELEASED, ERR_CHANGED
   */
  append(data: AppendSource): number {
    const start = this.#state.accepted;
    const spans = data.spans(start);
    const { buffers, shares } = this.#acquire(data, spans);
    let at = 0;
    for (const { length, copied } of spans) {
      if (copied) this.#copyIn(data, at, length, buffers);
      else this.#pushShare(shares.shift()!, length);
      at += length;
    }
    return start;
  }

  /** Passes the bytes that were appended last on to be written, with a last block that need not be full. */
  writeOut(): void {
    const part = this.#chunk.takeUnwritten();
    if (part !== undefined) this.#push(part);
  }

  /** The bytes that are in no part yet. */
  get untaken(): { readonly start: number; readonly bytes: Buffer } {
    return this.#chunk.untaken;
  }

  /** Appends to `chunk` from now on. All accepted bytes must have been written or given up. */
  continueIn(chunk: AppendChunk): void {
    this.#chunk.retire();
    this.#chunk = chunk;
  }

  /** Releases the memory. */
  end(): void {
    this.continueIn(AppendChunk.none());
  }

  #acquire(data: AppendSource, spans: readonly Span[]): { buffers: DmaBuffer[]; shares: IoBuf[] } {
    const buffers = acquireChunks(this.#chunksFor(spans), this.#chunkSize);
    const shares: IoBuf[] = [];
    try {
      let at = 0;
      for (const { length, copied } of spans) {
        if (!copied) shares.push(data.share(at, length));
        at += length;
      }
      data.check();
      return { buffers, shares };
    } catch (error) {
      for (const share of shares) share.release();
      buffers.forEach(releaseChunk);
      throw error;
    }
  }

  /** Number of chunks that these spans need beside the one that is being filled. */
  #chunksFor(spans: readonly Span[]): number {
    const size = this.#chunkSize;
    const { room, frozen, filled, unfinishedBlock } = this.#chunk;
    let free = room;
    // A chunk that follows on a frozen one begins with a copy of its unfinished block.
    let copiedBefore = frozen ? filled - unfinishedBlock : 0;
    let count = 0;
    for (const { length, copied } of spans) {
      if (!copied) free = 0;
      else if (length > free) {
        const chunks = Math.ceil((length - free + copiedBefore) / size);
        free += chunks * size - copiedBefore;
        count += chunks;
        copiedBefore = 0;
      }
      if (copied) free -= length;
    }
    return count;
  }

  #copyIn(data: AppendSource, from: number, length: number, buffers: DmaBuffer[]): void {
    const end = from + length;
    for (let at = from; at < end; ) {
      if (this.#chunk.room === 0) this.#chunk = this.#nextChunk(buffers.shift()!);
      const chunk = this.#chunk;
      const count = Math.min(end - at, chunk.room);
      data.copyTo(chunk.bytes, chunk.filled, at, count);
      chunk.filled += count;
      this.#state.accept(count);
      at += count;
      if (chunk.room === 0) this.#finishChunk();
    }
  }

  #nextChunk(buffer: DmaBuffer): AppendChunk {
    const before = this.#chunk;
    if (!before.frozen) return AppendChunk.on(buffer, this.#state.accepted);
    const { unfinishedBlock, filled } = before;
    const chunk = AppendChunk.on(buffer, before.start + unfinishedBlock, filled - unfinishedBlock);
    before.bytes.copy(chunk.bytes, 0, unfinishedBlock, filled);
    countAppended(filled - unfinishedBlock);
    before.retire();
    return chunk;
  }

  #pushShare(share: IoBuf, length: number): void {
    this.#finishChunk();
    const start = this.#state.accepted;
    this.#state.accept(length);
    this.#push({ start, length, end: start + length, newBytes: length, share: () => share.share(), done: () => share.release() });
  }

  #finishChunk(): void {
    this.writeOut();
    this.continueIn(AppendChunk.none());
  }
}
