// Collects the bytes of a source, such as a stream, into one chain. It copies each piece once; a piece that is a chain is moved.
import { isAnyArrayBuffer } from 'node:util/types';
import { checkInteger, checkNames, checkOptions, checkSignal, invalidRange, invalidType } from '../base/arguments.js';
import { bytesOf, realLength } from '../base/bytes.js';
import { untilAborted } from '../base/abort.js';
import type { ByteChain } from './pieces.js';

/** Options of IoBuf.collect(). */
export interface CollectOptions {
  /** Stops the collecting: the promise rejects at once with the signal's reason, even while the source is waited for. */
  signal?: AbortSignal;
  /** Most bytes that the source may have; more are a RangeError. Default: no limit but the budget of the shard. */
  limit?: number;
}

/** A chain that can take the bytes of another one. */
interface TakingChain extends ByteChain {
  take(source: this): unknown;
}

/** What is known of the chains of the layer above. */
interface Chains<C> {
  make(): C;
  /** Runs no code of the user. */
  isChain(piece: unknown): piece is C;
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** A source of bytes, as the collector reads it. */
interface Pieces {
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown>;
  /** Ends the source. Must not be called while a next() is pending. */
  end(): unknown;
  /** Ends the source, also while a next() is pending. */
  abandon(): unknown;
}

/** Implements IoBuf.collect(), which documents it. */
export async function collect<C extends TakingChain>(chains: Chains<C>, source: unknown, options: CollectOptions = {}): Promise<C> {
  checkOptions('options', options);
  checkNames('options', options, ['signal', 'limit']);
  const { signal, limit = Number.MAX_SAFE_INTEGER } = options;
  checkSignal('options.signal', signal);
  checkInteger('options.limit', limit);
  // The chain comes first: when this thread cannot get a shard, the source stays untouched.
  const collected = chains.make();
  try {
    return new Collector(chains, collected, piecesOf(source), limit).run(signal);
  } catch (error) {
    collected.release();
    throw error;
  }
}

/** One run of collect(). */
class Collector<C extends TakingChain> {
  readonly #chains: Chains<C>;
  readonly #pieces: Pieces;
  readonly #limit: number;
  readonly #collected: C;

  constructor(chains: Chains<C>, collected: C, pieces: Pieces, limit: number) {
    this.#chains = chains;
    this.#collected = collected;
    this.#pieces = pieces;
    this.#limit = limit;
  }

  run(signal: AbortSignal | undefined): Promise<C> {
    const abandon = (): void => {
      this.#collected.release();
      void quietly(() => this.#pieces.abandon());
    };
    if (signal?.aborted !== true) return untilAborted(this.#gather(), signal, abandon);
    abandon();
    return Promise.reject(signal.reason as Error);
  }

  /** Reads the source to its end. Stops early when the chain has been released, which run() does when the signal is aborted. */
  async #gather(): Promise<C> {
    try {
      for (;;) {
        const next = await this.#pieces.next();
        if (next.done === true) return this.#collected;
        if (this.#collected.released) return this.#giveUp(next.value);
        await this.#add(next.value);
      }
    } catch (error) {
      this.#collected.release();
      throw error;
    }
  }

  /** The signal was aborted while this piece was waited for. */
  #giveUp(piece: unknown): C {
    if (this.#chains.isChain(piece)) piece.release();
    return this.#collected;
  }

  async #add(piece: unknown): Promise<void> {
    try {
      if (this.#chains.isChain(piece)) return this.#take(piece);
      const bytes = bytesOfPiece(piece);
      this.#checkRoom(realLength(bytes, 'a piece of the source'));
      this.#collected.append(bytes);
    } catch (error) {
      // As `for await` does: the source ends first, and its errors while it ends are ignored.
      await quietly(() => this.#pieces.end());
      throw error;
    }
  }

  #take(piece: C): void {
    try {
      this.#checkRoom(piece.length);
      this.#collected.take(piece);
    } catch (error) {
      piece.release();
      throw error;
    }
  }

  #checkRoom(length: number): void {
    if (length > this.#limit - this.#collected.length) throw invalidRange('the length of the source', `at most ${this.#limit}`, 'more');
  }
}

/** The bytes of a piece. Strings are refused: their encoding is not known, and a decoder may have replaced bytes that it could not read. */
function bytesOfPiece(piece: unknown): Uint8Array {
  if (!ArrayBuffer.isView(piece) && !isAnyArrayBuffer(piece)) throw invalidType('a piece of the source', 'bytes or an IoBuf', piece);
  return bytesOf('a piece of the source', piece);
}

/** Runs `run` and ignores its error. */
async function quietly(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch {
    // The promise rejects with the error that ended the collecting, not with this one.
  }
}

function piecesOf(source: unknown): Pieces {
  if (source instanceof ReadableStream) return piecesOfWeb(source as ReadableStream<unknown>);
  if (typeof source === 'object' && source !== null) {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = source as { [at: symbol]: unknown };
    const iterate = async ?? sync;
    if (typeof iterate === 'function') return piecesOfIterator(source, (iterate as () => AnyIterator).call(source));
  }
  throw invalidType('source', 'an iterable of bytes or of IoBufs, or a ReadableStream', source);
}

function piecesOfIterator(source: object, iterator: AnyIterator): Pieces {
  const end = (): unknown => iterator.return?.();
  // A generator that waits runs return() only when it has stopped waiting. A Node stream is destroyed at once.
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
      if (done) reader.releaseLock(); // `done` is also true when read() has failed.
    }
  };
  return { next, end, abandon: end };
}
