// Expectations of errors.
import type { ErrorCode } from 'corebuf';

/** For toThrow() and rejects: an error of this package. */
export function corebufError(code: ErrorCode): unknown {
  return expect.objectContaining({ name: 'CorebufError', code });
}

/** Returns the error that `run` throws. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

export function expectCode(run: () => unknown, code: ErrorCode): void {
  expect(thrownBy(run)).toEqual(corebufError(code));
}

/** The programmer's mistakes, with Node's own codes. */
export function expectTypeError(run: () => unknown): void {
  expect(thrownBy(run)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
}

export function expectRangeError(run: () => unknown): void {
  expect(thrownBy(run)).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
}
