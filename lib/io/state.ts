// State of this folder that changes while the thread runs.
import type { IoClass } from './io-class.js';
import type { Operation } from './pending-operations.js';

export const state = {
  /** File operations that are under way, by number; undefined where a number is free. */
  operations: [] as (Operation | undefined)[],
  /** Numbers below operations.length that are free. */
  numbersFree: [] as number[],
  /** Classes that this thread has named. */
  classes: new Map<string, IoClass>(),
  /** The threads were reported to stand in for io_uring. */
  fallbackReported: false,
};
