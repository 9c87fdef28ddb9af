// The shards that this one can call: typed remotes, with a bound on how many requests are under way to each.
import { checkInteger } from './checks.js';
import { discard, prepare, request, requestPrepared } from './calls.js';
import type { Prepared, ShardRef, Tracker } from './calls.js';
import { shardGone } from './errors.js';
import { DmaBuffer } from './dma-buffer.js';
import { IoBuf } from './iobuf.js';

export type Service = Record<string, (...args: never[]) => unknown>;
export type Remote<S> = { [K in keyof S]: S[K] extends (...a: infer A) => infer R ? (...a: A) => Promise<Awaited<R>> : never };
export type RemoteAll<S> = { [K in keyof S]: S[K] extends (...a: infer A) => infer R ? (...a: A) => Promise<Awaited<R>[]> : never };

/** Shards to call, by their index in the group. */
export interface Peers<S> {
  readonly size: number;
  /** Which of them this shard is; undefined on the thread that started the group. */
  readonly index: number | undefined;
  /** A method of one shard. Chains among the arguments move there; the result's move here. */
  on(shard: number): Remote<S>;
  /** A method of every shard. Chains among the arguments are shared with each and stay the caller's. */
  readonly all: RemoteAll<S>;
}

export interface PeerAddress extends ShardRef {
  readonly methods: readonly string[];
}

export const IN_FLIGHT_DEFAULT = 1024;

interface Queued {
  readonly method: number;
  readonly prepared: Prepared;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Call = (...args: unknown[]) => Promise<unknown>;

/** One other shard. Requests beyond `maxInFlight` wait here, in order, with their arguments already taken over. */
export class Peer implements Tracker {
  readonly address: PeerAddress;
  readonly name: string;
  readonly remote: Remote<Service>;
  readonly #maxInFlight: number;
  readonly #queue: Queued[] = [];
  readonly #idleListeners: (() => void)[] = [];
  #inFlight = 0;

  constructor(address: PeerAddress, index: number, maxInFlight: number) {
    this.address = address;
    this.name = `shard ${index} of the group`;
    this.#maxInFlight = maxInFlight;
    this.remote = remoteOf(address.methods, (method) => (...args) => this.call(method, args));
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves once no call to it is under way or waits. */
  whenIdle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  #isIdle(): boolean {
    return this.#inFlight === 0 && this.#queue.length === 0;
  }

  /** Never throws: what is wrong with the arguments is the promise's to say. */
  call(method: number, args: readonly unknown[]): Promise<unknown> {
    try {
      if (this.#inFlight < this.#maxInFlight) return request(this.address, method, args, this);
      const prepared = prepare(args);
      return new Promise((resolve, reject) => this.#queue.push({ method, prepared, resolve, reject }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sent(): void {
    this.#inFlight++;
  }

  settled(): void {
    this.#inFlight--;
    if (this.#queue.length > 0) this.#sendQueued();
    if (this.#idleListeners.length > 0 && this.#isIdle()) for (const listener of this.#idleListeners.splice(0)) listener();
  }

  #sendQueued(): void {
    while (this.#inFlight < this.#maxInFlight) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      try {
        requestPrepared(this.address, next.method, next.prepared, this).then(next.resolve, next.reject);
      } catch (error) {
        discard(next.prepared);
        next.reject(error);
      }
    }
  }

  /** It has ended: what still waits to be sent fails. */
  gone(): void {
    for (const queued of this.#queue.splice(0)) {
      discard(queued.prepared);
      queued.reject(shardGone(this.name));
    }
  }
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

  constructor(addresses: readonly PeerAddress[], index: number | undefined, maxInFlight: number) {
    this.index = index;
    this.#peers = addresses.map((address, at) => new Peer(address, at, maxInFlight));
    this.#all = remoteOf(addresses[0]?.methods ?? [], (_, name) => (...args) => this.#callAll(name, args)) as unknown as RemoteAll<Service>;
  }

  get size(): number {
    return this.#peers.length;
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

  /** By name: shards of one group may serve their methods in different order. */
  async #callAll(name: string, args: unknown[]): Promise<unknown[]> {
    const shares: (IoBuf | DmaBuffer)[] = [];
    let calls: Promise<unknown>[];
    try {
      const argsOfEach = this.#peers.map(() => args.map((value) => shareDeep(value, shares)));
      calls = this.#peers.map((peer, at) => peer.call(peer.address.methods.indexOf(name), argsOfEach[at]!));
    } finally {
      // What was sent has moved; what was not is nobody else's.
      for (const share of shares) share.release();
    }
    return Promise.all(calls);
  }
}

/** The same value with a new reference, added to `shares`, in place of every chain. */
function shareDeep(value: unknown, shares: (IoBuf | DmaBuffer)[]): unknown {
  if (value instanceof IoBuf || value instanceof DmaBuffer) {
    const share = value.share();
    shares.push(share);
    return share;
  }
  if (Array.isArray(value)) return value.map((item) => shareDeep(item, shares));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shareDeep(item, shares)]));
}

