// Work that may take only so long.
import { CorebufError } from '../base/errors.js';
import { clearTimeout, setTimeout } from '../base/timers.js';

/** Settles as `work` does, or fails with ERR_TIMEOUT after `milliseconds`. Undefined waits without end. `what` names the work in the error. */
export async function withinTime<T>(work: Promise<T>, milliseconds: number | undefined, what: string): Promise<T> {
  if (milliseconds === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new CorebufError('ERR_TIMEOUT', `${what} took longer than ${milliseconds} ms`));
    timer = setTimeout(fail, milliseconds);
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
