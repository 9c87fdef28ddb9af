// Async generators that methods of this shard have answered with. The caller asks for one value after the other (remote-stream.ts). A stream
// ends when its generator does, when the caller returns it or aborts its call, and when the caller's shard ends.
import { types } from 'node:util';
import { releaseWithin } from './release-within.js';
import type { Step } from './remote-stream.js';
import { state } from './state.js';

/** Stands for a generator in an encoded result. */
export class StreamReference {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}

const DONE: Step = [true, undefined];

export class ServedStream {
  /** Number of the shard that reads the stream. */
  readonly reader: number;
  readonly #generator: AsyncIterator<unknown>;
  /** Belongs to the signal that the method was called with, if there is one. */
  readonly #controller: AbortController | undefined;
  readonly #onEnd: () => void;
  #ended = false;
  /** Answers the requests that wait for a value, when the stream is stopped. */
  #answerWaiting!: (step: Step) => void;
  readonly #stopped = new Promise<Step>((resolve) => (this.#answerWaiting = resolve));

  constructor(generator: AsyncIterator<unknown>, reader: number, controller: AbortController | undefined, onEnd: () => void) {
    this.#generator = generator;
    this.reader = reader;
    this.#controller = controller;
    this.#onEnd = onEnd;
  }

  async next(): Promise<Step> {
    if (this.#ended) return DONE;
    return Promise.race([this.#step(), this.#stopped]);
  }

  async #step(): Promise<Step> {
    try {
      const { done = false, value } = (await this.#generator.next()) as { done?: boolean; value: unknown };
      if (done) this.#end();
      if (done || !this.#ended) return done ? DONE : [false, value];
      releaseWithin(value);
    } catch (error) {
      this.#end();
      throw error;
    }
    return DONE;
  }

  /**
   * Ends the generator early, and aborts the signal that its method was called with: it may wait for that. Values that it still yields are
   * released, and errors of its clean-up have no reader.
   */
  stop(reason: unknown): void {
    if (this.#ended) return;
    this.#end();
    this.#answerWaiting(DONE);
    this.#controller?.abort(reason);
    this.#generator.return?.().catch(() => undefined);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}

/**
 * True for the object that a call of an `async function*` returns. The tag of a result is not asked for: the tag of a chain is a checksum of
 * its bytes, which would be read in every answer.
 */
export function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  return typeof value === 'object' && types.isGeneratorObject(value) && Symbol.asyncIterator in value;
}

/** Keeps the generator for the shard that reads it, until it ends. `controller` is that of the call's signal. */
export function openStream(generator: AsyncIterator<unknown>, reader: number, controller: AbortController | undefined): StreamReference {
  const number = ++state.lastStream;
  const stream = new ServedStream(generator, reader, controller, () => state.servedStreams.delete(number));
  state.servedStreams.set(number, stream);
  // The caller gave the call up before it could know of the stream.
  if (controller?.signal.aborted === true) stream.stop(controller.signal.reason);
  return new StreamReference(number);
}

/** The next value of that stream; a stream that has ended has no more. */
export async function nextOfStream(number: number, reader: number): Promise<Step> {
  const stream = state.servedStreams.get(number);
  return stream?.reader === reader ? stream.next() : DONE;
}

export function stopStream(number: number, reader: number, reason: unknown): void {
  const stream = state.servedStreams.get(number);
  if (stream?.reader === reader) stream.stop(reason);
}

/** Call this when that shard has ended. */
export function stopStreamsOf(reader: number): void {
  for (const stream of state.servedStreams.values()) if (stream.reader === reader) stream.stop(undefined);
}
