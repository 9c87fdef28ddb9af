// An appender as a stream of Node.
import { Writable } from 'node:stream';
import type { SegmentAppender } from './segment-appender.js';

type Callback = (error?: Error | null) => void;

/** See SegmentAppender.writable. */
export class AppenderWritable extends Writable {
  readonly #appender: SegmentAppender;

  constructor(appender: SegmentAppender) {
    super();
    this.#appender = appender;
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    settle(this.#appender.append(chunk), callback);
  }

  /** All that was written while an append waited; the appends keep their order. */
  override _writev(chunks: { chunk: unknown }[], callback: Callback): void {
    settle(Promise.all(chunks.map(({ chunk }) => this.#appender.append(chunk as Buffer))), callback);
  }

  override _final(callback: Callback): void {
    settle(this.#appender.flush(), callback);
  }
}

function settle(work: Promise<unknown>, callback: Callback): void {
  work.then(
    () => callback(),
    (error: unknown) => callback(error as Error),
  );
}
