// Events of EventEmitters that users listen to.
import type { EventEmitter } from 'node:events';
import { runUncaught } from './uncaught.js';

/**
 * Emits the event, and returns whether it has a listener. An error that a listener throws becomes an uncaught exception of the process. As in
 * Node, listeners that were added after that one are not called then; the caller goes on.
 *
 * A class with events extends Node's EventEmitter, with a type that lists the arguments of each event:
 * `extends EventEmitter<{ exit: [exit: ShardExit] }>`.
 */
export function emit<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events & string>(
  emitter: EventEmitter<Events>,
  event: Name,
  ...args: Events[Name]
): boolean {
  const untyped = emitter as EventEmitter;
  const heard = untyped.listenerCount(event) > 0;
  runUncaught(() => void untyped.emit(event, ...args));
  return heard;
}
