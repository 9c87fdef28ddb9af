// A connection below Connection: its id in C++, its two directions, and how it ends. C++ tells it what has happened (events.ts).
import { closed } from '../base/errors.js';
import { nextTick, queueMicrotask } from '../base/timers.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants, native } from '../native/binding.js';
import { command as listCommand } from './commands.js';
import { countConnection } from './connection-count.js';
import { tellClosed, tellOpened } from './diagnostics.js';
import { Incoming } from './incoming.js';
import type { Moved } from './moving.js';
import { connectionError } from './net-errors.js';
import type { Target } from './net-errors.js';
import { OpenCount } from './open-count.js';
import type { CheckedConnection } from './options.js';
import { Outgoing } from './outgoing.js';
import { state } from './state.js';

const { addressLocal, addressPeer, commandClose, commandIdleLimit, commandKeepAlive, commandNoDelay, commandReset, commandUnsentLimit } = constants;
const { connectionsMax } = constants;

/** What a connection tells of; Connection emits events of the same names. None may throw. */
export interface SocketOwner {
  opened(): void;
  ended(): void;
  drained(): void;
  closed(error: Error | undefined): void;
}

export interface Address {
  readonly address: string;
  /** -1 when the address is a path. */
  readonly port: number;
}

/** What only some connections begin with. */
export interface Beginning {
  /** Address that the connection is being opened to; absent when it is open already. */
  readonly target?: Target | undefined;
  /** Bytes that another shard has received; absent for a new connection. */
  readonly input?: IoBuf | undefined;
  /** The peer has opened it. Default: without a target. */
  readonly isAccepted?: boolean;
  /** It is among the connections of this shard already. */
  readonly isCounted?: boolean;
}

export class OpenSocket {
  readonly id: number;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly #count = new OpenCount();
  readonly #options: CheckedConnection;
  readonly #target: Target | undefined;
  readonly #isAccepted: boolean;
  #owner: SocketOwner | undefined;
  #failure: Error | undefined;
  /** Given to destroy(); when the connection is gone: why it failed, or the reason that was given. */
  #reason: Error | undefined;
  readonly #whenGone: (() => void)[] = [];
  #isClosed = false;
  /** It is about to leave this shard. What has happened since is told on the other one. */
  #isMoving = false;
  /** The descriptor is gone, and the owner knows. */
  isGone = false;
  /** Without allowHalfOpen: the connection ends its own direction when the program has seen the end of the other. */
  endsByItself = true;
  /** The listener that has accepted the connection. */
  listener: { connections: number } | undefined;
  #local: Address | undefined;
  #peer: Address | undefined;

  constructor(id: number, options: CheckedConnection, beginning: Beginning = {}) {
    const { target, input, isAccepted = target === undefined, isCounted = false } = beginning;
    this.id = id;
    this.#target = target;
    this.#isAccepted = isAccepted;
    this.#options = options;
    state.sockets[id % connectionsMax] = this;
    this.#count.begin();
    if (!isCounted) countConnection(1);
    this.incoming = new Incoming(this, options.highWater, input);
    this.outgoing = new Outgoing(this, options.writeHighWater);
    if (options.noDelay) this.command(commandNoDelay, 1);
    if (options.keepAlive > 0) this.command(commandKeepAlive, options.keepAlive);
    if (options.idleLimit > 0) this.command(commandIdleLimit, options.idleLimit);
    // Only on one side: where neither reads before it has sent, both wait.
    if (isAccepted) this.command(commandUnsentLimit, options.writeHighWater);
    if (target === undefined) tellOpened(this);
  }

  /** It is told as well what happened before there was an owner, once the program has had a chance to add listeners: also one that awaits. */
  set owner(owner: SocketOwner) {
    this.#owner = owner;
    const { isGone } = this;
    const { endSeen } = this.incoming;
    if (!endSeen && !isGone) return;
    queueMicrotask(() => {
      nextTick(() => {
        if (endSeen) owner.ended();
        if (isGone) owner.closed(this.#reason);
      });
    });
  }

  /** Why the connection cannot be used any more; undefined while it can, and after a regular end. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get allowHalfOpen(): boolean {
    return this.#options.allowHalfOpen;
  }

  /** Why the connection has closed, when it is gone. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Nothing is sent or received any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get local(): Address | undefined {
    return (this.#local ??= this.#address(addressLocal));
  }

  get peer(): Address | undefined {
    return (this.#peer ??= this.#address(addressPeer));
  }

  /** Asks for both addresses while they are known. */
  rememberAddresses(): void {
    this.#local ??= this.#address(addressLocal);
    this.#peer ??= this.#address(addressPeer);
  }

  /** Lists a command, unless the connection has closed: its id may be the one of another then. */
  command(operation: number, a = 0, b = 0): void {
    if (!this.#isClosed) listCommand(operation, this.id, a, b);
  }

  setRef(ref: boolean): void {
    this.#count.setRef(ref);
  }

  setNoDelay(on: boolean): void {
    this.command(commandNoDelay, on ? 1 : 0);
  }

  setKeepAlive(seconds: number): void {
    this.command(commandKeepAlive, seconds);
  }

  /** Closes at once; the kernel is offered what was just written, and what it does not take is dropped. With `reset` the peer gets ECONNRESET. */
  destroy(reason: Error | undefined, reset: boolean): void {
    if (this.#isClosed) return;
    this.#reason = reason;
    this.command(reset ? commandReset : commandClose);
    this.#close(reason, reason ?? closed('connection'));
  }

  connected(): void {
    tellOpened(this);
    this.#owner?.opened();
  }

  received(bytes: number): void {
    if (!this.#isClosed) this.incoming.received(bytes, !this.#isMoving);
  }

  ended(): void {
    if (!this.#isClosed && !this.#isMoving) this.incoming.end();
  }

  sent(bytes: number, all: boolean): void {
    if (!this.#isClosed) this.outgoing.sent(bytes, all);
  }

  /** The program has seen that the peer sends no more. */
  endSeen(): void {
    this.#owner?.ended();
    if (this.endsByItself && !this.#options.allowHalfOpen && !this.#isClosed) this.outgoing.end('end');
  }

  drained(): void {
    this.#owner?.drained();
  }

  /** Ends the sending. Resolves when the kernel has all that was written. @throws the error that closed the connection */
  async end(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed || this.outgoing.ended) return;
    const sent = this.outgoing.whenSent();
    this.outgoing.end('end');
    await sent;
  }

  /** Resolves when the connection has closed, and its owner knows. */
  whenGone(): Promise<void> {
    return this.isGone ? Promise.resolve() : new Promise((resolve) => this.#whenGone.push(resolve));
  }

  /**
   * Resolves with the connection as another shard takes it, once all places are filled and all that was written has been sent. Nothing else can be
   * written from now on.
   */
  async detach(): Promise<Moved> {
    this.#isMoving = true;
    this.outgoing.seal();
    this.incoming.pause();
    await this.outgoing.whenSent();
    return this.leave();
  }

  /** The same at once: nothing waits to be sent. @throws ERR_CLOSED when the connection has failed; it is closed then, which will be told */
  leave(): Moved {
    this.#isMoving = true;
    const ticket = native.socketHandOver(this.id);
    if (ticket < 0) {
      this.destroy(undefined, false);
      throw closed('connection');
    }
    if (state.sockets[this.id % connectionsMax] === this) state.sockets[this.id % connectionsMax] = undefined;
    this.#isClosed = true;
    const input = this.incoming.length > 0 ? this.incoming.takeAll() : undefined;
    const error = closed('connection');
    this.#close(error, error);
    this.#forget();
    this.#tellGone(undefined);
    return { ticket, options: this.#options, input, isAccepted: this.#isAccepted, isCounted: false };
  }

  /** The descriptor is gone. `errno` and `call` are 0 when nothing failed. */
  closed(errno: number, call: number): void {
    this.#forget();
    const error = errno === 0 ? undefined : connectionError(errno, call, this.#target);
    if (!this.#isClosed) this.#close(error, error);
    const reason = error ?? this.#reason;
    tellClosed(this, reason);
    this.#tellGone(reason);
  }

  #tellGone(reason: Error | undefined): void {
    this.#reason = reason;
    this.isGone = true;
    this.#owner?.closed(reason);
    for (const resolve of this.#whenGone.splice(0)) resolve();
  }

  /** `failure` is for those who wait and for later calls; undefined at a regular end. */
  #close(error: Error | undefined, failure: Error | undefined): void {
    this.#isClosed = true;
    this.#failure = failure;
    this.incoming.close(failure);
    this.outgoing.close(error ?? closed('connection'));
  }

  /** It counts no more. */
  #forget(): void {
    this.#count.end();
    countConnection(-1);
    if (this.listener !== undefined) this.listener.connections--;
  }

  #address(kind: number): Address | undefined {
    if (this.#isClosed) return undefined;
    const found = native.socketAddress(kind, this.id);
    return typeof found === 'number' ? undefined : found;
  }
}
