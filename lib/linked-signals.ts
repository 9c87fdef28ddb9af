// AbortSignals that came with a request, at the callee: each ends when the caller's does, and is forgotten once the request is answered.

const LIMIT = 0x1_0000_0000;
const controllers = new Map<number, AbortController>();

/** A request as both sides know it: who asks, and the number of the call there, which is not used again before the answer is back. */
export type CallKey = number;

export function callKey(from: number, number: number): CallKey {
  return from * LIMIT + number;
}

export function link(key: CallKey): AbortController {
  const controller = new AbortController();
  controllers.set(key, controller);
  return controller;
}

/** The caller has ended the call. It may have been answered meanwhile. */
export function abortLinked(key: CallKey, reason: unknown): void {
  controllers.get(key)?.abort(reason);
}

/** A shard may have ended and another have its number, and call with the same: only what is `controller` goes. */
export function unlink(key: CallKey, controller: AbortController): void {
  if (controllers.get(key) === controller) controllers.delete(key);
}

/** Requests with a signal that are not answered yet. */
export function linkedCount(): number {
  return controllers.size;
}
