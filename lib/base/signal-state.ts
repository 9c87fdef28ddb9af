// The state of an AbortSignal. It is read so that no code of the user runs, although the user may have defined getters on the signal.
import { getterOf } from './getters.js';

const abortedOf = getterOf(AbortSignal.prototype, 'aborted');
const reasonOf = getterOf(AbortSignal.prototype, 'reason');

/** Returns true for an AbortSignal that the runtime made, and false for an object that only inherits from the class. */
export function isAbortSignal(value: object): value is AbortSignal {
  try {
    abortedOf.call(value);
    return true;
  } catch {
    return false;
  }
}

export function isAborted(signal: AbortSignal): boolean {
  return abortedOf.call(signal) as boolean;
}

export function abortReason(signal: AbortSignal): unknown {
  return reasonOf.call(signal);
}
