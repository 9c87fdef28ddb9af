// Waiting for AbortSignals. However many operations share a signal, it has one listener of this package, and none once all of them have ended:
// an event target keeps its listeners in a list, so removing one of thousands is slow.
import { state } from './state.js';
import type { Stop, Waiting } from './state.js';
import { runUncaught } from './uncaught.js';

/**
 * Calls `stop` once, when `signal` is aborted. The signal must not be aborted yet, and `stop` must not throw. Returns a function that
 * cancels this; it may be called at any time.
 */
export function onAbort(signal: AbortSignal, stop: Stop): () => void {
  const waiting = state.waitingFor.get(signal) ?? listenTo(signal);
  // Another function, because the same `stop` may be added twice, and must then be called twice.
  const added: Stop = (reason) => stop(reason);
  waiting.stops.add(added);
  return () => {
    if (waiting.stops.delete(added) && waiting.stops.size === 0) stopListening(signal, waiting);
  };
}

/** Settles as `work` does. When the signal is aborted before that, calls `stop` and rejects with the signal's reason. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, stop?: () => void): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = (reason: unknown): void => {
      stop?.();
      reject(reason);
    };
    if (signal.aborted) return abort(signal.reason);
    const forget = onAbort(signal, abort);
    work.finally(forget).then(resolve, reject);
  });
}

function listenTo(signal: AbortSignal): Waiting {
  const stops = new Set<Stop>();
  const listener = (): void => {
    state.waitingFor.delete(signal);
    const reason: unknown = signal.reason;
    // A `stop` that an earlier one has cancelled is not called: the loop skips deleted entries.
    for (const stop of stops) stop(reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  const waiting = { stops, listener };
  state.waitingFor.set(signal, waiting);
  return waiting;
}

function stopListening(signal: AbortSignal, waiting: Waiting): void {
  if (state.waitingFor.get(signal) !== waiting) return;
  state.waitingFor.delete(signal);
  // The signal may be an object of the user, and an error of its methods must not keep the operation from ending.
  runUncaught(() => signal.removeEventListener('abort', waiting.listener));
}
