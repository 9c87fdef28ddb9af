// State of this folder that changes while the thread runs.
import type { Encoder } from './encoder.js';
import type { PendingCall } from './pending-calls.js';
import type { CallKey } from './remote-signals.js';
import type { ServedStream } from './served-streams.js';
import type { Handler } from './server.js';
import type { BlockedPeer } from './traffic.js';

export const state = {
  /** An encoder that belongs to no call at the moment. */
  spareEncoder: undefined as Encoder | undefined,
  /** Calls that were sent and not answered, by number, and the numbers that are free. */
  pendingCalls: [] as (PendingCall | undefined)[],
  freeNumbers: [] as number[],
  /** Functions that answer requests, by the number of the method. */
  handlers: new Map<number, Handler>(),
  /** Controllers of the signals that came with requests. */
  controllers: new Map<CallKey, AbortController>(),
  traffic: {
    /** Requests that this shard sent and that are not answered yet. */
    awaited: 0,
    /** Requests that this shard received and has not answered yet. */
    unanswered: 0,
    /** Calls that are encoded, and neither sent nor discarded yet. */
    queued: 0,
    /** Requests that were ever sent or received. */
    activity: 0,
    /** Peers with calls that wait for room. */
    blocked: new Set<BlockedPeer>(),
    timer: undefined as NodeJS.Timeout | undefined,
    idleListeners: [] as (() => void)[],
  },
  /** Streams that are read by other shards, by number. */
  servedStreams: new Map<number, ServedStream>(),
  lastStream: 0,
};
