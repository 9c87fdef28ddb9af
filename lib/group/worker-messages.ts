// Messages between the thread that starts a group and its workers, over a MessagePort of their own. They are about beginnings and ends
// only; calls and bytes never come this way.
import type { MessagePort } from 'node:worker_threads';
import type { PeerAddress } from '../rpc/peer.js';
import type { ShardRef } from '../rpc/pending-calls.js';
import type { ShardOptions } from '../shard/attach.js';
import type { LeakReport } from '../shard/leaks.js';
import type { StallReport } from '../shard/stalls.js';

/** The first message on the worker's parentPort. */
export interface StartMessage {
  readonly corebuf: 'start';
  readonly module: string;
  readonly index: number;
  readonly options: ShardOptions;
  readonly maxInFlight: number;
  readonly starter: ShardRef;
  /** Number of connections of each shard, by index, in shared memory. */
  readonly connections: Int32Array;
  readonly port: MessagePort;
}

/** An error as plain data (rpc/error-codec.ts). */
export type EncodedError = Record<string, unknown>;

/** The shard whose number is `home` has spent its budget, and asks for `wanted` bytes. It has no answer. */
export interface SpentBudget {
  readonly type: 'spentBudget';
  readonly wanted: number;
  readonly home: number;
}

export type ToWorker =
  /** All shards of the group. Answered with 'joined'. */
  | { readonly type: 'topology'; readonly shards: readonly PeerAddress[] }
  /** A shard has ended: of an error, or with an exit code. */
  | { readonly type: 'peerEnded'; readonly shard: number; readonly error: EncodedError | undefined; readonly code: number }
  /** A shard has been started again. Answered with 'updated'. */
  | { readonly type: 'updatePeer'; readonly shard: number; readonly address: PeerAddress }
  /** Reads no connection any more. */
  | { readonly type: 'stopReading' }
  /** Ends the input of all connections. Answered with 'connectionsEnded' once they have closed. */
  | { readonly type: 'endConnections' }
  /** Answered with 'drained' once no call from or to the worker is under way. */
  | { readonly type: 'drain' }
  /** Runs the clean-up of the service. Answered with 'cleanedUp'. */
  | { readonly type: 'cleanUp' }
  /** Sends reports of that kind from now on. */
  | { readonly type: 'report'; readonly event: ReportedEvent }
  | SpentBudget
  | { readonly type: 'end' };

export type FromWorker =
  | { readonly type: 'ready'; readonly address: PeerAddress }
  | { readonly type: 'failed'; readonly error: EncodedError }
  | { readonly type: 'joined' }
  | { readonly type: 'updated' }
  | { readonly type: 'drained'; readonly activity: number }
  | { readonly type: 'connectionsEnded' }
  | SpentBudget
  | { readonly type: 'cleanedUp'; readonly error: EncodedError | undefined };

/** Events of a shard that its group emits as well. */
export type ReportedEvent = 'stall' | 'leak' | 'pressure';

/** A report of a worker. It is sent over the worker's parentPort, and has no answer. */
export interface ReportFromWorker {
  readonly corebuf: ReportedEvent;
  readonly report: StallReport | LeakReport | number;
}
