// A Writable whose bytes arrive as chains.
import { Writable } from 'node:stream';
import { checkFunction, checkInteger, checkOptions, checkSignal } from './checks.js';
import { IoBuf } from './iobuf.js';

export type ChainHandler = (chain: IoBuf) => void | Promise<void>;

export interface SinkOptions {
  /** Bytes that may wait while the handler is busy, before writers are told to. Default: Node's for streams. */
  highWaterMark?: number;
  /** Destroys the stream. */
  signal?: AbortSignal;
}

type Callback = (error?: Error | null) => void;

/** See IoBuf.sink. */
export class IoBufSink extends Writable {
  readonly #onData: ChainHandler;

  constructor(onData: ChainHandler, options: SinkOptions = {}) {
    checkFunction('onData', onData);
    checkOptions('options', options);
    const { highWaterMark, signal } = options;
    if (highWaterMark !== undefined) checkInteger('options.highWaterMark', highWaterMark);
    checkSignal('options.signal', signal);
    super({ ...(highWaterMark !== undefined && { highWaterMark }), ...(signal && { signal }) });
    this.#onData = onData;
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    void this.#deliver([chunk], callback);
  }

  /** What came while the handler was busy goes to it as one chain. */
  override _writev(chunks: { chunk: unknown }[], callback: Callback): void {
    void this.#deliver(chunks.map(({ chunk }) => chunk as Buffer), callback);
  }

  async #deliver(chunks: readonly Buffer[], callback: Callback): Promise<void> {
    let chain: IoBuf | undefined;
    try {
      chain = new IoBuf();
      for (const chunk of chunks) chain.append(chunk);
      await this.#onData(chain);
    } catch (error) {
      chain?.release();
      return callback(error instanceof Error ? error : new Error('the handler of an IoBuf.sink has failed', { cause: error }));
    }
    callback();
  }
}
