// Every shard of a group listens at the same port, and the kernel spreads connections over them.
import { shardGone } from '../base/errors.js';
import type { Address } from '../net/open-socket.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import type { Acceptor, GroupShards, SharedListen } from './accepting.js';

export class PortSharing implements Acceptor {
  readonly address: Address;
  readonly #number: number;
  readonly #options: SharedListen;
  readonly #shards: GroupShards;
  /** Incarnations of the shards that listen, by index. */
  readonly #listening = new Map<number, number>();

  private constructor(number: number, options: SharedListen, shards: GroupShards, address: Address) {
    this.#number = number;
    this.#shards = shards;
    this.address = address;
    this.#options = { ...options, place: { ...options.place, port: address.port } };
  }

  /** The first shard may choose the port; the others take the same. @throws as Listener.open(); ERR_SHARD_GONE */
  static async open(number: number, options: SharedListen, shards: GroupShards): Promise<PortSharing> {
    const [first] = shards.living();
    if (first === undefined) throw shardGone('every shard of the group');
    const { incarnation } = shards.peer(first).address;
    const address = (await shards.peer(first).call(SYSTEM_METHODS.listen, [number, options])) as Address;
    const shared = new PortSharing(number, options, shards, address);
    shared.#listening.set(first, incarnation);
    try {
      await shared.catchUp();
      return shared;
    } catch (error) {
      await shared.close();
      throw error;
    }
  }

  async restarted(index: number): Promise<void> {
    const peer = this.#shards.peer(index);
    const { incarnation } = peer.address;
    if (this.#listening.get(index) === incarnation) return;
    this.#listening.set(index, incarnation);
    await peer.call(SYSTEM_METHODS.listen, [this.#number, this.#options]);
  }

  async catchUp(): Promise<void> {
    await Promise.all(this.#shards.living().map((index) => this.restarted(index)));
  }

  /** A shard that has ended listens no more. */
  async close(): Promise<void> {
    const calls = this.#shards.living().map((index) => this.#shards.peer(index).call(SYSTEM_METHODS.unlisten, [this.#number]));
    await Promise.allSettled(calls);
  }
}
