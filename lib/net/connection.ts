// One TCP or Unix connection as users see it.
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { Duplex } from 'node:stream';
import type { InspectOptionsStylized } from 'node:util';
import { untilAborted } from '../base/abort.js';
import { checkBoolean, checkFunction, checkInteger, checkKnownOptions, checkSignal, illegalConstructor, typeError } from '../base/arguments.js';
import type { Bytes } from '../base/bytes.js';
import { closed, CorebufError, outOfMemory } from '../base/errors.js';
import { emit } from '../base/events.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { portOf } from './address.js';
import { connectTo } from './connect.js';
import { ConnectionStream } from './connection-stream.js';
import { checkedLayout, takeFramesOf } from './frames.js';
import type { FrameLayout } from './frames.js';
import { InputIterator } from './input-iterator.js';
import { moverTo } from './moving.js';
import { OpenSocket } from './open-socket.js';
import { checkedConnect } from './options.js';
import type { ConnectOptions, ReadOptions } from './options.js';
import type { Outgoing } from './outgoing.js';
import { Reservation } from './reservation.js';
import { uncloneable } from '../base/uncloneable.js';

/** Events of a connection, with the arguments of their listeners. */
export interface ConnectionEvents {
  /** The peer sends no more, and the program has consumed, or at least been shown, all of it. It is not told when the connection fails, or after destroy(). */
  end: [];
  /** After post() has returned false: less than `writeHighWater` waits to be sent. */
  drain: [];
  /** The connection failed. Without a listener this is no uncaught exception: what waits and what is called later is rejected with the error. */
  error: [error: Error];
  /** The connection has closed; `error` says why, when it failed. */
  close: [error: Error | undefined];
}

const LENGTH_MOST = 2 ** 30;

let make: (socket: OpenSocket) => Connection;

/**
 * A TCP or Unix connection. The kernel writes what comes straight into this shard's memory, where it becomes part of `input`, and takes what is
 * written straight out of chains. What a turn writes leaves together at its end, in one system call.
 *
 * It is read in one of two ways: by a handler (onInput), which is fastest, or by asking (read, readExactly, more, for await).
 *
 * When the peer has ended and all input was consumed, this side ends as well, behind what was written, unless `allowHalfOpen`. As with node:net, a
 * program that then still works on an answer cannot write it. Only `for await` waits with the end until the loop asks for more.
 *
 * @example
 * await using listener = await Listener.open({ host: '127.0.0.1' });
 * listener.on('connection', (accepted) => accepted.onInput((input) => void accepted.post(input)));
 * const { port } = listener.address as { port: number };
 * await using connection = await Connection.connect({ host: '127.0.0.1', port });
 * await connection.write('ping');
 * using answer = await connection.readExactly(4);
 * answer.toString(); // 'ping'
 */
export class Connection extends EventEmitter<ConnectionEvents> implements AsyncIterable<IoBuf> {
  /** @internal */ readonly uncloneable = uncloneable('Connection', 'call connection.moveTo(index)');
  readonly #socket: OpenSocket;
  #stream: ConnectionStream | undefined;

  private constructor(socket: OpenSocket) {
    if (!(socket instanceof OpenSocket)) throw illegalConstructor('Connection', 'Connection.connect(options) or a Listener');
    super();
    this.#socket = socket;
    socket.owner = {
      opened: () => undefined,
      ended: () => this.#ended(),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
    };
  }

  static {
    make = (socket) => new Connection(socket);
  }

  /**
   * Opens a connection to `port` of `host` (default 'localhost'), or to the Unix socket at `path`. Where a name has several addresses, they are
   * tried one after the other.
   *
   * @throws the errors of node:net, with code, errno, syscall, address and port, such as ECONNREFUSED; ENOTFOUND for a name that has no address;
   * ERR_OUT_OF_MEMORY when the shard has no memory for another connection; the signal's reason; TypeError and RangeError for wrong options.
   */
  static async connect(options: ConnectOptions): Promise<Connection> {
    return new Connection(await connectTo(checkedConnect(options)));
  }

  /**
   * All that has come and was not consumed. The program takes bytes off its front, or takes, posts or sends the whole chain; then this is a new
   * one. Reading pauses while it holds `highWater` bytes. It is released when the connection fails, and by destroy(). O(1), no native call.
   */
  get input(): IoBuf {
    return this.#socket.incoming.input;
  }

  /** Calls `handler` at most once in a turn, when something has come. What the handler leaves in the input stays there. */
  onInput(handler: (input: IoBuf) => void): this {
    this.#assertNoStream('onInput');
    checkFunction('handler', handler);
    this.#socket.incoming.onInput(handler);
    return this;
  }

  /**
   * Resolves with true when the input has bytes that came since this connection's last answer: of more(), of read(), or of readExactly(), which
   * leaves what is behind its bytes. So no byte is missed that comes while the program works. With `length`, resolves with true when the input is so
   * many bytes longer than now; it may then grow beyond `highWater`. Resolves with false when the peer has ended before. An aborted signal ends the
   * waiting.
   *
   * @throws the error that closed the connection; ERR_CLOSED after destroy(); ERR_OUT_OF_MEMORY when `length` is more than the memory of the shard;
   * the signal's reason
   */
  async more(length?: number, options: ReadOptions = {}): Promise<boolean> {
    this.#assertNoStream('more');
    if (length !== undefined) checkInteger('length', length, 1, LENGTH_MOST);
    const { incoming } = this.#socket;
    const wanted = length === undefined ? incoming.lengthWithNews : incoming.length + length;
    return incoming.whenThere(wanted, (there) => there, options);
  }

  /** Everything that is there, at least a byte, as the caller's own chain; undefined at the end. @throws as more() */
  read(options: ReadOptions = {}): Promise<IoBuf | undefined> {
    if (this.#stream !== undefined) return Promise.reject(streamInUse('read'));
    const { incoming } = this.#socket;
    return incoming.whenThere(1, (there) => (there ? incoming.takeAll() : undefined), options);
  }

  /**
   * The next `length` bytes, as the caller's own chain. An aborted signal ends the waiting, and consumes nothing.
   *
   * @throws as more(); ERR_OUT_OF_BOUNDS when the peer has ended before, and then the input has what came; ERR_OUT_OF_MEMORY
   */
  async readExactly(length: number, options: ReadOptions = {}): Promise<IoBuf> {
    this.#assertNoStream('readExactly');
    checkInteger('length', length, 1, LENGTH_MOST);
    const { incoming } = this.#socket;
    return incoming.whenThere(length, (there) => {
      if (!there) throw endedBefore(length, incoming.length);
      return incoming.takeFront(length);
    }, options);
  }

  /** What read() gives, until the end. Leaving the loop destroys the connection, as with a stream of Node. */
  [Symbol.asyncIterator](): AsyncIterableIterator<IoBuf> {
    this.#assertNoStream('for await');
    return new InputIterator(this.#socket);
  }

  /**
   * Takes all whole frames off the front of the input, without their length fields unless `keepLength`; each is the caller's to release. When the
   * next frame is longer than `highWater`, the input may grow until it is whole.
   *
   * @throws ERR_OUT_OF_BOUNDS when the first frame is longer than `maxLength`; ERR_OUT_OF_MEMORY, also when the first frame is longer than the memory
   * of the shard; the error that closed the connection; ERR_CLOSED after destroy(); TypeError and RangeError for a wrong layout
   */
  takeFrames(layout: FrameLayout): IoBuf[] {
    this.#assertNoStream('takeFrames');
    const checked = checkedLayout(layout);
    const { failure, incoming, isClosed } = this.#socket;
    if (failure !== undefined) throw failure;
    if (isClosed && incoming.length === 0) return [];
    const { frames, wanted } = takeFramesOf(incoming.input, checked);
    if (frames.length === 0 && incoming.neverFits(wanted)) throw outOfMemory();
    incoming.limit(wanted);
    return frames;
  }

  /**
   * Writes `data` behind all that was written before, and resolves when the kernel has it. A chain is moved; everything else is copied. An aborted
   * signal ends the waiting, and the bytes are sent all the same.
   *
   * @throws the error that closed the connection; ERR_CLOSED after end() or destroy(); ERR_RELEASED, ERR_OUT_OF_MEMORY; the signal's reason
   */
  async write(data: IoBuf | Bytes | string, options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#assertNoStream('write');
    checkKnownOptions('options', options, ['signal']);
    const { signal } = options;
    checkSignal('options.signal', signal);
    signal?.throwIfAborted();
    const outgoing = this.#writable();
    outgoing.post(data);
    await untilAborted(outgoing.whenSent(), signal);
  }

  /**
   * As write(), without a promise: the fastest way. False when `writeHighWater` bytes or more wait to be sent; 'drain' comes when there are fewer.
   * False as well, and the data is released, when the connection has closed; 'close' comes then.
   *
   * @throws ERR_CLOSED after end(); ERR_RELEASED, ERR_OUT_OF_MEMORY, and then nothing was written; TypeError for other data
   */
  post(data: IoBuf | Bytes | string): boolean {
    this.#assertNoStream('post');
    return this.#socket.outgoing.post(data);
  }

  /** A place in the order of what is written, to be filled later. @throws ERR_CLOSED after end() */
  reserve(): Reservation {
    this.#assertNoStream('reserve');
    const { outgoing, isClosed } = this.#socket;
    if (!isClosed && outgoing.ended) throw closed('connection for writing');
    return new Reservation(outgoing);
  }

  /**
   * Writes `data`, if there is any, and then ends this direction: the peer finds the end behind all that was written. Resolves when the kernel has
   * all of it. Receiving goes on until the peer ends, too; then the connection closes.
   *
   * @throws as write()
   */
  async end(data?: IoBuf | Bytes | string): Promise<void> {
    if (data !== undefined) await this.#writeLast(data);
    else await this.#socket.end();
  }

  /**
   * Closes at once. The kernel is offered what was just written, such as why; what it does not take is dropped. The input is released, and what
   * waits is rejected with `reason`, or ERR_CLOSED.
   */
  destroy(reason?: Error): void {
    this.#socket.destroy(reason, false);
  }

  /** As destroy(), but nothing more is sent, and the peer gets ECONNRESET. */
  reset(): void {
    this.#socket.destroy(undefined, true);
  }

  /**
   * Closes once all that was written has been sent; what waits for input sees its end. The peer may see a reset when it has sent bytes that were not
   * received. Resolves when the connection has closed, for whatever reason. Closing twice is harmless.
   */
  close(): Promise<void> {
    this.#socket.outgoing.end('finish');
    return this.#socket.whenGone();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Moves the connection to the shard at `index` of this shard's group, once all reserved places are filled and all that was written has been sent.
   * There the method `connection` of the service is called with a new Connection, whose input begins with what was received here and not
   * consumed; no byte is copied, lost or out of order. Options stay, listeners and pauses do not. From the call on, only reserved places can be
   * written here, and what waits for input is rejected with ERR_CLOSED. Resolves when the other shard has the connection. Costs three system calls
   * and a call of a shard.
   *
   * @throws ERR_CLOSED after end() or destroy(); ERR_SHARD_GONE, ERR_OUT_OF_MEMORY, and then the connection is closed; RangeError for an index
   * that is none; TypeError when this thread is in no group, the group serves no method `connection`, or the
   * connection is used as a stream
   */
  async moveTo(index: number): Promise<void> {
    if (this.#stream !== undefined) throw typeError('moveTo: a connection whose stream() is in use cannot move');
    const move = moverTo(index);
    this.#writable();
    await move(await this.#socket.detach());
  }

  /**
   * The connection as a stream of Node: for pipeline(), for node:tls (`new TLSSocket(stream, …)`, `connect({ socket: stream })`), and for node:http and
   * node:https (`server.emit('connection', stream)`, `createConnection: () => stream`). It has the methods of a net.Socket that these use. For
   * TLS the connection should have the option `allowHalfOpen`: TLS then ends it behind what it has still to write. Copies once when it reads, and
   * when it writes pieces of less than 32 KiB. Each call returns the same stream.
   *
   * From then on only the stream reads and writes: onInput(), read(), more(), readExactly(), takeFrames(), `for await`, post(), write(), reserve(),
   * end() with data, and moveTo() throw a TypeError, or reject with it. Places that were reserved before can be filled. Closing and destroying the
   * connection ends the stream, too.
   *
   * A server of node:http that never listens checks no timeouts: a client that sends its request slowly, or half of it, holds its connection for ever
   * (`headersTimeout`, `requestTimeout`), and closeAllConnections() finds none. Call `server.emit('listening')` once, before the first connection: this
   * starts the checks, which server.close() ends.
   */
  stream(): Duplex {
    return (this.#stream ??= new ConnectionStream(this, this.#socket));
  }

  /** Receives nothing until resume(); what the kernel has, and what the peer sends, waits there. */
  pause(): this {
    this.#socket.incoming.pause();
    return this;
  }

  /** Receives again. */
  resume(): this {
    this.#socket.incoming.resume();
    return this;
  }

  /** As the option. */
  setNoDelay(on = true): this {
    checkBoolean('on', on);
    this.#socket.setNoDelay(on);
    return this;
  }

  /** As the option; 0 turns it off. */
  setKeepAlive(seconds: number): this {
    checkInteger('seconds', seconds, 0, 32_767);
    this.#socket.setKeepAlive(seconds);
    return this;
  }

  /** Lets the process end while the connection is open. */
  unref(): this {
    this.#socket.setRef(false);
    return this;
  }

  /** Makes the connection keep the process alive again, which is the default. */
  ref(): this {
    this.#socket.setRef(true);
    return this;
  }

  /** Address of the peer; the path of a Unix socket. Undefined when it was first asked for after the connection had closed. */
  get remoteAddress(): string | undefined {
    return this.#socket.peer?.address;
  }

  /** Port of the peer; undefined for a Unix socket. */
  get remotePort(): number | undefined {
    return portOf(this.#socket.peer?.port);
  }

  /** Address of this side; the path of a Unix socket. */
  get localAddress(): string | undefined {
    return this.#socket.local?.address;
  }

  /** Port of this side; undefined for a Unix socket. */
  get localPort(): number | undefined {
    return portOf(this.#socket.local?.port);
  }

  /** Number of bytes received so far. */
  get bytesRead(): number {
    return this.#socket.incoming.bytes;
  }

  /** Number of bytes written so far, whether they have been sent or not. */
  get bytesWritten(): number {
    return this.#socket.outgoing.bytes;
  }

  /** Nothing can be written or received any more. */
  get destroyed(): boolean {
    return this.#socket.isClosed;
  }

  /** The sending side. @throws the error that closed the connection; ERR_CLOSED after end() or destroy() */
  #writable(): Outgoing {
    const { failure, outgoing, isClosed } = this.#socket;
    if (failure !== undefined) throw failure;
    if (isClosed || outgoing.ended) throw closed('connection for writing');
    return outgoing;
  }

  #writeLast(data: IoBuf | Bytes | string): Promise<void> {
    this.#assertNoStream('end');
    const { failure, isClosed } = this.#socket;
    if (failure !== undefined) throw failure;
    if (isClosed) return Promise.resolve();
    this.#socket.outgoing.post(data);
    return this.#socket.end();
  }

  /** @throws TypeError when only the stream reads and writes */
  #assertNoStream(what: string): void {
    if (this.#stream !== undefined) throw streamInUse(what);
  }

  #ended(): void {
    this.#stream?.owner.ended();
    emit<ConnectionEvents, 'end'>(this, 'end');
  }

  #drained(): void {
    this.#stream?.owner.drained();
    emit<ConnectionEvents, 'drain'>(this, 'drain');
  }

  #closed(error: Error | undefined): void {
    this.#stream?.owner.closed(error);
    if (error !== undefined && this.listenerCount('error') > 0) emit<ConnectionEvents, 'error'>(this, 'error', error);
    emit<ConnectionEvents, 'close'>(this, 'close', error);
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[Connection]', 'special');
    const { remoteAddress, remotePort, bytesRead, bytesWritten, destroyed } = this;
    return `Connection ${inspect({ remoteAddress, remotePort, bytesRead, bytesWritten, destroyed }, { ...options, depth })}`;
  }
}

function streamInUse(what: string): TypeError {
  return typeError(`${what}: a connection whose stream() is in use is read and written by the stream alone: use its methods`);
}

function endedBefore(wanted: number, there: number): CorebufError {
  return new CorebufError('ERR_OUT_OF_BOUNDS', `readExactly: the peer has ended, and ${there} of ${wanted} bytes are there: read() takes them`);
}

/** The connection of an accepted socket. */
export function connectionFrom(socket: OpenSocket): Connection {
  return make(socket);
}
