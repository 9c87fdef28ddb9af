// The shards of one group, as a thread that may call them sees them.
import { checkInteger } from '../base/arguments.js';
import { discard, prepareEach } from '../rpc/client.js';
import type { PreparedCall } from '../rpc/client.js';
import { Peer } from '../rpc/peer.js';
import type { PeerAddress } from '../rpc/peer.js';
import type { ShardRef } from '../rpc/pending-calls.js';
import { releaseWithin } from '../rpc/release-within.js';
import { remoteByName, remoteOf } from '../rpc/remotes.js';
import type { Peers, Remote, RemoteAll, Service } from '../shard/remote.js';

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

  peer(index: number): Peer {
    checkInteger('index', index, 0, this.#peers.length - 1);
    return this.#peers[index]!;
  }

  shard(index: number): Remote<Service> {
    return this.peer(index).remote;
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
    // The other results have no reader.
    for (const value of values) releaseWithin(value);
    throw failed.reason;
  }
}

/** By name: shards of one group may serve their methods in different order. */
function callNamed(peer: Peer, name: string, prepared: PreparedCall): Promise<unknown> {
  const method = peer.address.methods.indexOf(name);
  if (method >= 0) return peer.callPrepared(method, prepared);
  discard(prepared);
  return Promise.reject(new TypeError(`${peer.name} serves no method ${name}`));
}
