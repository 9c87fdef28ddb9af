// Streams that read a chain. Who reads a stream may keep a chunk for ever and never says so: chunks are copies, each made when it
// is asked for. The stream has references of its own to the bytes and gives back what it has read, and the rest when it is
// destroyed or cancelled.
import { Readable } from 'node:stream';
import { checkInteger, checkOptions } from './checks.js';
import type { IoBuf } from './iobuf.js';
import { Pieces } from './iobuf-pieces.js';

const CHUNK = 64 * 1024;

export interface ReadableOptions {
  /** The length of chunks in bytes, and the stream's highWaterMark. Default 64 KiB. */
  chunk?: number;
}

/** See IoBuf.readable. */
export class IoBufReadable extends Readable {
  readonly #pieces: Pieces;

  constructor(chain: IoBuf, options: ReadableOptions = {}) {
    checkOptions('options', options);
    const { chunk = CHUNK } = options;
    checkInteger('options.chunk', chunk, 1);
    super({ highWaterMark: chunk });
    this.#pieces = new Pieces(chain.share(), chunk);
  }

  override _read(): void {
    this.push(this.#pieces.next()?.bytes ?? null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pieces.release();
    callback(error);
  }
}

/** See IoBuf.toWeb. */
export function webStreamOf(chain: IoBuf): ReadableStream<Uint8Array> {
  const pieces = new Pieces(chain.share(), CHUNK);
  const closeAtEnd = (controller: ReadableByteStreamController): void => {
    if (!pieces.empty) return;
    pieces.release();
    controller.close();
    controller.byobRequest?.respond(0); // A reader that waits hears of the end in this way.
  };
  const pull = (controller: ReadableByteStreamController): void => {
    const { byobRequest } = controller;
    if (byobRequest?.view) byobRequest.respond(pieces.copyTo(byobRequest.view as Uint8Array));
    else controller.enqueue(pieces.next()!.bytes);
    closeAtEnd(controller);
  };
  return new ReadableStream({ type: 'bytes', start: closeAtEnd, pull, cancel: () => pieces.release() }, { highWaterMark: 0 });
}
