// Errors of calls with the place where the caller awaits them, as those of fs.promises have it. The stack of an `await` exists only in a
// microtask of the promise that is awaited: so a call that fails is resolved with the promise of an async function, which looks at its
// own stack once that promise is linked to the caller's. Calls that succeed cost nothing more.
import { codeFolder } from '../base/code-folder.js';
import { shardGone } from '../base/errors.js';
import type { ShardRef, Tracker } from './pending-calls.js';

/** Fails with `error`, whose stack then ends where the caller awaits this promise. */
export async function rejectionAtCaller(error: unknown): Promise<never> {
  // One microtask until the promise of the call follows this one; then the stack leads from here to the caller.
  await microtask();
  await microtask();
  if (error instanceof Error) addFrames(error, framesHere());
  throw error;
}

/** Fails with ERR_SHARD_GONE, which says how the shard has ended. */
export async function shardGoneAtCaller(tracker: Tracker, shard: ShardRef): Promise<never> {
  const end = await tracker.endOf(shard);
  await microtask();
  const error = shardGone(tracker.name, end);
  const [head] = String(error.stack).split('\n    at ', 1);
  setStack(error, head!);
  addFrames(error, framesHere());
  throw error;
}

function microtask(): Promise<void> {
  return Promise.resolve();
}

/** The lines of the present stack that are not about this package. */
function framesHere(): string[] {
  const { stackTraceLimit } = Error;
  // The frames of this file do not count.
  Error.stackTraceLimit = stackTraceLimit + 4;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, framesHere);
  Error.stackTraceLimit = stackTraceLimit;
  // Error.prepareStackTrace may have made anything of it.
  return String(holder.stack ?? '').split('\n').slice(1).filter((line) => !line.includes(codeFolder));
}

function addFrames(error: Error, frames: readonly string[]): void {
  if (frames.length > 0) setStack(error, `${String(error.stack)}\n${frames.join('\n')}`);
}

function setStack(error: Error, stack: string): void {
  Object.defineProperty(error, 'stack', { value: stack, enumerable: false, configurable: true, writable: true });
}
