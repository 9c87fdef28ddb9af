// Writes a chain to a stream. Each call holds references of its own to the bytes, writes while the stream has room, and releases them when
// the stream is done with them. Prompt streams, and streams for which the caller sets `zeroCopy`, get views of the fragments; other streams
// get copies (zero-copy-streams.ts says why).
import { checkBoolean, checkNames, checkOptions, checkSignal, invalidType } from '../base/arguments.js';
import { onAbort } from '../base/abort.js';
import { closed } from '../base/errors.js';
import { Pieces } from './pieces.js';
import type { ByteChain } from './pieces.js';
import { isPrompt } from './zero-copy-streams.js';
import { writeToNode } from './node-writer.js';
import { viewMode } from '../shard/view-mode.js';

/** Most bytes of one copy, so that a slow stream holds few copies. */
const COPY_LENGTH = 64 * 1024;
/** Bytes that a prompt stream is given at once. A slow one holds at most that many and one fragment more. */
const BATCH_LENGTH = 256 * 1024;
/** Number of parameters of a write() that takes a callback. */
const WRITE_PARAMETERS = 3;

/** Options of IoBuf.writeTo(). */
export interface WriteOptions {
  /** Stops the writing: the promise rejects with the signal's reason. The stream still writes the bytes that it has received before. */
  signal?: AbortSignal;
  /**
   * With true, the stream gets views of the fragments; the caller promises that the stream does not use a chunk after it has called back or
   * closed. With false, it gets copies. Default: true for sockets, file streams and http messages as Node makes them, false for others.
   */
  zeroCopy?: boolean;
}

/** A writable stream of Node or of the web. */
export type AnyWritable = NodeJS.WritableStream | WritableStream<Uint8Array>;

/** Implements IoBuf.writeTo(), which documents it. `share` gives a share of the chain. */
export async function writeChain(share: () => ByteChain, stream: AnyWritable, options: WriteOptions = {}): Promise<void> {
  checkOptions('options', options);
  checkNames('options', options, ['signal', 'zeroCopy']);
  const prompt = isPrompt(stream);
  const { signal, zeroCopy = prompt } = options;
  checkSignal('options.signal', signal);
  checkBoolean('options.zeroCopy', zeroCopy);
  const isWeb = stream instanceof WritableStream;
  if (!isWeb && !isNodeStream(stream)) throw invalidType('stream', 'a Writable or a WritableStream', stream);
  signal?.throwIfAborted();

  // Where views are copies, all of them would be made at once; copies of COPY_LENGTH are made one after the other.
  const pieces = new Pieces(share(), COPY_LENGTH, zeroCopy && viewMode() !== 'copied');
  if (isWeb) return writeToWeb(stream, pieces, signal);
  return writeToNode(stream, pieces, signal, { batch: prompt ? BATCH_LENGTH : 1, silent: stream.write.length < WRITE_PARAMETERS });
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
      forget?.();
    };
    const abort = (reason: unknown): void => {
      reject(reason);
      stop();
    };
    const forget = signal === undefined ? undefined : onAbort(signal, abort);
    try {
      writer = stream.getWriter();
    } catch (error) {
      stop();
      throw error;
    }
    giveAll(writer, pieces).finally(stop).then(resolve, reject);
  });
}

/** Writes all pieces. Releases each when the promise of its write has settled. */
async function giveAll(writer: WritableStreamDefaultWriter<Uint8Array>, pieces: Pieces): Promise<void> {
  let last: Promise<void> | undefined;
  for (;;) {
    await writer.ready; // Rejects when the stream has failed, and when an abort has released the lock.
    // `ready` has resolved and there is no room, so the stream is closed. write() of Node 20 would throw an internal error for it.
    if (writer.desiredSize === 0) throw closed('stream');
    const batch = pieces.batch();
    if (batch === undefined) break;
    const [piece] = batch.pieces as [Buffer];
    last = writer.write(piece).finally(() => batch.owner?.release());
    last.catch(() => undefined); // When this write fails, the next `await` throws its error.
  }
  await last;
}
