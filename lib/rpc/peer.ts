// One other shard as this one calls it: its address, its methods, and the calls to it that are under way or wait for room.
import { callTracing } from '../base/channels.js';
import { shardGone } from '../base/errors.js';
import type { ShardEnd } from '../base/errors.js';
import type { Remote, Service } from '../shard/remote.js';
import { CallQueue } from './call-queue.js';
import type { QueuedCall } from './call-queue.js';
import { discard, prepare, request, requestPrepared } from './client.js';
import type { PreparedCall } from './client.js';
import { InFlightLimit } from './in-flight-limit.js';
import type { ShardRef, Tracker } from './pending-calls.js';
import { PeerEnd } from './peer-end.js';
import { remoteOf } from './remotes.js';
import { setBlocked, unansweredCount } from './traffic.js';
import type { BlockedPeer } from './traffic.js';

export interface PeerAddress extends ShardRef {
  readonly methods: readonly string[];
}

export class Peer implements Tracker, BlockedPeer {
  address: PeerAddress;
  readonly name: string;
  readonly remote: Remote<Service>;
  readonly #limit: InFlightLimit;
  readonly #queue = new CallQueue(() => this.#tellIdle());
  readonly #idleListeners: (() => void)[] = [];
  #sending = false;
  #end = new PeerEnd();
  /** How the shard before this one ended. */
  #endBefore: ShardEnd | undefined;

  constructor(address: PeerAddress, name: string, maxInFlight: number) {
    this.address = address;
    this.name = name;
    this.#limit = new InFlightLimit(maxInFlight);
    this.remote = remoteOf(address.methods, (method) => (...args) => this.call(method, args));
  }

  /** Number of the shard. */
  get to(): number {
    return this.address.id;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Resolves once no call to the shard is under way or waits. */
  whenIdle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  #isIdle(): boolean {
    return this.#limit.inFlight === 0 && this.#queue.waiting === 0;
  }

  #tellIdle(): void {
    if (this.#idleListeners.length > 0 && this.#isIdle()) for (const listener of this.#idleListeners.splice(0)) listener();
  }

  #hasRoom(): boolean {
    return this.#limit.hasRoom(unansweredCount());
  }

  /** Never throws: wrong arguments make the promise fail. */
  call(method: number, args: readonly unknown[]): Promise<unknown> {
    return callTracing.hasSubscribers ? this.#trace(method, () => this.#call(method, args)) : this.#call(method, args);
  }

  #call(method: number, args: readonly unknown[]): Promise<unknown> {
    try {
      if (this.#queue.isEmpty && this.#hasRoom()) return request(this.address, method, args, this);
      return this.#callPrepared(method, prepare(args));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same with arguments that belong to the call already. */
  callPrepared(method: number, prepared: PreparedCall): Promise<unknown> {
    return callTracing.hasSubscribers ? this.#trace(method, () => this.#callPrepared(method, prepared)) : this.#callPrepared(method, prepared);
  }

  /** Makes the call as part of a trace. Calls of this package's own are not shown. */
  #trace(method: number, make: () => Promise<unknown>): Promise<unknown> {
    const name = this.address.methods[method];
    return name === undefined ? make() : callTracing.tracePromise(make, { shard: this.to, method: name });
  }

  #callPrepared(method: number, prepared: PreparedCall): Promise<unknown> {
    const answer = this.#queue.add(method, prepared);
    this.sendQueued();
    return answer;
  }

  sent(): void {
    this.#limit.begin();
  }

  settled(): void {
    this.#limit.end(this.#queue.isEmpty);
    if (!this.#queue.isEmpty) this.sendQueued();
    this.#tellIdle();
  }

  sendQueued(): void {
    if (this.#sending) return;
    this.#sending = true;
    while (!this.#queue.isEmpty && this.#hasRoom()) this.#queue.sendFirst((call) => this.#send(call));
    this.#sending = false;
    setBlocked(this, !this.#queue.isEmpty);
  }

  #send({ method, prepared, resolve, reject }: QueuedCall): void {
    try {
      // Resolved with the promise itself, so that the stack of an error leads on to the caller.
      resolve(requestPrepared(this.address, method, prepared, this));
    } catch (error) {
      discard(prepared);
      reject(error);
    }
  }

  raiseLimit(): void {
    if (this.#limit.raise(unansweredCount())) this.sendQueued();
  }

  /** The shard has ended: calls that wait fail. */
  ended(end: ShardEnd | undefined): void {
    this.#end.tell(end);
    this.#queue.failAll(shardGone(this.name, end));
    setBlocked(this, false);
    this.#tellIdle();
  }

  endOf(shard: ShardRef): Promise<ShardEnd | undefined> {
    return shard.incarnation === this.address.incarnation ? this.#end.reported() : Promise.resolve(this.#endBefore);
  }

  /** The shard has a successor. Calls that wait were meant for the shard before, whose state is lost, and fail; later calls go to the new one. */
  replaceAddress(address: PeerAddress): void {
    this.ended(this.#end.known);
    this.#endBefore = this.#end.known;
    this.#end = new PeerEnd();
    this.address = address;
  }
}
