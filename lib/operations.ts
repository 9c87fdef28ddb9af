// File operations that are under way on this shard, and the one callback per turn that settles them.
import { native } from './native.js';
import { incomingNumbers } from './exchange.js';
import { Handle } from './handle.js';

export interface Operation {
  /** Bytes, or -errno. A read's chain is in `data`. */
  settle(result: number, data: Handle | undefined): void;
  readonly reads: boolean;
}

const operations: (Operation | undefined)[] = [];
const numbersFree: number[] = [];

/** `start` gets the number and calls native code; when that returns below 0 nothing has begun. */
export function begin(operation: Operation, start: (number: number) => number): number {
  const number = numbersFree.pop() ?? operations.length;
  operations[number] = operation;
  const result = start(number);
  if (result < 0) {
    operations[number] = undefined;
    numbersFree.push(number);
  }
  return result;
}

/** Called by C++ with a batch in `incoming`; must not throw. */
function settleAll(count: number): void {
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const number = incomingNumbers[ordinal * 2]!;
    const result = incomingNumbers[ordinal * 2 + 1]!;
    const operation = operations[number]!;
    operations[number] = undefined;
    numbersFree.push(number);
    let data: Handle | undefined;
    if (operation.reads && result >= 0) {
      data = new Handle();
      native.claimRead(ordinal, data.slot('chain'));
    }
    operation.settle(result, data);
  }
}

native.onCompletions(settleAll);
