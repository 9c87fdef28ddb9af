// Long work in slices. One slice of about SLICE µs is done per pass of the event loop, however many pieces of work there are:
// they take turns. Timers, sockets and messages of other shards come between.
import { checkOptions, checkSignal } from './checks.js';

export interface SliceOptions {
  /** Stops the work; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** Works for so many µs; true when nothing is left to do. */
export type Step = (microseconds: number) => boolean;

interface Work {
  readonly step: Step;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  settled: boolean;
}

const SLICE = 300;
/** Less is not worth a call. */
const SLICE_LEAST = 20;

const waiting: Work[] = [];
let scheduled = false;

export function checkSliceOptions(options: SliceOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkOptions('options', options);
  const { signal } = options;
  checkSignal('options.signal', signal);
  signal?.throwIfAborted();
  return signal;
}

/** Resolves when `step` says that all is done; rejected with what it throws, or the signal's reason. It is not called again then. */
export function inSlices(step: Step, signal?: AbortSignal): Promise<void> {
  let work: Work;
  const done = new Promise<void>((resolve, reject) => {
    work = { step, resolve, reject, settled: false };
  });
  const result = untilAborted(done, signal, () => (work.settled = true));
  waiting.push(work!);
  schedule();
  return result;
}

/** What `work` comes to, or the signal's reason when that is earlier. */
export function untilAborted(work: Promise<void>, signal: AbortSignal | undefined, stop?: () => void): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stop?.();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', abort);
    work.finally(forget).then(resolve, reject);
  });
}

function schedule(): void {
  if (scheduled || waiting.length === 0) return;
  scheduled = true;
  setImmediate(pass);
}

function pass(): void {
  const end = performance.now() + SLICE / 1000;
  for (let left = SLICE; left >= SLICE_LEAST && waiting.length > 0; left = Math.floor((end - performance.now()) * 1000)) {
    const work = waiting.shift()!;
    if (!work.settled) advance(work, left);
    if (!work.settled) waiting.push(work);
  }
  scheduled = false;
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
