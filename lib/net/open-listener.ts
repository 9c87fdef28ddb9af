// A listener below Listener: its id in C++, and the connections that were accepted and that nobody has taken yet.
import { Fifo } from '../base/fifo.js';
import { constants, native } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { targetsOf } from './address.js';
import { checkSocket } from './connect.js';
import { command } from './commands.js';
import { tellAccepted, tellAcceptFailed } from './diagnostics.js';
import { socketError } from './net-errors.js';
import type { SocketError, Target } from './net-errors.js';
import { OpenCount } from './open-count.js';
import { OpenSocket } from './open-socket.js';
import type { Address } from './open-socket.js';
import type { CheckedConnection, checkedListen } from './options.js';
import { state } from './state.js';

const { addressListener, commandAccept, commandUnlisten } = constants;

/** Connections that wait for the program at most; more stay in the kernel's queue. */
const WAITING_MOST = 256;

export interface ListenerOwner {
  /** True when the program takes the connection at once. */
  accepted(socket: OpenSocket): boolean;
  acceptFailed(error: SocketError): void;
}

export class OpenListener {
  readonly id: number;
  readonly address: Address;
  /** Accepted and not closed. */
  connections = 0;
  owner: ListenerOwner | undefined;
  readonly #options: CheckedConnection;
  readonly #count = new OpenCount();
  readonly #waiting = new Fifo<OpenSocket>();
  #isClosed = false;
  #isResting = false;

  constructor(id: number, options: CheckedConnection) {
    this.id = id;
    this.#options = options;
    this.address = native.socketAddress(addressListener, id) as Address;
    state.listeners.set(id, this);
    this.#count.begin();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  setRef(ref: boolean): void {
    this.#count.setRef(ref);
  }

  accepted(id: number): void {
    const socket = new OpenSocket(id, this.#options);
    this.connections++;
    socket.listener = this;
    tellAccepted(socket);
    this.offer(socket);
  }

  /** Offers a connection to the program; it waits when the program does not take it. */
  offer(socket: OpenSocket): void {
    if (this.#isClosed) return socket.destroy(undefined, false);
    if (this.owner?.accepted(socket) === true) return;
    this.#waiting.push(socket);
    if (this.#waiting.length >= WAITING_MOST) this.#rest(true);
  }

  acceptFailed(errno: number): void {
    const error = socketError(errno, 'accept');
    tellAcceptFailed(this.address, error);
    this.owner?.acceptFailed(error);
  }

  /** The connection that has waited longest; undefined when none does. */
  take(): OpenSocket | undefined {
    const socket = this.#waiting.shift();
    if (this.#isResting && this.#waiting.length === 0) this.#rest(false);
    return socket;
  }

  /** Connections that nobody has taken are closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    command(commandUnlisten, this.id);
    // What was listed is done at once: the port is free when the promise of close() resolves.
    native.obeyListed();
    state.listeners.delete(this.id);
    this.#count.end();
    for (const socket of this.#waiting.takeAll()) socket.destroy(undefined, false);
  }

  #rest(resting: boolean): void {
    this.#isResting = resting;
    if (!this.#isClosed) command(commandAccept, this.id, resting ? 0 : 1);
  }
}

/** @throws as Listener.open() */
export async function listenAt(options: ReturnType<typeof checkedListen>): Promise<OpenListener> {
  const { place, signal } = options;
  signal?.throwIfAborted();
  if (place.path === undefined && (place.host === undefined || place.host === '')) return listenEverywhere(options);
  const [target] = await targetsOf(place, 'localhost');
  signal?.throwIfAborted();
  return listenNow(target!, options);
}

/** Where the system has no IPv6, at all IPv4 addresses. */
function listenEverywhere(options: ReturnType<typeof checkedListen>): OpenListener {
  const { port } = options.place;
  try {
    return listenNow({ address: '::', port }, options);
  } catch (error) {
    const { code } = error as SocketError;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') throw error;
    return listenNow({ address: '0.0.0.0', port }, options);
  }
}

function listenNow(target: Target, { backlog, reusePort, ipv6Only, connection }: ReturnType<typeof checkedListen>): OpenListener {
  attachDefault();
  const id = native.socketListen(target.address, target.port ?? -1, backlog, reusePort ? 1 : 0, ipv6Only ? 1 : 0);
  return new OpenListener(checkSocket(id, 'listen', target), connection);
}
