// A native call that finds the shard's budget spent has changed nothing, so it can be repeated. Before it fails, memory is given back: first
// the memory that this package keeps ready, then the memory that `onPressure` listeners release. Then the call is made once more.
import { native } from '../native/binding.js';
import { OUT_OF_MEMORY } from '../native/results.js';
import { assert } from '../base/assert.js';
import { setImmediate } from '../base/timers.js';
import { runUncaught } from '../base/uncaught.js';
import { state } from './state.js';

/** `wanted` is in bytes; `home` is the number of the shard whose budget is spent. */
export type PressureListener = (wanted: number, home: number) => void;
/** Tells other threads that this shard, whose number is `home`, has spent its budget. */
export type PressureTeller = (wanted: number, home: number) => void;

/** A handle of a chain that must not change while listeners run. */
interface Watched {
  readonly released: boolean;
  readonly length: number;
}

/** Returns a function that removes the listener. */
export function onPressure(listener: PressureListener): () => void {
  // A function of its own, so that a listener that was added twice is removed once.
  const added: PressureListener = (wanted, home) => listener(wanted, home);
  state.pressure.listeners.add(added);
  return () => state.pressure.listeners.delete(added);
}

/** `tell` is called once in a turn at most. Returns a function that ends this. */
export function onOwnPressure(tell: PressureTeller): () => void {
  state.pressure.tellers.add(tell);
  return () => state.pressure.tellers.delete(tell);
}

/** `giveBack` is called before listeners are; it releases what the package keeps ready for later use. */
export function addReclaimer(giveBack: () => void): void {
  state.pressure.reclaimers.push(giveBack);
}

/** `drop` is called before anything else is given back, and by trim(). It drops objects of V8 that are kept for later use. */
export function addCache(drop: () => void): void {
  state.pressure.caches.push(drop);
}

export function dropCaches(): void {
  for (const drop of state.pressure.caches) drop();
}

/** Gives back everything that this package keeps ready for later use. */
export function reclaim(): void {
  for (const giveBack of state.pressure.reclaimers) giveBack();
}

/**
 * Makes the native call, and repeats it once when it ran out of memory and some may have been given back. `chains` are the handles that the
 * call works on: when a listener changes one of them, the call is not repeated, because its arguments were checked before.
 */
export function retryAfterReclaim(call: () => number, ...chains: readonly Watched[]): number {
  const result = call();
  return result === OUT_OF_MEMORY && reclaimUnlessChanged(chains) ? call() : result;
}

/** relieve(), and false when a listener has changed one of these chains. */
export function reclaimUnlessChanged(chains: readonly Watched[]): boolean {
  const before = chains.map(lengthOrReleased);
  relieve();
  return chains.every((chain, at) => lengthOrReleased(chain) === before[at]);
}

function lengthOrReleased(chain: Watched): number {
  return chain.released ? -1 : chain.length;
}

/** Gives back the memory that can be given back. An allocation of a listener that fails calls no listeners again. */
export function relieve(): void {
  const wanted = native.lastRefused();
  const { attachment } = state;
  assert(attachment !== undefined, 'only a shard spends its budget');
  dropCaches();
  reclaim();
  native.releaseListed();
  tellHolders(wanted, attachment.id);
  callListeners(wanted, attachment.id);
}

/** The shard `home`, another one, has spent its budget: asks for its memory, if objects of this thread refer to some. */
export function relieveHome(wanted: number, home: number): void {
  if (state.attachment !== undefined && native.heldOf(home) > 0) callListeners(wanted, home);
}

function callListeners(wanted: number, home: number): void {
  const { pressure } = state;
  if (pressure.relieving) return;
  pressure.relieving = true;
  // A copy: a listener that removes and adds itself would be called for ever.
  for (const listener of [...pressure.listeners]) if (pressure.listeners.has(listener)) runUncaught(() => listener(wanted, home));
  pressure.relieving = false;
  native.releaseListed();
}

/** A cache that is full is under pressure at each of its allocations. */
function tellHolders(wanted: number, home: number): void {
  const { pressure } = state;
  if (pressure.told || pressure.tellers.size === 0) return;
  pressure.told = true;
  setImmediate(() => (pressure.told = false));
  for (const tell of pressure.tellers) tell(wanted, home);
}
