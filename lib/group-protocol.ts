// What the thread that starts a group and its workers tell each other, over a MessagePort of their own: only beginnings and
// ends; calls and bytes never come this way.
import type { MessagePort } from 'node:worker_threads';
import type { ShardOptions } from './attachment.js';
import type { PeerAddress } from './peers.js';

/** The first message on the worker's parentPort. */
export interface StartMessage {
  readonly corebuf: 'start';
  readonly module: string;
  readonly index: number;
  readonly options: ShardOptions;
  readonly maxInFlight: number;
  readonly port: MessagePort;
}

export type ToWorker =
  | { readonly type: 'topology'; readonly shards: readonly PeerAddress[] }
  | { readonly type: 'drain' }
  | { readonly type: 'end' };

export type FromWorker =
  | { readonly type: 'ready'; readonly address: PeerAddress }
  | { readonly type: 'failed'; readonly error: Record<string, unknown> }
  | { readonly type: 'joined' }
  | { readonly type: 'drained'; readonly activity: number };
