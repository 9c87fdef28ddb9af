// What is being written from chains to one Node stream. All of it shares one order and one set of listeners, so that calls need
// not wait for each other, and a stream with a thousand of them has as many listeners as with one.
import { finished, Writable } from 'node:stream';
import { closed } from './errors.js';
import type { Piece, Pieces } from './iobuf-pieces.js';

/** A Writable, or an older kind of stream, which may lack what is optional here. */
type NodeStream = NodeJS.WritableStream &
  Partial<Pick<Writable, 'destroyed' | 'writableEnded' | 'writableNeedDrain' | 'errored'>>;

/** One chain on its way. It settles once; the stream may be busy with what it was given for longer. */
class Writing {
  readonly pieces: Pieces;
  /** What the stream has been given and is not done with. */
  readonly given = new Set<Piece>();
  handedOver = false;
  settled = false;
  readonly #settle: (error?: Error) => void;

  constructor(pieces: Pieces, settle: (error?: Error) => void) {
    this.pieces = pieces;
    this.#settle = settle;
  }

  /** The first time counts. With an error, what has not been handed over will not be. */
  settle(error?: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.pieces.release();
    this.#settle(error as Error | undefined);
  }

  giveBack(piece: Piece): boolean {
    piece.owner?.release();
    return this.given.delete(piece);
  }
}

class StreamOutlet {
  readonly #stream: NodeStream;
  /** Not handed over yet, in order: the first is being handed over. */
  readonly #queue: Writing[] = [];
  /** Not settled, or with something given. */
  readonly #underWay = new Set<Writing>();
  #handingOver = false;
  #stopListening: (() => void) | undefined;

  constructor(stream: NodeStream) {
    this.#stream = stream;
  }

  add(writing: Writing): void {
    const refusal = refusalOf(this.#stream);
    if (refusal !== undefined) return writing.settle(refusal);
    this.#underWay.add(writing);
    this.#queue.push(writing);
    this.#listen();
    this.#handOver();
  }

  /** The stream lives on, and does what it was told before. */
  abort(writing: Writing, reason: unknown): void {
    writing.settle(reason);
    this.#leaveQueue(writing);
    this.#forgetIfDone(writing);
  }

  /** As much as the stream takes, in one go: what is corked it may write with one call to the kernel. */
  readonly #handOver = (): void => {
    const stream = this.#stream;
    if (this.#handingOver || this.#queue.length === 0) return;
    const refusal = refusalOf(stream);
    if (refusal !== undefined) return this.#failAll(refusal);
    this.#handingOver = true;
    // Not http messages, which are none: those of Node 22 forget what they owe us after a write that they took while corked.
    const corked = stream instanceof Writable ? stream : undefined;
    corked?.cork();
    try {
      let more = stream.writableNeedDrain !== true;
      while (more && this.#queue.length > 0 && stream.destroyed !== true) more = this.#give(this.#queue[0]!);
    } finally {
      this.#handingOver = false;
      corked?.uncork();
    }
  };

  /** The next piece of the first writing; true when the stream takes more. What write() does may come back to us in any way. */
  #give(writing: Writing): boolean {
    try {
      const piece = writing.pieces.next();
      const more = piece === undefined || this.#write(writing, piece);
      if (writing.pieces.empty) {
        writing.handedOver = true;
        this.#leaveQueue(writing);
        this.#forgetIfDone(writing);
      }
      return more;
    } catch (error) {
      // A piece that was refused in this way, the stream may have kept all the same: it comes back when the stream closes.
      writing.settle(error);
      this.#leaveQueue(writing);
      this.#forgetIfDone(writing);
      return true;
    }
  }

  #write(writing: Writing, piece: Piece): boolean {
    writing.given.add(piece);
    // Older streams say nothing where they take more.
    const answer: boolean | undefined = this.#stream.write(piece.bytes, (error) => {
      if (!writing.giveBack(piece)) return;
      if (error) this.#die(error);
      this.#forgetIfDone(writing);
    });
    return answer !== false;
  }

  #leaveQueue(writing: Writing): void {
    const at = this.#queue.indexOf(writing);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #forgetIfDone(writing: Writing): void {
    if (writing.given.size > 0) return;
    if (writing.handedOver) writing.settle();
    if (writing.settled) this.#underWay.delete(writing);
    if (this.#underWay.size === 0) this.#stopListening?.();
  }

  #failAll(error: unknown): void {
    for (const writing of this.#queue.splice(0)) writing.settle(error);
    for (const writing of this.#underWay) {
      writing.settle(error);
      this.#forgetIfDone(writing);
    }
  }

  /** The stream has failed. Like finished(), we go on listening: an error that it tells later must not be an uncaught one. */
  #die(error: unknown): void {
    this.#stopListening = undefined;
    this.#failAll(error);
  }

  /** Somebody has ended the stream; then all that it was given is written, even if it has called nobody back. */
  #ended(): void {
    for (const writing of this.#queue.splice(0)) writing.settle(closed('stream'));
    for (const writing of this.#underWay) writing.settle();
  }

  /** A stream that has closed is done with everything. */
  readonly #closed = (): void => {
    for (const writing of [...this.#underWay]) {
      for (const piece of writing.given) writing.giveBack(piece);
      writing.settle(closed('stream'));
      this.#forgetIfDone(writing);
    }
  };

  #listen(): void {
    if (this.#stopListening !== undefined) return;
    const stream = this.#stream;
    const forgetEnd = finished(stream, { readable: false }, (error) => (error ? this.#die(error) : this.#ended()));
    stream.on('drain', this.#handOver).on('close', this.#closed);
    this.#stopListening = () => {
      this.#stopListening = undefined;
      forgetEnd();
      stream.off('drain', this.#handOver).off('close', this.#closed);
    };
  }
}

const outlets = new WeakMap<NodeStream, StreamOutlet>();

/** Resolves when the stream has called back for all pieces; rejects when it has failed, closed or been ended before. */
export function writeToNode(stream: NodeStream, pieces: Pieces, signal: AbortSignal | undefined): Promise<void> {
  let outlet = outlets.get(stream);
  if (outlet === undefined) outlets.set(stream, (outlet = new StreamOutlet(stream)));
  return new Promise((resolve, reject) => {
    const abort = (): void => outlet.abort(writing, signal!.reason);
    const writing = new Writing(pieces, (error) => {
      signal?.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    });
    signal?.addEventListener('abort', abort, { once: true });
    outlet.add(writing);
  });
}

/** Why the stream takes nothing more, or undefined. */
function refusalOf(stream: NodeStream): unknown {
  const takes = stream.writable !== false && stream.destroyed !== true && stream.writableEnded !== true;
  return takes ? undefined : (stream.errored ?? closed('stream'));
}
