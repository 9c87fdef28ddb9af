// Calls of what others have given us, from places that must not throw.

/** What it throws is its own, not ours: it goes where uncaught errors go. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
