// What the thread that starts a group and its workers tell each other, over a MessagePort of their own: only beginnings and
// ends; calls and bytes never come this way.
import type { MessagePort } from 'node:worker_threads';
import type { ShardOptions } from './attachment.js';
import type { ShardRef } from './calls.js';
import type { LeakReport } from './leaks.js';
import type { PeerAddress } from './peers.js';
import type { StallReport } from './stalls.js';

/** The first message on the worker's parentPort. */
export interface StartMessage {
  readonly corebuf: 'start';
  readonly module: string;
  readonly index: number;
  readonly options: ShardOptions;
  readonly maxInFlight: number;
  readonly starter: ShardRef;
  readonly port: MessagePort;
}

export type ToWorker =
  | { readonly type: 'topology'; readonly shards: readonly PeerAddress[] }
  | { readonly type: 'meet'; readonly shard: number; readonly address: PeerAddress }
  | { readonly type: 'drain' }
  | { readonly type: 'report'; readonly event: ReportedEvent }
  | { readonly type: 'end' };

export type FromWorker =
  | { readonly type: 'ready'; readonly address: PeerAddress }
  | { readonly type: 'failed'; readonly error: Record<string, unknown> }
  | { readonly type: 'joined' }
  | { readonly type: 'met' }
  | { readonly type: 'drained'; readonly activity: number };

export type ReportedEvent = 'stall' | 'leak';

/** Comes over the worker's parentPort: nobody waits for it. */
export interface ReportFromWorker {
  readonly corebuf: ReportedEvent;
  readonly report: StallReport | LeakReport;
}
