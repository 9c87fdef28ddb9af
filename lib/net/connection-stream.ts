// A connection as a stream of Node, for code that takes no other: node:tls, node:http, pipeline().
//
// Reading copies bytes into JavaScript's memory, because nobody tells when a Buffer of a stream is no longer used. Writing copies small pieces
// and wraps large ones, whose callback comes when the kernel has them: until then they stay as they are, by Node's rules.
import { Duplex } from 'node:stream';
import { closed } from '../base/errors.js';
import { clearTimeout, setTimeout } from '../base/timers.js';
import { IoBuf } from '../iobuf/iobuf.js';
import type { Connection } from './connection.js';
import type { OpenSocket } from './open-socket.js';

type Callback = (error?: Error | null) => void;

const KIB = 1024;
/** Bytes of one Buffer that is read, at most. */
const PIECE = 64 * KIB;
/** Pieces from so many bytes on are not copied when they are written. */
const WRAPPED_LEAST = 32 * KIB;

export class ConnectionStream extends Duplex {
  readonly #connection: Connection;
  readonly #socket: OpenSocket;
  #wants = false;
  #ended = false;
  #waiting: Callback | undefined;
  #timeout = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(connection: Connection, socket: OpenSocket) {
    super({ allowHalfOpen: socket.allowHalfOpen, readableHighWaterMark: PIECE, writableHighWaterMark: PIECE });
    this.#connection = connection;
    this.#socket = socket;
    // The stream ends the other direction itself, behind what it has still to write.
    socket.endsByItself = false;
    connection.onInput(() => this.#pump());
    connection.on('end', () => this.#end());
    connection.on('drain', () => this.#drained());
    connection.on('close', (error) => this.#closed(error));
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
    this.#callBack(this.#connection.end(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer);
    if (this.#socket.isGone) return callback(error);
    this.#connection.once('close', () => callback(error));
    this.#connection.destroy(error ?? undefined);
  }

  // What node:http and node:tls ask of a socket.

  /** Ends, and destroys the stream once all has been written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Emits 'timeout' when nothing was read or written for `milliseconds`; 0 for never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.#timeout = milliseconds;
    if (listener !== undefined) {
      if (milliseconds === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    clearTimeout(this.#timer);
    this.#timer = milliseconds === 0 ? undefined : setTimeout(() => this.emit('timeout'), milliseconds).unref();
    return this;
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
    let goesOn = true;
    let wraps = false;
    try {
      for (const chunk of chunks) {
        const isLarge = chunk.length >= WRAPPED_LEAST;
        wraps ||= isLarge;
        goesOn = this.#connection.post(isLarge ? IoBuf.wrap(chunk) : chunk);
      }
    } catch (error) {
      return callback(error as Error);
    }
    if (wraps) this.#callBack(this.#socket.outgoing.whenSent(), callback);
    else if (goesOn) callback();
    else this.#waiting = callback;
  }

  /** A failure waits until the stream has been destroyed with the error of the connection, if there is one: it has no error of its own. */
  #callBack(work: Promise<void>, callback: Callback): void {
    work.then(
      () => callback(),
      (error: unknown) => {
        if (this.#socket.isGone) callback(error as Error);
        else this.#waiting = callback;
      },
    );
  }

  #drained(): void {
    const callback = this.#waiting;
    this.#waiting = undefined;
    callback?.();
  }

  /** A regular end is told as the end of what is read; another one ends the stream. */
  #closed(error: Error | undefined): void {
    const { failure, incoming } = this.#socket;
    if (failure !== undefined || !incoming.endSeen) this.destroy(error);
    const callback = this.#waiting;
    this.#waiting = undefined;
    callback?.(error ?? closed('connection'));
  }

  #refresh(): void {
    if (this.#timeout > 0) this.#timer?.refresh();
  }
}
