// A server as users see it: it gives connections, as events or one by one.
import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { onAbort } from '../base/abort.js';
import { illegalConstructor } from '../base/arguments.js';
import { emit } from '../base/events.js';
import { Fifo } from '../base/fifo.js';
import { queueMicrotask } from '../base/timers.js';
import { addressInfoOf } from './address.js';
import type { Connection } from './connection.js';
import { connectionFrom } from './connection.js';
import type { SocketError } from './net-errors.js';
import { listenAt, OpenListener } from './open-listener.js';
import type { OpenSocket } from './open-socket.js';
import { checkedListen } from './options.js';
import type { ListenOptions } from './options.js';

/** Events of a listener, with the arguments of their listeners. */
export interface ListenerEvents {
  /** A connection was accepted. Without a listener, connections wait for the iterator. */
  connection: [connection: Connection];
  /** The system could not give a connection that waits, for want of descriptors for example. Accepting goes on by itself. */
  acceptFailed: [error: SocketError];
  /** The listener has closed. */
  close: [];
}

/**
 * A TCP or Unix socket that accepts connections on this thread. Their bytes are received into this shard's memory. Connections come as
 * 'connection' events, or from `for await`; up to 256 that nobody has taken wait.
 *
 * @example
 * await using listener = await Listener.open({ port: 0, host: '127.0.0.1' });
 * listener.on('connection', (connection) => connection.onInput((input) => void connection.post(input)));
 */
export class Listener extends EventEmitter<ListenerEvents> implements AsyncIterable<Connection> {
  readonly #open: OpenListener;
  readonly #nexts = new Fifo<(result: IteratorResult<Connection, undefined>) => void>();
  #forget: (() => void) | undefined;

  private constructor(open: OpenListener) {
    if (!(open instanceof OpenListener)) throw illegalConstructor('Listener', 'Listener.open(options)');
    super();
    this.#open = open;
    open.owner = {
      accepted: (socket) => this.#accepted(socket),
      acceptFailed: (error) => void emit<ListenerEvents, 'acceptFailed'>(this, 'acceptFailed', error),
    };
    this.#watchListeners();
  }

  /**
   * Listens at `port` of `host`, or at `path`. The file of a Unix socket is removed by close().
   *
   * @throws the errors of node:net, with code, errno, syscall, address and port, such as EADDRINUSE; ENOTFOUND for a name that has no address; the
   * signal's reason; TypeError and RangeError for wrong options.
   */
  static async open(options: ListenOptions = {}): Promise<Listener> {
    const checked = checkedListen(options);
    const listener = new Listener(await listenAt(checked));
    const { signal } = checked;
    if (signal === undefined) return listener;
    try {
      signal.throwIfAborted();
      listener.#forget = onAbort(signal, () => void listener.close());
      return listener;
    } catch (error) {
      void listener.close();
      throw error;
    }
  }

  /** @internal As EventEmitter's, which would remove a listener of this class, too. */
  override removeAllListeners(...event: [] | [keyof ListenerEvents]): this {
    super.removeAllListeners(...event);
    if (this.listenerCount('newListener' as 'close') === 0) this.#watchListeners();
    return this;
  }

  /** Address, family and port; the path of a Unix socket. It stays the same when the listener has closed. */
  get address(): AddressInfo | string {
    return addressInfoOf(this.#open.address);
  }

  /** Number of connections that were accepted and have not closed. */
  get connections(): number {
    return this.#open.connections;
  }

  /** The connections, one by one; it ends when the listener closes. Leaving the loop closes the listener. */
  [Symbol.asyncIterator](): AsyncIterator<Connection, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  /** Lets the process end while the listener is open. */
  unref(): this {
    this.#open.setRef(false);
    return this;
  }

  /** Makes the listener keep the process alive again, which is the default. */
  ref(): this {
    this.#open.setRef(true);
    return this;
  }

  /** Accepts no more. Connections that the program has taken stay open; those that it has not are closed. Closing twice is harmless. */
  close(): Promise<void> {
    if (this.#open.isClosed) return Promise.resolve();
    this.#forget?.();
    this.#open.close();
    for (const next of this.#nexts.takeAll()) next({ done: true, value: undefined });
    emit<ListenerEvents, 'close'>(this, 'close');
    return Promise.resolve();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives connections that wait to the first listener for them. */
  #watchListeners(): void {
    super.on('newListener' as 'close', ((event: string) => {
      if (event === 'connection') queueMicrotask(() => this.#emitWaiting());
    }) as never);
  }

  #accepted(socket: OpenSocket): boolean {
    const next = this.#nexts.shift();
    if (next === undefined && this.listenerCount('connection') === 0) return false;
    const connection = connectionFrom(socket);
    if (next === undefined) emit<ListenerEvents, 'connection'>(this, 'connection', connection);
    else next({ done: false, value: connection });
    return true;
  }

  #emitWaiting(): void {
    while (this.listenerCount('connection') > 0) {
      const socket = this.#open.take();
      if (socket === undefined) return;
      emit<ListenerEvents, 'connection'>(this, 'connection', connectionFrom(socket));
    }
  }

  #next(): Promise<IteratorResult<Connection, undefined>> {
    const socket = this.#open.take();
    if (socket !== undefined) return Promise.resolve({ done: false, value: connectionFrom(socket) });
    if (this.#open.isClosed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#nexts.push(resolve));
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[Listener]', 'special');
    const { address, connections } = this;
    return `Listener ${inspect({ address, connections, closed: this.#open.isClosed }, { ...options, depth })}`;
  }
}
