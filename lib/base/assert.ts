// Assertions that stay on in production. They are for invariants of this package alone: a caller's mistake is a TypeError or RangeError,
// and a failure of the system is a CorebufError.

/** Throws an Error when `condition` is false. `message` says which invariant should hold; it should be a constant, so that a check costs a branch. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}

/** A function of its own, so that assert() is small enough for V8 to inline. */
function fail(message: string): never {
  throw new Error(`corebuf has a bug, please report it: ${message}`);
}
