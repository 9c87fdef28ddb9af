// Runs long work in slices, so that timers, sockets and messages of other shards are served between them. All works together get about SLICE
// microseconds in each pass of the event loop; they take turns.
import { untilAborted } from './abort.js';
import { checkNames, checkOptions, checkSignal } from './arguments.js';
import { state } from './state.js';
import type { Step, Work } from './state.js';
import { now, setImmediate } from './timers.js';

/** Options of the methods of IoBuf that work in slices; their names end in Async. */
export interface SliceOptions {
  /** Stops the work: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Microseconds of work in one pass of the event loop. */
const SLICE = 300;
/** Microseconds that must be left for another step; a shorter step is not worth its call. */
const SLICE_LEAST = 20;

/** Checks options and returns their signal. @throws TypeError; the reason of a signal that is aborted already. */
export function checkSliceOptions(options: SliceOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkOptions('options', options);
  checkNames('options', options, ['signal']);
  const { signal } = options;
  checkSignal('options.signal', signal);
  signal?.throwIfAborted();
  return signal;
}

/** Calls `step` until it returns true, and then resolves. Rejects with an error that it throws, or with the signal's reason. */
export function inSlices(step: Step, signal?: AbortSignal): Promise<void> {
  let work: Work;
  const done = new Promise<void>((resolve, reject) => {
    work = { step, resolve, reject, settled: false };
  });
  const result = untilAborted(done, signal, () => (work.settled = true));
  state.slices.waiting.push(work!);
  schedule();
  return result;
}

function schedule(): void {
  const { slices } = state;
  if (slices.scheduled || slices.waiting.length === 0) return;
  slices.scheduled = true;
  setImmediate(pass);
}

function pass(): void {
  const { waiting } = state.slices;
  const end = now() + SLICE / 1000;
  for (let left = SLICE; left >= SLICE_LEAST && waiting.length > 0; left = Math.floor((end - now()) * 1000)) {
    const work = waiting.shift()!;
    if (!work.settled) advance(work, left);
    if (!work.settled) waiting.push(work);
  }
  state.slices.scheduled = false;
  schedule();
}

function advance(work: Work, microseconds: number): void {
  try {
    if (!work.step(microseconds)) return;
    work.resolve();
  } catch (error) {
    work.reject(error);
  }
  work.settled = true;
}
