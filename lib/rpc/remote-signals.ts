// AbortSignals that came with requests, on the callee's side. Each is aborted when the caller's is, and forgotten once the request is answered.
import { state } from './state.js';

const LIMIT = 0x1_0000_0000;

/** Key of a request on both shards: the calling shard, and the number of the call there, which is not used again before its answer arrives. */
export type CallKey = number;

export function callKey(from: number, number: number): CallKey {
  return from * LIMIT + number;
}

export function link(key: CallKey): AbortController {
  const controller = new AbortController();
  state.controllers.set(key, controller);
  return controller;
}

/** Aborts the signal of that request, unless it has been answered. */
export function abortLinked(key: CallKey, reason: unknown): void {
  state.controllers.get(key)?.abort(reason);
}

/** Forgets the controller. A shard that has ended may have a successor with the same number, whose call has the same key: its controller stays. */
export function unlink(key: CallKey, controller: AbortController): void {
  if (state.controllers.get(key) === controller) state.controllers.delete(key);
}

/** Number of requests with a signal that are not answered yet. */
export function linkedCount(): number {
  return state.controllers.size;
}
