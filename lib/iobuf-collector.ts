// From anything that yields bytes, piece by piece, to a chain.
import { isAnyArrayBuffer } from 'node:util/types';
import { bytesOf, checkInteger, checkOptions, checkSignal, invalidRange, invalidType } from './checks.js';
import { IoBuf } from './iobuf.js';

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

export interface CollectOptions {
  /** Stops the collecting: the promise rejects with its reason at once, however long the source would take. */
  signal?: AbortSignal;
  /** In bytes; a source with more is a RangeError. Default: what memory allows. */
  limit?: number;
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** What there is to do with a source: ask for the next piece, or tell it that no more is wanted. */
interface Pieces {
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown>;
  /** After a piece. */
  end(): unknown;
  /** At any moment, also when a piece was asked for and has not come. */
  abandon(): unknown;
}

/** See IoBuf.collect. */
export async function collect(source: ByteSource, options: CollectOptions = {}): Promise<IoBuf> {
  checkOptions('options', options);
  const { signal, limit = Number.MAX_SAFE_INTEGER } = options;
  checkSignal('options.signal', signal);
  checkInteger('options.limit', limit);
  // Before the source is taken: a thread that can have no shard leaves it as it is.
  const collected = new IoBuf();
  try {
    return new Collector(collected, piecesOf(source), limit).run(signal);
  } catch (error) {
    collected.release();
    throw error;
  }
}

class Collector {
  readonly #pieces: Pieces;
  readonly #limit: number;
  readonly #collected: IoBuf;

  constructor(collected: IoBuf, pieces: Pieces, limit: number) {
    this.#collected = collected;
    this.#pieces = pieces;
    this.#limit = limit;
  }

  run(signal: AbortSignal | undefined): Promise<IoBuf> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(signal!.reason as Error);
        this.#collected.release();
        void quietly(() => this.#pieces.abandon());
      };
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      this.#gather()
        .finally(() => signal?.removeEventListener('abort', abort))
        .then(resolve, reject);
    });
  }

  /** What was released meanwhile was abandoned: nobody waits any more for what this returns. */
  async #gather(): Promise<IoBuf> {
    try {
      for (;;) {
        const next = await this.#pieces.next();
        if (next.done === true || this.#collected.released) return this.#collected;
        await this.#add(next.value);
      }
    } catch (error) {
      this.#collected.release();
      throw error;
    }
  }

  async #add(piece: unknown): Promise<void> {
    try {
      const bytes = bytesOfPiece(piece);
      const available = this.#limit - this.#collected.length;
      if (bytes.byteLength > available) throw invalidRange('the length of the source', `at most ${this.#limit}`, 'more');
      this.#collected.append(bytes);
    } catch (error) {
      // As `for await` does: the source has ended before anybody hears why, and what it says then is not why.
      await quietly(() => this.#pieces.end());
      throw error;
    }
  }
}

/** Text has lost what its decoder could not read, and nobody has said how to encode it: bytes only. */
function bytesOfPiece(piece: unknown): Uint8Array {
  if (!ArrayBuffer.isView(piece) && !isAnyArrayBuffer(piece)) throw invalidType('a piece of the source', 'bytes', piece);
  return bytesOf('a piece of the source', piece);
}

async function quietly(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch {
    // The error that ended the collecting is the one that is told.
  }
}

function piecesOf(source: unknown): Pieces {
  if (source instanceof ReadableStream) return piecesOfWeb(source as ReadableStream<unknown>);
  if (typeof source === 'object' && source !== null) {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = source as { [at: symbol]: unknown };
    const iterate = async ?? sync;
    if (typeof iterate === 'function') return piecesOfIterator(source, (iterate as () => AnyIterator).call(source));
  }
  throw invalidType('source', 'an iterable of bytes or a ReadableStream', source);
}

function piecesOfIterator(source: object, iterator: AnyIterator): Pieces {
  const end = (): unknown => iterator.return?.();
  // A generator that waits hears return() when it has stopped waiting. A Node stream can be told at once.
  const { destroy } = source as { destroy?: unknown };
  const abandon = typeof destroy === 'function' ? (): unknown => (destroy.call(source), end()) : end;
  return { next: () => iterator.next(), end, abandon };
}

function piecesOfWeb(source: ReadableStream<unknown>): Pieces {
  const reader = source.getReader();
  const end = async (): Promise<void> => {
    const cancelled = reader.cancel();
    reader.releaseLock();
    await cancelled;
  };
  const next = async (): Promise<IteratorResult<unknown>> => {
    let done = true;
    try {
      const read = await reader.read();
      done = read.done;
      return read as IteratorResult<unknown>;
    } finally {
      if (done) reader.releaseLock(); // Or it has failed.
    }
  };
  return { next, end, abandon: end };
}
