// How a group listens: what its listeners, the shards and the thread that started them agree on.
import { typeError } from '../base/arguments.js';
import type { Address } from '../net/open-socket.js';
import type { checkedListen } from '../net/options.js';
import type { Peer } from '../rpc/peer.js';

/** Name of the method that a service has for connections. */
export const CONNECTION_METHOD = 'connection';

/** Options of a listener as shards are told them. */
export type SharedListen = Omit<ReturnType<typeof checkedListen>, 'signal'>;

/** The shards of a group, as its listeners see them. */
export interface GroupShards {
  /** Indexes of the shards that can be called. */
  living(): number[];
  peer(index: number): Peer;
  /** Number of connections that each shard has, by index. The shards count them. */
  readonly connections: Int32Array;
}

/** One way of accepting. */
export interface Acceptor {
  readonly address: Address;
  /** The shard at `index` is served again. */
  restarted(index: number): Promise<void>;
  /** Shards that were served again before restarted() was called for this acceptor are told now. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

/** @throws TypeError */
export function checkServesConnections(what: string, methods: readonly string[]): void {
  if (methods.includes(CONNECTION_METHOD)) return;
  throw typeError(`${what}: the service of the group must have a method '${CONNECTION_METHOD}', which is called with each connection; it has ${methods.join(', ')}`);
}
