// What a group tells of its shards.
import type { LeakReport } from '../shard/leaks.js';
import type { StallReport } from '../shard/stalls.js';

/** The end of a shard, as 'exit' reports it. */
export interface ShardExit {
  /** Position of the shard in the group. */
  index: number;
  /** Exit code of its thread. */
  code: number;
  /** The uncaught error that ended it; undefined when it ended in another way. */
  error: Error | undefined;
  /** The shard will be started again (GroupOptions.restart). */
  restarting: boolean;
}

/** Events of a group, with the arguments of their listeners. `index` is the position of a shard in the group. */
export interface ShardGroupEvents {
  /** A shard has ended: by itself, by an error, or because it was terminated. */
  exit: [exit: ShardExit];
  /**
   * A shard died of an uncaught error, was started again so often that it stays gone, or failed to clean up. Without a listener it is a
   * process warning instead, with the stack.
   */
  error: [error: Error, index: number];
  /** A shard is served again, and all its siblings that live call the new one. */
  restart: [index: number];
  /** A shard reports a stall. */
  stall: [report: StallReport, index: number];
  /** A shard reports an object that was not released. */
  leak: [report: LeakReport, index: number];
  /** A shard has spent its budget, and an allocation asks for `wanted` bytes. Its own `onPressure` listeners run meanwhile. */
  pressure: [wanted: number, index: number];
}
