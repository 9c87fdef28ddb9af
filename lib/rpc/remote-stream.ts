// The reader's end of an async generator that a method of another shard has answered with. It is pure: a StreamSource makes the calls.
import { onAbort } from '../base/abort.js';
import { Fifo } from '../base/fifo.js';
import { abortReason, isAborted } from '../base/signal-state.js';
import { releaseWithin } from './release-within.js';

/** Values that are under way or have arrived, before their reader asks for them: at most so many. */
const WINDOW = 8;

/** Answer to a request for the next value: the value, or a mark that there are no more. */
export type Step = readonly [done: boolean, value: unknown];

export interface StreamSource {
  /** Asks for the next value; the answers come in the order of the requests. */
  next(): Promise<Step>;
  /** Ends the generator; errors are ignored. */
  stop(reason: unknown): void;
}

type Result = IteratorResult<unknown, undefined>;

const END: Result = { done: true, value: undefined };

/** Reads ahead by up to 8 values from the first next() on. */
export class RemoteStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: StreamSource;
  readonly #signal: AbortSignal | undefined;
  readonly #forgetSignal: (() => void) | undefined;
  readonly #steps = new Fifo<Promise<Result>>();
  #ended = false;
  /** Values that arrive from now on have no reader. */
  #stopped = false;

  constructor(source: StreamSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    if (signal === undefined) return;
    const abort = (): void => this.#stop(abortReason(signal));
    if (isAborted(signal)) abort();
    else this.#forgetSignal = onAbort(signal, abort);
  }

  /** The next value. Fails with the error of the generator, the reason of the call's signal, or ERR_SHARD_GONE. */
  async next(): Promise<Result> {
    this.#throwIfAborted();
    while (!this.#ended && this.#steps.length < WINDOW) this.#ask();
    const result = await (this.#steps.shift() ?? END);
    this.#throwIfAborted();
    return result;
  }

  /** Ends the generator, without waiting for its clean-up. Values that are under way are released. */
  async return(): Promise<Result> {
    this.#stop(undefined);
    return END;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #throwIfAborted(): void {
    if (this.#stopped && this.#signal !== undefined && isAborted(this.#signal)) throw abortReason(this.#signal);
  }

  #ask(): void {
    const step = this.#source.next().then(
      (answer) => this.#arrived(answer),
      (error: unknown) => this.#failed(error),
    );
    // A reader that stops early leaves errors behind.
    step.catch(() => undefined);
    this.#steps.push(step);
  }

  #arrived([done, value]: Step): Result {
    if (this.#stopped) releaseWithin(value);
    else if (!done) return { done: false, value };
    this.#end();
    return END;
  }

  #failed(error: unknown): Result {
    this.#end();
    if (this.#stopped) return END;
    throw error;
  }

  #stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const wasEnded = this.#ended;
    this.#end();
    // Values that have arrived already have no reader either.
    for (const step of this.#steps.takeAll()) void step.then(({ value }: Result) => releaseWithin(value), () => undefined);
    if (!wasEnded) this.#source.stop(reason);
  }

  #end(): void {
    this.#ended = true;
    this.#forgetSignal?.();
  }
}
