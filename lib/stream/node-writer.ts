// Writes chains to one Node stream. All chains for a stream go through its outlet, which keeps their order.
//
// A stream that takes all bytes at once, as a socket mostly does, needs no listener, because its callbacks report the result. The outlet adds
// one set of listeners while any chain waits, however many do.
import { Writable } from 'node:stream';
import { onAbort } from '../base/abort.js';
import { withCode } from '../base/error-code.js';
import { closed } from '../base/errors.js';
import type { Batch, Pieces } from './pieces.js';
import { state } from './state.js';
import { Writing } from './writing.js';
import type { Manner } from './writing.js';

/** A Writable, or a stream of an older kind, which may lack the properties that are optional here. */
export type NodeStream = NodeJS.WritableStream &
  Partial<Pick<Writable, 'destroyed' | 'errored' | 'writableEnded' | 'writableFinished' | 'writableLength' | 'writableNeedDrain'>>;

/** Most bytes that are written to one stream before other work of the thread goes on, when the stream takes all of them at once. */
const IN_A_ROW_MAX = 2 ** 20;

const ignore = (): void => undefined;

export class StreamOutlet {
  readonly #stream: NodeStream;
  /** The stream, when it can be corked; undefined for an http message, because that of Node 22 loses callbacks of writes while it is corked. */
  readonly #corkable: Writable | undefined;
  /** Writings whose bytes have not all been written to the stream, in order. Only the first is being written. */
  readonly #queue: Writing[] = [];
  /** Writings that have not settled, or have bytes that the stream has received and is not done with. */
  readonly #underWay = new Set<Writing>();
  #handingOver = false;
  /** A write() has returned false, and no 'drain' has come since. For a Writable, writableNeedDrain says it. */
  #answeredFalse = false;
  #listening = false;
  #listensForDrain = false;
  #ignoresErrors = false;

  constructor(stream: NodeStream) {
    this.#stream = stream;
    this.#corkable = stream instanceof Writable ? stream : undefined;
  }

  add(writing: Writing): void {
    const refusal = refusalOf(this.#stream);
    if (refusal !== undefined) return writing.settle(refusal);
    this.#underWay.add(writing);
    this.#queue.push(writing);
    // Streams of other kinds may emit 'close' or 'error' while they are written to.
    if (this.#corkable === undefined) this.#listen();
    this.#handOver();
    if (!this.#hasTakenAll()) this.#listen();
  }

  /** Stops one writing. The stream stays open and writes the bytes that it has received. */
  abort(writing: Writing, reason: unknown): void {
    writing.settle(reason);
    this.#leaveQueue(writing);
    this.#forgetIfDone(writing);
  }

  #handOver(): void {
    if (this.#handingOver || this.#queue.length === 0) return;
    const refusal = refusalOf(this.#stream);
    if (refusal !== undefined) return this.#failAll(refusal);
    this.#handingOver = true;
    try {
      let given = 0;
      while (this.#queue.length > 0 && this.#takesMore(given)) given += this.#giveCorked();
    } finally {
      this.#handingOver = false;
    }
  }

  /** Returns true when the stream has room. One that gets batches has room as soon as it holds no bytes, which is before it emits 'drain'. */
  #takesMore(given: number): boolean {
    if (this.#stream.destroyed === true) return false;
    if (!this.#full) return true;
    return this.#queue[0]!.manner.batch > 1 && this.#corkable?.writableLength === 0 && given < IN_A_ROW_MAX;
  }

  /**
   * True when the stream has asked to wait for 'drain'. A program may have replaced write() of an http message by one that returns false for
   * another stream behind it; its 'drain' arrives here only when on() was replaced as well.
   */
  get #full(): boolean {
    if (this.#corkable !== undefined) return this.#corkable.writableNeedDrain;
    const foreignAnswer = Object.hasOwn(this.#stream, 'write') && this.#stream.writableNeedDrain === false;
    return this.#answeredFalse && (!foreignAnswer || Object.hasOwn(this.#stream, 'on'));
  }

  /** Writes batches until the stream is full, and returns the number of bytes. While corked, the stream may write them with one system call. */
  #giveCorked(): number {
    let given = 0;
    this.#corkable?.cork();
    try {
      let more = true;
      for (let [writing] = this.#queue; more && writing !== undefined && this.#stream.destroyed !== true; [writing] = this.#queue) {
        const batch = this.#batchOf(writing);
        if (batch === undefined) continue;
        for (const piece of batch.pieces) given += piece.length;
        more = this.#give(writing, batch);
      }
    } finally {
      this.#corkable?.uncork();
    }
    return given;
  }

  /** The next batch of a writing. The writing leaves the queue with its last batch, or when no batch can be made. */
  #batchOf(writing: Writing): Batch | undefined {
    try {
      const batch = writing.pieces.batch(writing.manner.batch);
      if (batch !== undefined) writing.given.push(batch);
      writing.handedOver = writing.pieces.empty;
      if (writing.handedOver) this.#leaveQueue(writing);
      return batch;
    } catch (error) {
      this.abort(writing, error);
      return undefined;
    } finally {
      if (writing.handedOver) this.#forgetIfDone(writing);
    }
  }

  /** Writes a batch, and returns true when the stream takes more. write() may run code of the user, which may call this outlet. */
  #give(writing: Writing, batch: Batch): boolean {
    const last = batch.pieces.length - 1;
    try {
      let answer: unknown;
      batch.pieces.forEach((piece, at) => {
        answer = at < last ? this.#stream.write(piece) : this.#stream.write(piece, (error) => this.#wrote(writing, batch, error));
      });
      // Older streams return undefined when they take more.
      this.#answeredFalse = answer === false;
    } catch (error) {
      // The stream may have kept the pieces all the same, so they are released when it closes.
      this.abort(writing, error);
      return true;
    }
    if (writing.manner.silent && batch.owner === undefined) writing.giveBack(batch);
    this.#forgetIfDone(writing);
    return !this.#full;
  }

  /** Called when the stream is done with the last piece, and so with all pieces of the batch: streams call back in the order of the writes. */
  #wrote(writing: Writing, batch: Batch, error: Error | null | undefined): void {
    if (!writing.giveBack(batch) && !error) return;
    const { destroyed, errored, writableFinished } = this.#stream;
    // A socket or file that was destroyed calls back without an error, although it has not written the bytes.
    const cutOff = this.#corkable !== undefined && destroyed === true && writableFinished !== true;
    if (error || cutOff) this.#die(errored ?? error ?? cutOffError());
    else this.#forgetIfDone(writing);
  }

  #leaveQueue(writing: Writing): void {
    const at = this.#queue.indexOf(writing);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #forgetIfDone(writing: Writing): void {
    if (writing.given.length > 0) return;
    const mustDrain = writing.manner.silent && this.#full;
    if (writing.handedOver && !mustDrain) writing.settle();
    if (writing.settled) this.#underWay.delete(writing);
    if (this.#underWay.size === 0) this.#stopListening();
  }

  #failAll(error: unknown): void {
    for (const writing of this.#queue.splice(0)) writing.settle(error);
    for (const writing of [...this.#underWay]) {
      writing.settle(error);
      this.#forgetIfDone(writing);
    }
  }

  /** True when the stream has taken all bytes and will surely call back, so that no listener is needed. */
  #hasTakenAll(): boolean {
    const { destroyed, errored, writableLength } = this.#stream;
    const idle = this.#corkable !== undefined && writableLength === 0 && destroyed !== true && !errored;
    return this.#underWay.size === 0 || (idle && this.#queue.length === 0);
  }

  readonly #drained = (): void => {
    this.#answeredFalse = false;
    this.#handOver();
    for (const writing of [...this.#underWay]) this.#forgetIfDone(writing);
  };

  /** Called when the stream has failed. It may emit the same error later, which then must not be an uncaught one. */
  readonly #die = (error: unknown): void => {
    if (!this.#ignoresErrors) this.#stream.on('error', ignore);
    this.#ignoresErrors = true;
    this.#failAll(error);
  };

  /** Called at 'finish': the stream was ended and has written all bytes that it received, even if it has not called back. */
  readonly #ended = (): void => {
    for (const writing of this.#queue.splice(0)) writing.settle(closed('stream'));
    for (const writing of this.#underWay) writing.settle();
  };

  /** Called at 'close': the stream uses no chunk any more. */
  readonly #closed = (): void => {
    const error = this.#stream.errored ?? cutOffError();
    this.#queue.length = 0;
    for (const writing of [...this.#underWay]) {
      writing.giveAllBack();
      writing.settle(error);
      this.#forgetIfDone(writing);
    }
  };

  #listen(): void {
    if (this.#listening || this.#underWay.size === 0) return;
    this.#listening = true;
    this.#stream.on('error', this.#die).on('finish', this.#ended).on('close', this.#closed);
    if (!this.#listensForDrain) this.#stream.on('drain', this.#drained);
    this.#listensForDrain = true;
  }

  #stopListening(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#stream.off('error', this.#die).off('finish', this.#ended).off('close', this.#closed);
    // A stream whose on() was replaced may have added the listener to another stream, from which off() does not remove it.
    if (Object.hasOwn(this.#stream, 'on')) return;
    this.#stream.off('drain', this.#drained);
    this.#listensForDrain = false;
  }
}

/** Resolves when the stream is done with all pieces; rejects when it has failed, closed or been ended before, or with the signal's reason. */
export function writeToNode(stream: NodeStream, pieces: Pieces, signal: AbortSignal | undefined, manner: Manner): Promise<void> {
  let outlet = state.outlets.get(stream);
  if (outlet === undefined) state.outlets.set(stream, (outlet = new StreamOutlet(stream)));
  return new Promise((resolve, reject) => {
    const writing = new Writing(pieces, manner, (error) => {
      forget?.();
      if (error === undefined) resolve();
      else reject(error);
    });
    const forget = signal === undefined ? undefined : onAbort(signal, (reason) => outlet.abort(writing, reason));
    outlet.add(writing);
  });
}

/** The error for a stream that takes no more bytes; undefined for one that does. */
function refusalOf(stream: NodeStream): unknown {
  const takes = stream.writable !== false && stream.destroyed !== true && stream.writableEnded !== true;
  return takes ? undefined : (stream.errored ?? closed('stream'));
}

/** The error for a stream that was closed too early, with the code that pipeline() of Node uses. */
function cutOffError(): Error {
  const message = 'the stream was closed before it had written all bytes; it is not known how many have arrived';
  return withCode(new Error(message), 'ERR_STREAM_PREMATURE_CLOSE');
}
