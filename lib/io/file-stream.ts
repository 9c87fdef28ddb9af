// The bytes of a file as streams of Node and of the web. Consumers of a stream may keep its bytes for ever, so each chunk is copied out of slab
// memory, and released as soon as it is copied.
import { Readable } from 'node:stream';
import type { UnderlyingByteSource } from 'node:stream/web';
import type { IoBuf } from '../iobuf/iobuf.js';

type Chunks = AsyncIterator<IoBuf, void, void>;
type Callback = (error?: Error | null) => void;

/** The stream that DmaFile.stream() returns. */
export class FileReadable extends Readable {
  readonly #chunks: Chunks;

  constructor(chunks: Chunks, highWaterMark: number) {
    super({ highWaterMark });
    this.#chunks = chunks;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => this.push(bytes),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  /** Calls back when all bytes that were read ahead have been released. */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#chunks.return!().then(
      () => callback(error),
      (failure: unknown) => callback(error ?? (failure as Error)),
    );
  }

  async #next(): Promise<Buffer | null> {
    const { value } = await this.#chunks.next();
    return value === undefined ? null : copyOf(value);
  }
}

/** Creates the stream that DmaFile.toWeb() returns. */
export function webStreamOf(chunks: Chunks): ReadableStream<Uint8Array> {
  return new ReadableStream(new WebSource(chunks), { highWaterMark: 0 });
}

class WebSource implements UnderlyingByteSource {
  readonly type = 'bytes';
  readonly #chunks: Chunks;
  /** The rest of a chunk that was longer than the buffer of a BYOB reader. */
  #rest: IoBuf | undefined;

  constructor(chunks: Chunks) {
    this.#chunks = chunks;
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const chunk = this.#rest ?? (await this.#chunks.next()).value ?? undefined;
    this.#rest = undefined;
    const { byobRequest } = controller;
    if (chunk === undefined) {
      controller.close();
      // This resolves a BYOB read that is pending.
      byobRequest?.respond(0);
    } else if (byobRequest?.view) byobRequest.respond(this.#copyTo(byobRequest.view as Uint8Array, chunk));
    else controller.enqueue(copyOf(chunk));
  }

  async cancel(): Promise<void> {
    this.#rest?.release();
    this.#rest = undefined;
    await this.#chunks.return!();
  }

  #copyTo(view: Uint8Array, chunk: IoBuf): number {
    const length = chunk.copyTo(view);
    chunk.trimFront(length);
    if (chunk.length > 0) this.#rest = chunk;
    else chunk.release();
    return length;
  }
}

/** A copy in JavaScript's memory, with an ArrayBuffer of its own. Releases the chunk. */
function copyOf(chunk: IoBuf): Buffer {
  try {
    return chunk.toBuffer();
  } finally {
    chunk.release();
  }
}
