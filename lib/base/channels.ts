// The channels of node:diagnostics_channel that this package publishes on. Without a subscriber an event costs one look at a boolean, and
// its message is not made. Each thread has channels of its own.
import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Channel } from 'node:diagnostics_channel';

/** One call of a method of another shard, as the tracing channel 'corebuf:call' shows it. */
export interface CallContext {
  /** Number of the called shard. */
  readonly shard: number;
  /** Name of the method. */
  readonly method: string;
}

export const channels = {
  stall: channel('corebuf:stall'),
  leak: channel('corebuf:leak'),
  pressure: channel('corebuf:pressure'),
  outOfMemory: channel('corebuf:out-of-memory'),
  shardExit: channel('corebuf:shard-exit'),
  shardRestart: channel('corebuf:shard-restart'),
  engineFallback: channel('corebuf:engine-fallback'),
  appenderFailure: channel('corebuf:appender-failure'),
  connectionAccept: channel('corebuf:connection-accept'),
  connectionClose: channel('corebuf:connection-close'),
  connectionError: channel('corebuf:connection-error'),
  listenerError: channel('corebuf:listener-error'),
} as const;

/** Start, end, asyncStart, asyncEnd and error of calls that this thread makes. */
export const callTracing = tracingChannel<string, CallContext>('corebuf:call');

/** Publishes a message, which is made only for subscribers. Node turns an error that a subscriber throws into an uncaught exception. */
export function publish(to: Channel, messageOf: () => object): void {
  if (to.hasSubscribers) to.publish(messageOf());
}
