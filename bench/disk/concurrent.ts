// Work by several callers at a time, each of which goes on as soon as it is done.
import type { Work } from '../harness/suite.js';

export function concurrent(callers: number, once: () => Promise<unknown>): Work {
  return async (count) => {
    let left = count;
    const caller = async (): Promise<void> => {
      while (left-- > 0) await once();
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };
}
