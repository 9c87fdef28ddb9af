// AbortSignals that end calls, at the caller: any number of calls may share one signal, which has one listener as long as some wait.

interface Listening {
  readonly stops: Set<() => void>;
  readonly fire: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls `stop` when the signal, which has not ended yet, does. Returns what takes it back. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  const { stops, fire } = listenerOf(signal);
  if (stops.size === 0) signal.addEventListener('abort', fire);
  // A function of its own, or the same one given twice would count once.
  const added = (): void => stop();
  stops.add(added);
  return () => {
    if (stops.delete(added) && stops.size === 0) signal.removeEventListener('abort', fire);
  };
}

function listenerOf(signal: AbortSignal): Listening {
  const known = listening.get(signal);
  if (known !== undefined) return known;
  const stops = new Set<() => void>();
  const fire = (): void => {
    const all = [...stops];
    stops.clear();
    signal.removeEventListener('abort', fire);
    for (const stop of all) stop();
  };
  const made = { stops, fire };
  listening.set(signal, made);
  return made;
}
