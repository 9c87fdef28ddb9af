// The file operations of this shard that are under way, by number. C++ calls settleAll() once a turn for all operations that have ended.
import { assert } from '../base/assert.js';
import { Handle } from '../buffer/handle.js';
import { constants, native } from '../native/binding.js';
import { incomingNumbers } from '../native/shared-areas.js';
import { state } from './state.js';

const { completionNumbers, completionOperation, completionResult } = constants;

export interface Operation {
  /** `result` is a number of bytes, or -errno; `data` the chain of a read that succeeded. Must not throw. */
  settle(result: number, data: Handle | undefined): void;
  /** Whether the operation is a read. */
  readonly reads: boolean;
}

/** Calls `start` with a number for the operation. `start` makes the native call; a negative result means that nothing has begun. */
export function begin(operation: Operation, start: (number: number) => number): number {
  const { operations, numbersFree } = state;
  const number = numbersFree.pop() ?? operations.length;
  operations[number] = operation;
  const result = start(number);
  if (result < 0) free(number);
  return result;
}

/** Called by C++. The area `incoming` holds the number and the result of each of `count` operations. Must not throw. */
export function settleAll(count: number): void {
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const number = incomingNumbers[ordinal * completionNumbers + completionOperation]!;
    const result = incomingNumbers[ordinal * completionNumbers + completionResult]!;
    const operation = state.operations[number];
    assert(operation !== undefined, 'an operation that ends is under way');
    free(number);
    operation.settle(result, operation.reads && result >= 0 ? claimRead(ordinal) : undefined);
  }
}

function free(number: number): void {
  state.operations[number] = undefined;
  state.numbersFree.push(number);
}

function claimRead(ordinal: number): Handle {
  const data = new Handle();
  native.claimRead(ordinal, data.slot('chain'));
  return data;
}
