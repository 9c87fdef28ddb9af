// Streams that read a chain. Consumers of a stream may keep a chunk for ever, so each chunk is a copy, made when it is read. The stream has
// references of its own to the bytes. It releases each part once it is read, and the rest when it is destroyed or cancelled.
import { Readable } from 'node:stream';
import { checkInteger, checkNames, checkOptions } from '../base/arguments.js';
import { assert } from '../base/assert.js';
import { Pieces } from './pieces.js';
import type { ByteChain } from './pieces.js';

const CHUNK = 64 * 1024;

/** Options of IoBuf.readable() and IoBuf.toWeb(). */
export interface ReadableOptions {
  /** Most bytes of one chunk, at least 1, and the stream's highWaterMark. Default 64 KiB. */
  chunk?: number;
}

/** The stream that IoBuf.readable() returns. */
export class IoBufReadable extends Readable {
  readonly #pieces: Pieces;

  /** `share` gives the chain of its bytes, which it releases. */
  constructor(share: () => ByteChain, options: ReadableOptions = {}) {
    checkOptions('options', options);
    checkNames('options', options, ['chunk']);
    const { chunk = CHUNK } = options;
    checkInteger('options.chunk', chunk, 1);
    super({ highWaterMark: chunk });
    this.#pieces = new Pieces(share(), chunk);
  }

  override _read(): void {
    this.push(this.#pieces.copy() ?? null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pieces.release();
    callback(error);
  }
}

/** Creates the stream that IoBuf.toWeb() returns. It releases `chain`. */
export function webStreamOf(chain: ByteChain): ReadableStream<Uint8Array> {
  const pieces = new Pieces(chain, CHUNK);
  const closeAtEnd = (controller: ReadableByteStreamController): void => {
    if (!pieces.empty) return;
    pieces.release();
    controller.close();
    controller.byobRequest?.respond(0); // This resolves a BYOB read that is pending.
  };
  const pull = (controller: ReadableByteStreamController): void => {
    const { byobRequest } = controller;
    if (byobRequest?.view) byobRequest.respond(pieces.copyTo(byobRequest.view as Uint8Array));
    else {
      const bytes = pieces.copy();
      assert(bytes !== undefined, 'a stream that has ended is asked for nothing');
      controller.enqueue(bytes);
    }
    closeAtEnd(controller);
  };
  return new ReadableStream({ type: 'bytes', start: closeAtEnd, pull, cancel: () => pieces.release() }, { highWaterMark: 0 });
}
