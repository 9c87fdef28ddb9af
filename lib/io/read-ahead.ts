// Reads a file in order, ahead of its consumer. At most `depth` chunks have been begun and not been consumed. `depth` is 1 at first. It doubles
// when the consumer must wait for a read that had already begun, and falls by 1 when all chunks were ready `depth` times in a row. The page
// cache of Linux works in a similar way (linux/mm/readahead.c).
import { onAbort } from '../base/abort.js';
import { checkInteger, checkKnownOptions, checkSignal } from '../base/arguments.js';
import { isOutOfMemory } from '../base/errors.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { forgotten } from './forgotten.js';
import type { IoClass } from './io-class.js';
import type { OpenFile } from './open-file.js';

/** Options of DmaFile.chunks(), stream() and toWeb(). */
export interface FileChunksOptions {
  /** Position of the first byte, in bytes from the beginning of the file. Default 0. */
  start?: number;
  /** Position behind the last byte, at least `start`. Reading ends there or at the end of the file. Default: the end of the file. */
  end?: number;
  /** Bytes of a chunk, at least 1, rounded up to the file's alignment. Default 128 KiB; 64 KiB for streams. */
  chunk?: number;
  /**
   * Most bytes that are being read, or have been read and not been consumed. With fewer than `chunk`, nothing is read ahead.
   * Default: 4 chunks, and at least 1 MiB.
   */
  readAhead?: number;
  /** Ends the reading: the call that waits is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** I/O class of the reads. Default: the file's. */
  class?: IoClass;
}

/** Reads one chunk. With `urgent`, the consumer waits for it, and `onPressure` listeners are called when there is no memory. */
export type ReadChunk = (position: number, length: number, urgent: boolean) => Promise<IoBuf>;

interface ReadAheadChunk {
  readonly position: number;
  readonly length: number;
  /** Resolves when the read has succeeded or failed. */
  arrived: Promise<void>;
  ended: boolean;
  /** The bytes will not be consumed. */
  abandoned: boolean;
  data: IoBuf | undefined;
  failure: { readonly error: unknown } | undefined;
}

const CHUNK_DEFAULT = 128 * 1024;
const CHUNKS_AHEAD_DEFAULT = 4;
const READ_AHEAD_DEFAULT = 1024 * 1024;
/** Most chunks that are under way or ready. One shard has at most so many requests in the kernel at a time. */
const DEPTH_MAX = 256;

export type CheckedChunks = Required<Omit<FileChunksOptions, 'signal' | 'class'>> & { signal: AbortSignal | undefined };

/** @throws TypeError, RangeError; the reason of a signal that is aborted already. */
export function checkChunks(options: FileChunksOptions, block: number, chunkDefault = CHUNK_DEFAULT): CheckedChunks {
  checkKnownOptions('options', options, ['start', 'end', 'chunk', 'readAhead', 'signal', 'class']);
  const { start = 0, end = Number.MAX_SAFE_INTEGER, chunk: wanted = chunkDefault, readAhead: ahead, signal } = options;
  checkInteger('options.start', start);
  checkInteger('options.end', end, start);
  checkInteger('options.chunk', wanted, 1, Number.MAX_SAFE_INTEGER - block);
  const chunk = Math.ceil(wanted / block) * block;
  const readAhead = ahead ?? Math.max(READ_AHEAD_DEFAULT, CHUNKS_AHEAD_DEFAULT * chunk);
  if (ahead !== undefined) checkInteger('options.readAhead', ahead);
  checkSignal('options.signal', signal);
  signal?.throwIfAborted();
  return { start, end, chunk, readAhead, signal };
}

/** The chunks that `ahead` reads. Until they end, `ahead` is one of the file's readers. */
export function chunksOf(ahead: ReadAhead, file: OpenFile, signal: AbortSignal | undefined): AsyncGenerator<IoBuf, void, void> {
  const session = new ReadSession(ahead, file);
  const chunks = generate(ahead, session, signal);
  forgotten.watch(chunks, 'DmaFile.chunks', session);
  return chunks;
}

async function* generate(ahead: ReadAhead, session: ReadSession, signal: AbortSignal | undefined): AsyncGenerator<IoBuf, void, void> {
  try {
    session.begin(signal);
    for (let data = await ahead.next(); data !== undefined; data = await ahead.next()) yield data;
  } finally {
    await session.close();
  }
}

/** The part of an iteration that must be closed. It does not refer to the iterator. */
class ReadSession {
  readonly #ahead: ReadAhead;
  readonly #file: OpenFile;
  #forget: (() => void) | undefined;
  #open = false;

  constructor(ahead: ReadAhead, file: OpenFile) {
    this.#ahead = ahead;
    this.#file = file;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytesHeld(): number {
    return this.#ahead.bytesReady;
  }

  get open(): boolean {
    return this.#open;
  }

  /** @throws the signal's reason */
  begin(signal: AbortSignal | undefined): void {
    this.#open = true;
    signal?.throwIfAborted();
    if (signal !== undefined) this.#forget = onAbort(signal, (reason) => this.#ahead.stop(reason));
    this.#file.readers.add(this.#ahead);
  }

  async close(): Promise<void> {
    this.#open = false;
    forgotten.unwatch(this);
    this.#forget?.();
    this.#file.readers.delete(this.#ahead);
    await this.#ahead.end();
  }
}

export class ReadAhead {
  readonly #read: ReadChunk;
  readonly #chunk: number;
  readonly #block: number;
  readonly #depthMax: number;
  #position: number;
  #end: number;
  #depth: number;
  #readyInRow = 0;
  /** Chunks that are under way or ready, in the order of the file, without the one that next() waits for. */
  readonly #chunks: ReadAheadChunk[] = [];
  /** Abandoned chunks whose reads have not ended. */
  readonly #leaving = new Set<Promise<void>>();
  #stopped: { readonly error: unknown } | undefined;

  constructor(read: ReadChunk, { start, end, chunk, readAhead }: CheckedChunks, block: number) {
    this.#read = read;
    this.#chunk = chunk;
    this.#block = block;
    this.#depthMax = Math.min(DEPTH_MAX, Math.floor(readAhead / chunk));
    this.#depth = Math.min(1, this.#depthMax);
    this.#position = start;
    this.#end = end;
  }

  /** Number of bytes that have been read and not been consumed. */
  get bytesReady(): number {
    return this.#chunks.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  }

  /** Resolves with the next bytes, or undefined at the end of the file or of the range. Must not be called while a call is pending. */
  async next(): Promise<IoBuf | undefined> {
    if (this.#stopped !== undefined) throw this.#stopped.error;
    const ahead = this.#chunks.shift();
    if (ahead !== undefined) this.#adapt(ahead);
    const front = ahead ?? this.#begin(true);
    if (front === undefined) return undefined;
    this.#fill(this.#depth - 1);
    const data = await this.#dataOf(front);
    if (data.length < front.length) {
      this.#end = this.#position;
      this.#abandonAll();
    }
    if (data.length > 0) {
      if (this.#stopped === undefined) this.#fill(this.#depth);
      return data;
    }
    data.release();
    return undefined;
  }

  /** Releases the chunks that were read ahead. A next() that waits gets its bytes; later ones throw `error`. */
  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#abandonAll();
  }

  /** Ends the reading. Resolves when all chunks that were read ahead are released. No method may be called afterwards. */
  async end(): Promise<void> {
    this.#abandonAll();
    await Promise.all(this.#leaving);
  }

  #adapt(front: ReadAheadChunk): void {
    if (!front.ended) {
      this.#depth = Math.min(this.#depth * 2, this.#depthMax);
      this.#readyInRow = 0;
    } else if (!this.#chunks.every(({ ended }) => ended)) this.#readyInRow = 0;
    else if (++this.#readyInRow >= this.#depth) {
      this.#depth = Math.max(1, this.#depth - 1);
      this.#readyInRow = 0;
    }
  }

  #fill(most: number): void {
    while (this.#chunks.length < most) {
      const chunk = this.#begin(false);
      if (chunk === undefined) return;
      this.#chunks.push(chunk);
    }
  }

  /** Begins to read the next chunk; undefined at the end. The first chunk ends at a multiple of the alignment, so the others begin at one. */
  #begin(urgent: boolean): ReadAheadChunk | undefined {
    const position = this.#position;
    if (position >= this.#end) return undefined;
    const length = Math.min(this.#chunk - (position % this.#block), this.#end - position);
    this.#position += length;
    return this.#chunkAt(position, length, urgent);
  }

  #chunkAt(position: number, length: number, urgent: boolean): ReadAheadChunk {
    const chunk: ReadAheadChunk = { position, length, arrived: Promise.resolve(), ended: false, abandoned: false, data: undefined, failure: undefined };
    chunk.arrived = this.#read(position, length, urgent).then(
      (data) => {
        chunk.ended = true;
        if (chunk.abandoned) data.release();
        else chunk.data = data;
      },
      (error: unknown) => {
        chunk.ended = true;
        chunk.failure = { error };
      },
    );
    return chunk;
  }

  async #dataOf(front: ReadAheadChunk): Promise<IoBuf> {
    await front.arrived;
    if (front.data !== undefined) return front.data;
    const { error } = front.failure!;
    if (!isOutOfMemory(error)) throw error;
    // There was no memory to read ahead. Now the consumer waits, so `onPressure` listeners are called for memory.
    this.#depth = Math.min(1, this.#depthMax);
    return this.#read(front.position, front.length, true);
  }

  #abandonAll(): void {
    for (const chunk of this.#chunks.splice(0)) {
      chunk.abandoned = true;
      chunk.data?.release();
      if (chunk.ended) continue;
      this.#leaving.add(chunk.arrived);
      void chunk.arrived.then(() => this.#leaving.delete(chunk.arrived));
    }
  }
}
