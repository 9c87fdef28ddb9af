// Calls that were sent and wait for their answers, by number. A number is used for another call only after its answer has arrived, even when the
// caller has given the call up before.
import { assert } from '../base/assert.js';
import type { ShardEnd } from '../base/errors.js';
import { state } from './state.js';

/** Another shard. Its number may be given to a later shard, which then has another incarnation. */
export interface ShardRef {
  readonly id: number;
  readonly incarnation: number;
}

/** Counts the calls to one shard. */
export interface Tracker {
  /** Name of the shard in error messages. */
  readonly name: string;
  sent(): void;
  /** A call was answered, or given up by its caller. */
  settled(): void;
  /** Resolves with how the shard has ended; undefined when this thread does not learn of it soon. */
  endOf(shard: ShardRef): Promise<ShardEnd | undefined>;
}

/** A tracker for calls of this package itself, which have no limit. */
export function untracked(name: string): Tracker {
  return { name, sent: () => undefined, settled: () => undefined, endOf: () => Promise.resolve(undefined) };
}

export interface PendingCall {
  readonly to: ShardRef;
  readonly tracker: Tracker;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Forgets the listener of the signal, if there is one. */
  forgetSignal: (() => void) | undefined;
  /** The promise of the caller has been rejected already. */
  abandoned: boolean;
}

export function takeNumber(): number {
  return state.freeNumbers.pop() ?? state.pendingCalls.push(undefined) - 1;
}

export function freeNumber(number: number): void {
  state.freeNumbers.push(number);
}

/** Takes the call out of the list; its number is free then. */
export function takePendingCall(number: number): PendingCall {
  const call = state.pendingCalls[number];
  assert(call !== undefined, 'an answer has the number of a call that waits for it');
  state.pendingCalls[number] = undefined;
  freeNumber(number);
  return call;
}
