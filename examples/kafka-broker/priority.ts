// Who gets a processor first where there are fewer than busy threads. The clients of the demo would take all of a small machine, and a turn of the
// broker that waits for a processor counts as a long one: so they step back. They are elsewhere when a broker is used.
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const { PRIORITY_BELOW_NORMAL, PRIORITY_NORMAL } = constants.priority;

/** Gives the threads of this process what is left by others. */
export function stepBack(): void {
  setAll(PRIORITY_BELOW_NORMAL);
}

/** The same priority as any other program; false when that is not allowed, because this one was started by one that had stepped back. */
export function stepForward(): boolean {
  try {
    setAll(PRIORITY_NORMAL);
    return true;
  } catch {
    return false;
  }
}

/** On Linux each thread has a priority, and a new one that of the thread that starts it; elsewhere they have one together. */
function setAll(priority: number): void {
  if (process.platform !== 'linux') return setPriority(priority);
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), priority);
    } catch (error) {
      if (existsSync(`/proc/self/task/${thread}`)) throw error;
      // It has ended meanwhile.
    }
  }
}
