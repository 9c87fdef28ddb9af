// A log that counts the bytes that it was given: the examples of lib/ call it.
import { serve } from 'corebuf';
import type { IoBuf } from 'corebuf';

export const log = serve({
  append(_key: number, records: IoBuf): number {
    using mine = records;
    return mine.length;
  },
});

export type Log = typeof log;
