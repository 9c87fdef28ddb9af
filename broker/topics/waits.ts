// Waits that tell by a call, and the first of several.

/** Begins a wait, which calls `told` once at most, perhaps before it returns. Returns what ends it; harmless when it has told. */
export type Wait = (told: () => void) => () => void;

/** Tells when the first of `waits` tells, and ends the others, or does not begin them. */
export function firstOf(waits: readonly Wait[]): Wait {
  return (told) => {
    const ends: (() => void)[] = [];
    let isOver = false;
    const end = (): void => {
      isOver = true;
      for (const each of ends) each();
    };
    const tell = (): void => {
      if (isOver) return;
      end();
      told();
    };
    for (const begin of waits) {
      if (isOver) break;
      ends.push(begin(tell));
    }
    return end;
  };
}

/** Tells when `signal` is aborted. */
export function aborted(signal: AbortSignal): Wait {
  return (told) => {
    if (signal.aborted) told();
    else signal.addEventListener('abort', told);
    return () => signal.removeEventListener('abort', told);
  };
}

/** Tells after so many milliseconds. */
export function after(milliseconds: number): Wait {
  return (told) => {
    const timer = setTimeout(told, milliseconds);
    return () => clearTimeout(timer);
  };
}
