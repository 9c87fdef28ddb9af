// The shards that this one can call: typed remotes, with a bound on how many requests are under way to each.
import { checkInteger } from './checks.js';
import { onAbort } from './abort.js';
import { BY_NAME_METHOD } from './answers.js';
import { discard, prepare, prepareEach, request, requestPrepared } from './calls.js';
import type { Prepared, ShardRef, Tracker } from './calls.js';
import { shardGone } from './errors.js';
import { DmaBuffer } from './dma-buffer.js';
import { IoBuf } from './iobuf.js';
import { Queue } from './queue.js';
import { holds, owed } from './traffic.js';
import type { Holder } from './traffic.js';

export type Service = Record<string, (...args: never[]) => unknown>;
export type Remote<S> = { [K in keyof S]: S[K] extends (...a: infer A) => infer R ? (...a: A) => Promise<Awaited<R>> : never };
export type RemoteAll<S> = { [K in keyof S]: S[K] extends (...a: infer A) => infer R ? (...a: A) => Promise<Awaited<R>[]> : never };

/** Shards to call, by their index in the group. `Starter` is what the thread that started them serves. */
export interface Peers<S, Starter = Service> {
  readonly size: number;
  /** Which of them this shard is; undefined on the thread that started the group. */
  readonly index: number | undefined;
  /**
   * The methods of one shard. Chains among the arguments move there, those of the result move here, and all else is copied: Uint8Array,
   * Date, Error, primitives, arrays and plain objects of these. What cannot travel makes the promise fail with a TypeError that says where
   * it stands, and nothing has moved. Calls from one shard to one other begin in the order in which they were made,
   * whatever their size. Beyond `maxInFlight` they wait here, with their chains.
   *
   * An AbortSignal may be an argument, or `signal` of one: the method gets one that ends with it. When it ends, the promise fails with its
   * reason at once, a call that still waits is not sent, and chains of an answer that comes too late are released.
   */
  on(shard: number): Remote<S>;
  /**
   * A method of every shard. Chains among the arguments are shared with each, not copied, and stay the caller's. When calls fail,
   * the promise fails once all have ended, with the error of the lowest shard, and chains of the others' results are released.
   */
  readonly all: RemoteAll<S>;
  /**
   * The methods of the thread that started the group, which serves as its shards do; undefined on that thread. Calls fail with a TypeError as
   * long as it serves nothing, or no such method.
   */
  readonly starter: Remote<Starter> | undefined;
}

export interface PeerAddress extends ShardRef {
  readonly methods: readonly string[];
}

export const IN_FLIGHT_DEFAULT = 1024;

interface Queued {
  readonly method: number;
  /** Undefined once the caller's signal has ended the call. */
  prepared: Prepared | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  unhook: (() => void) | undefined;
}

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * One other shard. Requests beyond `maxInFlight` wait here, in order, with their arguments already taken over. The bound grows by what
 * this shard owes answers for: among them may be what a request that is under way waits for, and what that calls in turn
 * must not wait for it (docs/ARCHITECTURE.md, "Queues").
 */
export class Peer implements Tracker, Holder {
  address: PeerAddress;
  readonly name: string;
  readonly remote: Remote<Service>;
  readonly #maxInFlight: number;
  readonly #queue = new Queue<Queued>();
  readonly #idleListeners: (() => void)[] = [];
  #inFlight = 0;
  #waiting = 0;
  #sending = false;
  /** Where the bound stands when it alone would let nothing move (loosen), and by how much it last rose. */
  #loosened = 0;
  #step = 0;
  #moved = false;

  constructor(address: PeerAddress, name: string, maxInFlight: number) {
    this.address = address;
    this.name = name;
    this.#maxInFlight = maxInFlight;
    this.remote = remoteOf(address.methods, (method) => (...args) => this.call(method, args));
  }

  get to(): number {
    return this.address.id;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves once no call to it is under way or waits. */
  whenIdle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  #isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting === 0;
  }

  #tellIdle(): void {
    if (this.#idleListeners.length > 0 && this.#isIdle()) for (const listener of this.#idleListeners.splice(0)) listener();
  }

  #hasRoom(): boolean {
    return this.#inFlight < Math.max(this.#maxInFlight + owed(), this.#loosened);
  }

  /** Never throws: what is wrong with the arguments is the promise's to say. */
  call(method: number, args: readonly unknown[]): Promise<unknown> {
    try {
      if (this.#queue.length === 0 && this.#hasRoom()) return request(this.address, method, args, this);
      return this.callPrepared(method, prepare(args));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same with arguments that are the call's already. */
  callPrepared(method: number, prepared: Prepared): Promise<unknown> {
    const answer = new Promise<unknown>((resolve, reject) => {
      const queued: Queued = { method, prepared, resolve, reject, unhook: undefined };
      this.#queue.push(queued);
      this.#waiting++;
      const { signal } = prepared;
      if (signal === undefined) return;
      const end = (): void => this.#end(queued, signal.reason);
      if (signal.aborted) end();
      else queued.unhook = onAbort(signal, end);
    });
    this.sendQueued();
    return answer;
  }

  /** It goes nowhere, and fails with `error`. */
  #end(queued: Queued, error: unknown): void {
    const prepared = this.#take(queued);
    if (prepared === undefined) return;
    discard(prepared);
    queued.reject(error);
    this.#tellIdle();
  }

  #take(queued: Queued): Prepared | undefined {
    const { prepared } = queued;
    if (prepared === undefined) return undefined;
    queued.prepared = undefined;
    queued.unhook?.();
    this.#waiting--;
    return prepared;
  }

  sent(): void {
    this.#inFlight++;
  }

  settled(): void {
    this.#inFlight--;
    this.#moved = true;
    if (this.#loosened > 0 && this.#inFlight < this.#maxInFlight && this.#queue.length === 0) this.#loosened = this.#step = 0;
    if (this.#queue.length > 0) this.sendQueued();
    this.#tellIdle();
  }

  /** One stays in the queue while it is sent: a listener of pressure may call as well, and comes behind it. */
  sendQueued(): void {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#queue.length > 0 && this.#hasRoom()) {
      const next = this.#queue.first!;
      const prepared = this.#take(next);
      if (prepared !== undefined) this.#send(next, prepared);
      this.#queue.shift();
    }
    this.#sending = false;
    holds(this, this.#queue.length > 0);
  }

  /**
   * Methods may wait for more than calls of their own: for a lock, or for what another has begun. Then what is under way may wait for what
   * waits behind it after all; it shows as time in which no answer comes while this shard owes some.
   */
  loosen(): void {
    if (!this.#moved && owed() > 0) {
      this.#step = Math.max(1, this.#step * 2);
      this.#loosened = this.#inFlight + this.#step;
      this.sendQueued();
    }
    this.#moved = false;
  }

  #send(next: Queued, prepared: Prepared): void {
    try {
      requestPrepared(this.address, next.method, prepared, this).then(next.resolve, next.reject);
    } catch (error) {
      discard(prepared);
      next.reject(error);
    }
  }

  /** It has ended: what still waits to be sent fails. */
  gone(): void {
    for (const queued of this.#queue.takeAll()) this.#end(queued, shardGone(this.name));
    holds(this, false);
  }

  /** It has been started again: what waited was meant for the one before, what is called from now on goes to this one. */
  succeed(address: PeerAddress): void {
    this.gone();
    this.address = address;
  }
}

/**
 * The methods of the thread that started the group, which may come to serve at any time: whatever is asked for is a method, found by its
 * name when it is called.
 */
function remoteByName(peer: Peer): Remote<Service> {
  const made = Object.create(null) as Record<string, Call>;
  return new Proxy(made, {
    get(_, name): Call | undefined {
      if (typeof name !== 'string' || name === 'then') return undefined;
      made[name] ??= (...args) => peer.call(BY_NAME_METHOD, [...args, name]);
      return made[name];
    },
    set: () => false,
  });
}

/** Remotes are looked up per call, so their methods are made once. Not a thenable, or `await` would call it. */
function remoteOf(methods: readonly string[], make: (method: number, name: string) => Call): Remote<Service> {
  const remote = Object.create(null) as Record<string, Call>;
  methods.forEach((name, method) => (remote[name] = make(method, name)));
  return Object.freeze(remote);
}

export class PeerGroup implements Peers<Service> {
  readonly #peers: readonly Peer[];
  readonly #all: RemoteAll<Service>;

  readonly index: number | undefined;
  readonly starter: Remote<Service> | undefined;

  constructor(addresses: readonly PeerAddress[], index: number | undefined, maxInFlight: number, starter?: ShardRef) {
    this.index = index;
    this.#peers = addresses.map((address, at) => new Peer(address, `shard ${at} of the group`, maxInFlight));
    this.#all = remoteOf(addresses[0]?.methods ?? [], (_, name) => (...args) => this.#callAll(name, args)) as unknown as RemoteAll<Service>;
    if (starter !== undefined) {
      this.starter = remoteByName(new Peer({ ...starter, methods: [] }, 'the thread that started the group', maxInFlight));
    }
  }

  get size(): number {
    return this.#peers.length;
  }

  get addresses(): PeerAddress[] {
    return this.#peers.map(({ address }) => address);
  }

  peer(shard: number): Peer {
    checkInteger('shard', shard, 0, this.#peers.length - 1);
    return this.#peers[shard]!;
  }

  on(shard: number): Remote<Service> {
    return this.peer(shard).remote;
  }

  /** Resolves once no call to any of them is under way or waits. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.whenIdle()));
  }

  get all(): RemoteAll<Service> {
    return this.#all;
  }

  async #callAll(name: string, args: unknown[]): Promise<unknown[]> {
    const prepared = prepareEach(args, this.#peers.length);
    const outcomes = await Promise.allSettled(this.#peers.map((peer, at) => callNamed(peer, name, prepared[at]!)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    const values = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (failed === undefined) return values;
    // Nobody will see them.
    for (const value of values) releaseWithin(value);
    throw failed.reason;
  }
}

/** By name: shards of one group may serve their methods in different order. */
function callNamed(peer: Peer, name: string, prepared: Prepared): Promise<unknown> {
  const method = peer.address.methods.indexOf(name);
  if (method >= 0) return peer.callPrepared(method, prepared);
  discard(prepared);
  return Promise.reject(new TypeError(`${peer.name} serves no method ${name}`));
}

/** All chains of a value that has come from another shard. */
function releaseWithin(value: unknown): void {
  if (value instanceof IoBuf || value instanceof DmaBuffer) value.release();
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) for (const item of Object.values(value)) releaseWithin(item);
}
