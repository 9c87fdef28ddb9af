// A connection as a stream of Node, for code that takes no other: node:tls, node:http, pipeline().
//
// Reading copies bytes into JavaScript's memory, because nobody tells when a Buffer of a stream is no longer used. Writing copies small pieces
// and wraps large ones, whose callback comes when the kernel has them: until then they stay as they are, by Node's rules.
import { Duplex } from 'node:stream';
import { checkFunction, invalidRange, invalidType } from '../base/arguments.js';
import { closed } from '../base/errors.js';
import { clearTimeout, nextTick, setTimeout } from '../base/timers.js';
import { IoBuf } from '../iobuf/iobuf.js';
import type { Connection } from './connection.js';
import type { OpenSocket, SocketOwner } from './open-socket.js';

type Callback = (error?: Error | null) => void;

const KIB = 1024;
/** Bytes of one Buffer that is read, at most. */
const PIECE = 64 * KIB;
/** Pieces from so many bytes on are not copied when they are written. */
const WRAPPED_LEAST = 32 * KIB;
/** A timer of Node that is to wait longer fires at once. */
const TIMEOUT_MOST = 2 ** 31 - 1;

export class ConnectionStream extends Duplex {
  readonly #connection: Connection;
  readonly #socket: OpenSocket;
  #wants = false;
  #ended = false;
  #waiting: Callback | undefined;
  #timeout = 0;
  #timer: NodeJS.Timeout | undefined;
  #isToldClosed = false;
  /** @internal The connection passes on what it is told. */
  readonly owner: Omit<SocketOwner, 'opened'> = {
    ended: () => this.#end(),
    drained: () => this.#drained(),
    closed: (error) => this.#closed(error),
  };

  /** @internal */
  constructor(connection: Connection, socket: OpenSocket) {
    super({ allowHalfOpen: socket.allowHalfOpen, readableHighWaterMark: PIECE, writableHighWaterMark: PIECE });
    this.#connection = connection;
    this.#socket = socket;
    // The stream ends the other direction itself, behind what it has still to write.
    socket.endsByItself = false;
    socket.incoming.onInput(() => this.#pump());
    this.#ended = socket.incoming.endSeen;
    if (socket.isGone) nextTick(() => this.#closed(socket.reason));
  }

  override _read(): void {
    this.#wants = true;
    this.#pump();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: Callback): void {
    this.#writeAll([chunk], callback);
  }

  override _writev(chunks: { chunk: unknown }[], callback: Callback): void {
    this.#writeAll(chunks.map(({ chunk }) => chunk as Buffer), callback);
  }

  override _final(callback: Callback): void {
    this.#callBack(this.#socket.end(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer);
    this.#socket.destroy(error ?? undefined, false);
    // A regular end leaves the input to the reader.
    this.#socket.incoming.input.release();
    if (this.#socket.isGone) return callback(error);
    void this.#socket.whenGone().then(() => callback(error));
  }

  // What node:http and node:tls ask of a socket.

  /** Ends, and destroys the stream once all has been written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Emits 'timeout' when nothing was read or written for `milliseconds`, at most 2 ** 31 - 1; 0 for never. @throws TypeError, RangeError */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (this.destroyed) return this;
    this.#timeout = checkedTimeout(milliseconds);
    if (listener !== undefined) checkFunction('listener', listener);
    clearTimeout(this.#timer);
    this.#timer = this.#timeout === 0 ? undefined : setTimeout(() => this.emit('timeout'), this.#timeout).unref();
    if (listener === undefined) return this;
    return this.#timeout === 0 ? this.off('timeout', listener) : this.once('timeout', listener);
  }

  /** As the option of the connection. */
  setNoDelay(on = true): this {
    this.#connection.setNoDelay(on);
    return this;
  }

  /** `delay` is in milliseconds, as Node has it. */
  setKeepAlive(on = false, delay = 0): this {
    this.#connection.setKeepAlive(on ? Math.max(1, Math.ceil(delay / 1000)) : 0);
    return this;
  }

  ref(): this {
    this.#connection.ref();
    return this;
  }

  unref(): this {
    this.#connection.unref();
    return this;
  }

  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#connection.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#connection.localAddress;
  }

  get localPort(): number | undefined {
    return this.#connection.localPort;
  }

  get bytesRead(): number {
    return this.#connection.bytesRead;
  }

  get bytesWritten(): number {
    return this.#connection.bytesWritten;
  }

  /** As long as the reader wants more. What it does not want stays in the input, until that is full and the kernel's window closes. */
  #pump(): void {
    const { incoming } = this.#socket;
    while (this.#wants && incoming.length > 0) {
      const length = Math.min(incoming.length, PIECE);
      const { input } = incoming;
      const bytes = input.toBuffer(0, length);
      input.trimFront(length);
      this.#refresh();
      // Before push(), which may call _read().
      this.#wants = false;
      if (this.push(bytes)) this.#wants = true;
    }
    if (this.#ended && incoming.length === 0 && !this.readableEnded) {
      this.#wants = false;
      this.#ended = false;
      this.push(null);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#pump();
  }

  #writeAll(chunks: readonly Buffer[], callback: Callback): void {
    this.#refresh();
    const { outgoing } = this.#socket;
    let goesOn = true;
    let wraps = false;
    try {
      for (const chunk of chunks) {
        const data = wrapped(chunk);
        wraps ||= data !== chunk;
        goesOn = outgoing.post(data);
      }
    } catch (error) {
      return callback(error as Error);
    }
    if (wraps) this.#callBack(outgoing.whenSent(), callback);
    else if (goesOn) callback();
    else if (this.#socket.isClosed) this.#fail(callback);
    else this.#waiting = callback;
  }

  /** A failure waits until the stream has been destroyed with the error of the connection, if there is one: it has no error of its own. */
  #callBack(work: Promise<void>, callback: Callback): void {
    work.then(
      () => callback(),
      () => this.#fail(callback),
    );
  }

  /** Of a write that a closed connection has dropped. */
  #fail(callback: Callback): void {
    if (this.#socket.isGone) callback(this.#socket.failure ?? closed('connection'));
    else this.#waiting = callback;
  }

  #drained(): void {
    const callback = this.#waiting;
    this.#waiting = undefined;
    callback?.();
  }

  /**
   * Behind a regular end all that came can be read still, and all that was written has been sent. The stream closes when both directions have
   * ended; the one that is written may never be ended, because nothing can be written any more. Another end destroys the stream.
   */
  #closed(error: Error | undefined): void {
    if (this.#isToldClosed) return;
    this.#isToldClosed = true;
    const { failure, incoming } = this.#socket;
    if (failure !== undefined) this.destroy(error);
    else if (!incoming.endSeen) this.#end();
    if (this.readableEnded) this.#closeUnlessFinished();
    else this.once('end', () => this.#closeUnlessFinished());
    const callback = this.#waiting;
    this.#waiting = undefined;
    callback?.(failure === undefined ? null : (error ?? failure));
  }

  #closeUnlessFinished(): void {
    if (!this.writableEnded) this.destroy();
  }

  #refresh(): void {
    if (this.#timeout > 0) this.#timer?.refresh();
  }
}

/** As a chain where that can be done without a copy. */
function wrapped(chunk: Buffer): IoBuf | Buffer {
  if (chunk.length < WRAPPED_LEAST) return chunk;
  try {
    return IoBuf.wrap(chunk);
  } catch (error) {
    // Memory that may change its length, for example.
    if (error instanceof TypeError) return chunk;
    throw error;
  }
}

function checkedTimeout(milliseconds: number): number {
  if (typeof milliseconds !== 'number') throw invalidType('milliseconds', 'a number', milliseconds);
  if (!Number.isFinite(milliseconds) || milliseconds < 0) throw invalidRange('milliseconds', 'a finite number from 0', milliseconds);
  return Math.min(milliseconds, TIMEOUT_MOST);
}
