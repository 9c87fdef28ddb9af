// State of this folder that changes while the thread runs.
import type { OpenListener } from './open-listener.js';
import type { Mover } from './moving.js';
import type { OpenSocket } from './open-socket.js';

export const state = {
  /** By index, the low bits of an id: connections of this shard whose end has not been told. */
  sockets: [] as (OpenSocket | undefined)[],
  /** Listeners by id. */
  listeners: new Map<number, OpenListener>(),
  /** By slot of the chain that is the input of a connection: the connection. */
  inputs: [] as (OpenSocket | undefined)[],
  /** Bytes that this shard may use; 0 while that has not been asked for. */
  budget: 0,
  /** Listeners and connections that are open, and what keeps the shard while there are any. */
  open: 0,
  letShardGo: undefined as (() => void) | undefined,
  /** Of these, the ones that keep the event loop alive. */
  held: 0,
  /** Number of connections of this shard, at `connectionCountAt`: other threads of its group read it. */
  connectionCounts: new Int32Array(1) as Int32Array,
  connectionCountAt: 0,
  /** Leads to the siblings of this shard; undefined on a thread that is in no group. */
  mover: undefined as Mover | undefined,
};
