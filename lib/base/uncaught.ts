// Calls of functions of the user from places that must not throw.
import { nextTick } from './timers.js';

/** Calls `call`. An error that it throws becomes an uncaught exception of the process, and does not reach the caller. */
export function runUncaught(call: () => void): void {
  try {
    call();
  } catch (error) {
    nextTick(() => {
      throw error;
    });
  }
}
