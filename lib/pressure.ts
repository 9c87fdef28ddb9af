// What happens when a shard's budget is spent, before anybody hears of it: what was released is really given back, whoever listens may
// release more, and the call is made once more. Native calls that run out of memory have changed nothing, so they can be repeated.
import { native } from './native.js';
import { OUT_OF_MEMORY } from './errors.js';
import { guarded } from './guarded.js';
import type { Handle } from './handle.js';

export type PressureListener = (wanted: number) => void;

const listeners = new Set<PressureListener>();
const reclaimers: (() => void)[] = [];
let relieving = false;

/** Returns a function that removes the listener. */
export function onPressure(listener: PressureListener): () => void {
  const added: PressureListener = (wanted) => listener(wanted);
  listeners.add(added);
  return () => listeners.delete(added);
}

/** For what this package itself keeps ready: given up before anybody is asked. */
export function reclaimWith(reclaim: () => void): void {
  reclaimers.push(reclaim);
}

/** Makes the call, which is about these chains, and once more when memory ran out and there was something to give back. */
export function attempt(call: () => number, ...about: readonly Handle[]): number {
  const result = call();
  return result === OUT_OF_MEMORY && relieveKeeping(about) ? call() : result;
}

/** relieve(), and false when a listener has changed one of these chains: arguments that were checked before it no longer hold. */
export function relieveKeeping(chains: readonly Handle[]): boolean {
  const before = chains.map(lengthOrGone);
  relieve();
  return chains.every((chain, at) => lengthOrGone(chain) === before[at]);
}

function lengthOrGone(chain: Handle): number {
  return chain.released ? -1 : chain.length;
}

/** Gives back what can be given back. What a listener allocates in turn brings no further relief. */
export function relieve(): void {
  const wanted = native.lastRefused();
  for (const reclaim of reclaimers) reclaim();
  native.releaseListed();
  if (relieving) return;
  relieving = true;
  // A copy: who takes himself off and on again would be asked for ever.
  for (const listener of [...listeners]) if (listeners.has(listener)) guarded(() => listener(wanted));
  relieving = false;
  native.releaseListed();
}
