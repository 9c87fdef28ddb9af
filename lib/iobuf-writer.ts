// From a chain to a stream, without flattening. What is under way holds references of its own to the bytes, hands them over piece
// by piece while the stream takes more, and gives each back when the stream is done with the piece. Streams that are prompt, and
// those of which the caller promises it, get the fragments as they lie; others get copies (prompt-streams.ts says why).
import { checkBoolean, checkOptions, checkSignal, invalidType } from './checks.js';
import { closed } from './errors.js';
import type { IoBuf } from './iobuf.js';
import { Pieces } from './iobuf-pieces.js';
import { isPrompt } from './prompt-streams.js';
import { writeToNode } from './stream-outlet.js';
import { viewMode } from './views.js';

/** So many bytes are copied at a time: a slow stream that gets copies makes us hold no more of them. */
const COPY_LENGTH = 64 * 1024;

export interface WriteOptions {
  /** Stops the handing over: the promise rejects with its reason. What the stream was given before, it still writes. */
  signal?: AbortSignal;
  /**
   * True is a promise that the stream is done with a chunk when it has called back or closed, and gets it the fragments as they
   * lie; false gets it copies. Default: true for sockets, file streams and http messages as Node makes them, false for others.
   */
  zeroCopy?: boolean;
}

export type AnyWritable = NodeJS.WritableStream | WritableStream<Uint8Array>;

/** See IoBuf.writeTo. */
export async function writeChain(chain: IoBuf, stream: AnyWritable, options: WriteOptions = {}): Promise<void> {
  checkOptions('options', options);
  const { signal, zeroCopy = isPrompt(stream) } = options;
  checkSignal('options.signal', signal);
  checkBoolean('options.zeroCopy', zeroCopy);
  const isWeb = stream instanceof WritableStream;
  if (!isWeb && !isNodeStream(stream)) throw invalidType('stream', 'a Writable or a WritableStream', stream);
  signal?.throwIfAborted();

  // Views that are copies need no owner: then they are better made one after the other.
  const pieces = new Pieces(chain.share(), COPY_LENGTH, zeroCopy && viewMode() !== 'copied');
  return isWeb ? writeToWeb(stream, pieces, signal) : writeToNode(stream, pieces, signal);
}

function isNodeStream(stream: unknown): boolean {
  const { write, on } = (stream ?? {}) as { write?: unknown; on?: unknown };
  return typeof write === 'function' && typeof on === 'function';
}

function writeToWeb(stream: WritableStream<Uint8Array>, pieces: Pieces, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let writer: WritableStreamDefaultWriter<Uint8Array>;
    const stop = (): void => {
      pieces.release();
      writer?.releaseLock();
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      reject(signal!.reason as Error);
      stop();
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      writer = stream.getWriter();
    } catch (error) {
      stop();
      throw error;
    }
    giveAll(writer, pieces).finally(stop).then(resolve, reject);
  });
}

/** A web stream has called back when the promise of the write has settled. */
async function giveAll(writer: WritableStreamDefaultWriter<Uint8Array>, pieces: Pieces): Promise<void> {
  let last: Promise<void> | undefined;
  for (;;) {
    await writer.ready; // Rejects when the stream has failed, and when an abort has released the lock.
    // Ready, with room for nothing: closed. Node 20's write() would take that for a bug of its own.
    if (writer.desiredSize === 0) throw closed('stream');
    const piece = pieces.next();
    if (piece === undefined) break;
    last = writer.write(piece.bytes).finally(() => piece.owner?.release());
    last.catch(() => undefined); // When it fails, so does the next wait.
  }
  await last;
}
