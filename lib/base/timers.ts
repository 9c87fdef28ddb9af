// Timers, ticks and the clock as they were when the package was loaded. Test frameworks replace the global ones by fakes that stand still. This
// package must not stand still, so no other file of lib/ uses the global ones.
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

// Constants, because a re-export would be looked up again, and could be a fake, at each use.
export const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;

/** Milliseconds on a clock that never goes back, with a fraction. */
export const now = performance.now.bind(performance);

type Callback = () => void;

// eslint-disable-next-line @typescript-eslint/unbound-method -- it uses no `this`
const { nextTick: tick } = process;
export const nextTick: (callback: Callback) => void = unlessFake(tick);
export const queueMicrotask: (callback: Callback) => void = unlessFake(globalThis.queueMicrotask);

/** Uses promises where a test framework has replaced `schedule` before the package was loaded (Jest's `fakeTimers.enableGlobally`). */
function unlessFake(schedule: (callback: Callback) => void): (callback: Callback) => void {
  return 'clock' in schedule ? (callback) => void Promise.resolve().then(callback) : schedule;
}
