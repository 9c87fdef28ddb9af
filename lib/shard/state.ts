// What changes in this folder while the thread runs.
import type { Attachment, ShardOptions } from './attach.js';
import type { LeakReport } from './leaks.js';
import type { PressureListener, PressureTeller } from './memory-pressure.js';
import type { Peers } from './remote.js';
import type { StallReport } from './stalls.js';
import type { ViewMode } from './view-mode.js';
import { traceOneIn } from '../base/environment.js';
import type { ShardCounters } from '../native/counters.js';
import type { PreparedLists } from './metrics.js';
import { ownCounters } from './own-counters.js';

export const state = {
  /** Undefined until the thread is attached to its shard. */
  attachment: undefined as Attachment | undefined,
  /** Options of the last attachment: a shard that was given up, because nothing used it, is attached with the same ones. */
  options: undefined as ShardOptions | undefined,
  /** Effects that each attachment needs, such as the functions that C++ calls. */
  onAttach: [] as (() => void)[],
  /** Files, groups and the like that need the shard to stay. */
  users: 0,
  /** Tells whether the folders above hold nothing of the shard's memory; when all agree, they have forgotten what they know of it. */
  giveUp: [] as (() => boolean)[],
  /** The group that this thread serves in. */
  group: undefined as Peers<unknown> | undefined,
  /** Position in that group, known before the group is. */
  index: undefined as number | undefined,
  viewMode: 'shared' as ViewMode,
  leaks: {
    /** Objects until the next one whose creation stack is taken. */
    untilTraced: traceOneIn,
    report: (_report: LeakReport): void => undefined,
  },
  pressure: {
    listeners: new Set<PressureListener>(),
    /** Each tells some of the threads that may hold memory of this shard. */
    tellers: new Set<PressureTeller>(),
    /** They have been called in this turn. */
    told: false,
    /** Functions that give back what the package keeps ready. */
    reclaimers: [] as (() => void)[],
    /** Functions that let go of what the package keeps of V8's memory to be faster. */
    caches: [] as (() => void)[],
    /** Listeners are being called. */
    relieving: false,
  },
  stalls: {
    /** Microseconds; 0 turns the watch off. */
    threshold: 0,
    /** The watch waits for releaseStallWatch(). */
    held: false,
    /** Names of the served methods, by number. */
    handlers: [] as readonly string[],
    report: (_report: StallReport): void => undefined,
    /** Latest reports, the oldest first (report.ts). */
    recent: [] as StallReport[],
  },
  windows: {
    /** Windows that no object has and that are kept for the next one, and the bytes that they show. */
    kept: 0,
    keptBytes: 0,
    /** Windows that were wanted: found among the kept ones, and made. */
    hits: 0,
    misses: 0,
  },
  /** Names of all metrics, once they were asked for. */
  metricLists: undefined as PreparedLists | undefined,
  /** Counters of this shard. The group layer adds those that only the layers between know. */
  counters: (): ShardCounters => ownCounters(),
  /** Bytes above which a request for one contiguous range brings a warning. */
  warnAbove: Infinity,
};
