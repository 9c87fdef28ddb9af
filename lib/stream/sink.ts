// A Writable that passes the bytes on to a handler as chains.
import { Writable } from 'node:stream';
import { checkFunction, checkInteger, checkNames, checkOptions, checkSignal } from '../base/arguments.js';
import { onAbort } from '../base/abort.js';
import { withCode } from '../base/error-code.js';
import type { ByteChain } from './pieces.js';

/** Receives a chain, which it must release. */
export type Handler<C extends ByteChain> = (chain: C) => void | Promise<void>;

/** Options of IoBuf.sink(). */
export interface SinkOptions {
  /** Number of bytes that may wait for the handler before write() returns false. Default: Node's default for streams. */
  highWaterMark?: number;
  /** Destroys the stream with an AbortError whose cause is the signal's reason. */
  signal?: AbortSignal;
}

/** An error like that of Node's own streams when their signal is aborted. */
function abortError(reason: unknown): Error {
  const error = withCode(new Error('The operation was aborted', { cause: reason }), 'ABORT_ERR');
  error.name = 'AbortError';
  return error;
}

type Callback = (error?: Error | null) => void;

/** The stream that IoBuf.sink() returns. */
export class ChainSink<C extends ByteChain> extends Writable {
  readonly #makeChain: () => C;
  readonly #onData: Handler<C>;
  #forgetSignal: (() => void) | undefined;

  constructor(makeChain: () => C, onData: Handler<C>, options: SinkOptions = {}) {
    checkFunction('onData', onData);
    checkOptions('options', options);
    checkNames('options', options, ['highWaterMark', 'signal']);
    const { highWaterMark, signal } = options;
    if (highWaterMark !== undefined) checkInteger('options.highWaterMark', highWaterMark);
    checkSignal('options.signal', signal);
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#makeChain = makeChain;
    this.#onData = onData;
    if (signal?.aborted === true) this.destroy(abortError(signal.reason));
    else if (signal !== undefined) this.#forgetSignal = onAbort(signal, (reason) => void this.destroy(abortError(reason)));
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#forgetSignal?.();
    callback(error);
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    void this.#deliver([chunk], callback);
  }

  /** Node calls this with all chunks that arrived while the handler was busy. They become one chain. */
  override _writev(chunks: { chunk: unknown }[], callback: Callback): void {
    void this.#deliver(chunks.map(({ chunk }) => chunk as Buffer), callback);
  }

  async #deliver(chunks: readonly Buffer[], callback: Callback): Promise<void> {
    let chain: C | undefined;
    try {
      chain = this.#makeChain();
      for (const chunk of chunks) chain.append(chunk);
      await this.#onData(chain);
    } catch (error) {
      chain?.release();
      return callback(error instanceof Error ? error : new Error('the handler of an IoBuf.sink has failed', { cause: error }));
    }
    callback();
  }
}
