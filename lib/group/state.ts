// State of this folder that changes while the thread runs.
import type { OpenListener } from '../net/open-listener.js';
import type { OpenSocket } from '../net/open-socket.js';
import type { ShardRef } from '../rpc/pending-calls.js';
import type { ServedConnection } from './connection-drain.js';
import type { Served } from './serve.js';
import type { ShardedValue } from './sharded-value.js';
import type { StoredValue } from './value-tree.js';

export const state = {
  /** The service of this thread, from the call of serve() on. */
  served: undefined as Promise<Served> | undefined,
  /** The same once the service is there. */
  ready: undefined as Served | undefined,
  /** Listeners of the group at ports that its shards share, as this shard has them, by number. */
  ports: new Map<number, OpenListener>(),
  /** Connections that this shard serves for its group. */
  connections: new WeakMap<OpenSocket, ServedConnection>(),
  /** The group closes. */
  isDraining: false,
  /** Number of the last listener of the groups of this thread, and the functions that report for each one that is open. */
  lastListener: 0,
  acceptReports: new Map<number, (error: Error) => void>(),
  /** Sharded values of this thread, one for each name. */
  shardedValues: new Map<string, ShardedValue<unknown>>(),
  values: {
    /** Encoded values by name. */
    stored: new Map<string, StoredValue>(),
    /** Functions that are called when a value is replaced, by its name. */
    listeners: new Map<string, () => void>(),
    /** Shards that this thread has started. */
    children: new Set<ShardRef>(),
    /** The thread that has started this one. */
    parent: undefined as ShardRef | undefined,
  },
};
