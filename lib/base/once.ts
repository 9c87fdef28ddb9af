// Effects that must happen once per thread, although several entry points install them.

/** Returns a function that runs `effect` at its first call and does nothing at later calls. */
export function once(effect: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    effect();
  };
}
