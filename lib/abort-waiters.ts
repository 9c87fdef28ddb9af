// Who waits for an AbortSignal. However many operations share a signal, it has one listener of ours, and none once they have ended:
// listeners of an event target are a list, from which removing one of thousands takes long.
import { guarded } from './guarded.js';

export type Stop = (reason: unknown) => void;

interface Waiting {
  readonly stops: Set<Stop>;
  readonly listener: () => void;
}

const bySignal = new WeakMap<AbortSignal, Waiting>();

/** Calls `stop` once, when `signal`, which is not aborted yet, is; returns what makes it forget that. */
export function onAbort(signal: AbortSignal, stop: Stop): () => void {
  const waiting = bySignal.get(signal) ?? listen(signal);
  waiting.stops.add(stop);
  return () => {
    if (!waiting.stops.delete(stop) || waiting.stops.size > 0 || bySignal.get(signal) !== waiting) return;
    bySignal.delete(signal);
    // The signal may be somebody's own; who ends must not be kept from it.
    guarded(() => signal.removeEventListener('abort', waiting.listener));
  };
}

function listen(signal: AbortSignal): Waiting {
  const stops = new Set<Stop>();
  const listener = (): void => {
    bySignal.delete(signal);
    const reason: unknown = signal.reason;
    for (const stop of stops) stop(reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  const waiting = { stops, listener };
  bySignal.set(signal, waiting);
  return waiting;
}
