// Reading a file in order, ahead of who consumes it. What was begun and not handed over yet is `depth` chunks at most: one at first,
// twice as many each time the consumer has to wait for what was begun before it asked, one less when it finds everything ready
// `depth` times in a row. (The idea is the page cache's: linux/mm/readahead.c.)
import { onAbort } from './abort-waiters.js';
import { checkInteger, checkOptions, checkSignal } from './checks.js';
import type { IoBuf } from './iobuf.js';
import type { IoClass } from './io-class.js';
import { isShortage } from './write-behind.js';

export interface FileReadableOptions {
  /** Where to begin, in bytes. Default 0. */
  start?: number;
  /** Where to end, at the latest: the first byte that is not read. Default: the end of the file. */
  end?: number;
  /** Bytes of a chunk, rounded up to the file's alignment. Default 128 KiB. */
  chunk?: number;
  /**
   * Bytes that may be under way or lie ready, and not be handed over yet. Below `chunk`: nothing is read before it is asked for. Default
   * 4 chunks, and at least 1 MiB.
   */
  readAhead?: number;
  /** Ends the reading; who waits is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Default: the file's. */
  class?: IoClass;
}

/** `urgent`: somebody waits for it, and others are asked for memory if there is none. */
export type ReadChunk = (position: number, length: number, urgent: boolean) => Promise<IoBuf>;

interface Chunk {
  readonly position: number;
  readonly length: number;
  /** Resolves when the read has ended, well or not. */
  arrived: Promise<void>;
  ended: boolean;
  abandoned: boolean;
  data: IoBuf | undefined;
  failure: { readonly error: unknown } | undefined;
}

const CHUNK_DEFAULT = 128 * 1024;
const CHUNKS_AHEAD_DEFAULT = 4;
const READ_AHEAD_DEFAULT = 1024 * 1024;
/** What the kernel has of us at once, anyway. */
const DEPTH_MOST = 256;

export type CheckedReadable = Required<Omit<FileReadableOptions, 'signal' | 'class'>> & { signal: AbortSignal | undefined };

/** @throws TypeError, RangeError; the reason of a signal that is aborted already. */
export function checkReadable(options: FileReadableOptions, block: number): CheckedReadable {
  checkOptions('options', options);
  const { start = 0, end = Number.MAX_SAFE_INTEGER, chunk: wanted = CHUNK_DEFAULT, readAhead: ahead, signal } = options;
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

/** What `ahead` reads, until the consumer has had enough. Meanwhile `ahead` is one of `open`. */
export async function* chunksOf(ahead: ReadAhead, open: Set<ReadAhead>, signal: AbortSignal | undefined): AsyncGenerator<IoBuf, void, void> {
  signal?.throwIfAborted();
  const forget = signal === undefined ? undefined : onAbort(signal, (reason) => ahead.stop(reason));
  open.add(ahead);
  try {
    for (let data = await ahead.next(); data !== undefined; data = await ahead.next()) yield data;
  } finally {
    forget?.();
    open.delete(ahead);
    await ahead.end();
  }
}

export class ReadAhead {
  readonly #read: ReadChunk;
  readonly #chunk: number;
  readonly #block: number;
  readonly #depthMost: number;
  #position: number;
  #end: number;
  #depth: number;
  #readyInRow = 0;
  /** Begun, in order, without the one that is waited for. */
  readonly #chunks: Chunk[] = [];
  /** Abandoned, and in the kernel's hands. */
  readonly #leaving = new Set<Promise<void>>();
  #stopped: { readonly error: unknown } | undefined;

  constructor(read: ReadChunk, { start, end, chunk, readAhead }: CheckedReadable, block: number) {
    this.#read = read;
    this.#chunk = chunk;
    this.#block = block;
    this.#depthMost = Math.min(DEPTH_MOST, Math.floor(readAhead / chunk));
    this.#depth = Math.min(1, this.#depthMost);
    this.#position = start;
    this.#end = end;
  }

  /** The next bytes, or undefined where the file or the range ends. The caller waits for one before it asks for another. */
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

  /** Gives back what was read ahead. A next() that waits gets its bytes, later ones throw `error`. */
  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#abandonAll();
  }

  /** Nobody calls next() again. Resolves when everything has gone back. */
  async end(): Promise<void> {
    this.#abandonAll();
    await Promise.all(this.#leaving);
  }

  #adapt(front: Chunk): void {
    if (!front.ended) {
      this.#depth = Math.min(this.#depth * 2, this.#depthMost);
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

  /** The first chunk ends where the others can begin at a block. */
  #begin(urgent: boolean): Chunk | undefined {
    const position = this.#position;
    if (position >= this.#end) return undefined;
    const length = Math.min(this.#chunk - (position % this.#block), this.#end - position);
    this.#position += length;
    return this.#chunkAt(position, length, urgent);
  }

  #chunkAt(position: number, length: number, urgent: boolean): Chunk {
    const chunk: Chunk = { position, length, arrived: Promise.resolve(), ended: false, abandoned: false, data: undefined, failure: undefined };
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

  async #dataOf(front: Chunk): Promise<IoBuf> {
    await front.arrived;
    if (front.data !== undefined) return front.data;
    const { error } = front.failure!;
    if (!isShortage(error)) throw error;
    // There was no memory to read ahead; what is waited for is worth more.
    this.#depth = Math.min(1, this.#depthMost);
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
