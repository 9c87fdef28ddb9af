// Waiting for what another thread or the kernel is about to do: turn after turn, never for a length of time.
const PATIENCE_MS = 20_000;

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves in the turn in which `condition` holds; fails with what `describe` says when it never does. */
export async function until(condition: () => boolean | Promise<boolean>, describe: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${describe()}`);
    await turn();
  }
}
