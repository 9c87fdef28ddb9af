// The end of a log in memory: the chunk that is being filled, and what becomes of bytes that are appended.
import { AppendChunk, blocksDown, takeChunks } from './append-chunk.js';
import type { Appended, Span } from './appended.js';
import { giveChunk, takeChunk } from './chunk-cache.js';
import type { DmaBuffer } from './dma-buffer.js';
import type { DmaFile } from './dma-file.js';
import { ioError } from './errors.js';
import { countAppended } from './handle.js';
import type { IoBuf } from './iobuf.js';
import type { WritePart } from './write-behind.js';

const EIO = 5;

export class AppendTail {
  /** Where the next byte comes to lie in the file. */
  position: number;
  #chunk: AppendChunk;
  readonly #chunkSize: number;
  readonly #push: (part: WritePart) => void;

  /** `chunk` holds the unfinished block before `position`; parts that are full go to `push`, in order. */
  constructor(position: number, chunk: AppendChunk, chunkSize: number, push: (part: WritePart) => void) {
    this.position = position;
    this.#chunk = chunk;
    this.#chunkSize = chunkSize;
    this.#push = push;
  }

  /** Copies bytes that leave room in the chunk and end before `limit`: where they begin, or -1 when it is not as simple as that. */
  appendSmall(bytes: Uint8Array, length: number, limit: number): number {
    const chunk = this.#chunk;
    const start = this.position;
    const filled = chunk.filled + length;
    if (filled >= chunk.limit || start + length > limit) return -1;
    chunk.bytes.set(bytes, chunk.filled);
    countAppended(length);
    chunk.filled = filled;
    this.position = start + length;
    return start;
  }

  /**
   * Where they begin. All or nothing: memory and references are taken before anything changes. Pressure listeners may run meanwhile; the
   * caller sees to it that they do not get here.
   *
   * @throws ERR_OUT_OF_MEMORY, ERR_RELEASED, ERR_CHANGED
   */
  append(data: Appended): number {
    const start = this.position;
    const spans = data.spans(start);
    const { buffers, shares } = this.#taken(data, spans);
    let at = 0;
    for (const { length, copied } of spans) {
      if (copied) this.#copyIn(data, at, length, buffers);
      else this.#pushShare(shares.shift()!, length);
      at += length;
    }
    return start;
  }

  #taken(data: Appended, spans: readonly Span[]): { buffers: DmaBuffer[]; shares: IoBuf[] } {
    const buffers = takeChunks(this.#chunksFor(spans), this.#chunkSize);
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
      buffers.forEach(giveChunk);
      throw error;
    }
  }

  /** How many chunks these spans need beside the one that is being filled. */
  #chunksFor(spans: readonly Span[]): number {
    const size = this.#chunkSize;
    const { room, frozen, filled, tail } = this.#chunk;
    let free = room;
    /** A chunk that follows on a frozen one begins with its unfinished block. */
    let begun = frozen ? filled - tail : 0;
    let count = 0;
    for (const { length, copied } of spans) {
      if (!copied) free = 0;
      else if (length > free) {
        const chunks = Math.ceil((length - free + begun) / size);
        free += chunks * size - begun;
        count += chunks;
        begun = 0;
      }
      if (copied) free -= length;
    }
    return count;
  }

  #copyIn(data: Appended, from: number, length: number, buffers: DmaBuffer[]): void {
    const end = from + length;
    for (let at = from; at < end; ) {
      if (this.#chunk.room === 0) this.#chunk = this.#nextChunk(buffers.shift()!);
      const chunk = this.#chunk;
      const count = Math.min(end - at, chunk.room);
      data.copyTo(chunk.bytes, chunk.filled, at, count);
      chunk.filled += count;
      this.position += count;
      at += count;
      if (chunk.room === 0) this.#handOver();
    }
  }

  #nextChunk(buffer: DmaBuffer): AppendChunk {
    const before = this.#chunk;
    if (!before.frozen) return AppendChunk.on(buffer, this.position);
    const { tail, filled } = before;
    const chunk = AppendChunk.on(buffer, before.start + tail, filled - tail);
    before.bytes.copy(chunk.bytes, 0, tail, filled);
    countAppended(filled - tail);
    before.retire();
    return chunk;
  }

  #pushShare(share: IoBuf, length: number): void {
    this.#handOver();
    const start = this.position;
    this.position += length;
    this.#push({ start, length, end: start + length, fresh: length, share: () => share.share(), done: () => share.release() });
  }

  /** The chunk has got all it will get. */
  #handOver(): void {
    this.writeOut();
    this.#chunk.retire();
    this.#chunk = AppendChunk.none();
  }

  /** What is in the chunk goes to the disk, full or not. */
  writeOut(): void {
    const part = this.#chunk.nextPart();
    if (part !== undefined) this.#push(part);
  }

  /** Goes on elsewhere; everything is written. */
  moveTo(position: number, chunk: AppendChunk): void {
    this.#chunk.retire();
    this.#chunk = chunk;
    this.position = position;
  }

  /** The memory goes back. */
  end(): void {
    this.moveTo(this.position, AppendChunk.none());
  }
}

/** The block that ends in the middle, to be continued. @throws ERR_OUT_OF_MEMORY, ERR_IO */
export async function unfinished(file: DmaFile, position: number, chunkSize: number): Promise<AppendChunk> {
  const start = blocksDown(position);
  if (start === position) return AppendChunk.none();
  const buffer = takeChunk(chunkSize);
  try {
    const read = await file.read(start, position - start);
    try {
      if (read.copyTo(buffer.bytes) < position - start) throw ioError(EIO, 'read', file.path);
    } finally {
      read.release();
    }
  } catch (error) {
    giveChunk(buffer);
    throw error;
  }
  return AppendChunk.on(buffer, start, position - start);
}
