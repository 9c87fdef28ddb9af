// This thread's shard as users see it.
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { constants, native } from '../native/binding.js';
import type { MemoryCounters } from '../native/counters.js';
import { counted } from '../native/shared-areas.js';
import { checkFunction, checkOptions, illegalConstructor } from '../base/arguments.js';
import { channels, publish } from '../base/channels.js';
import { emit } from '../base/events.js';
import { attachDefault, attachWith, isAttached } from './attach.js';
import type { ShardOptions } from './attach.js';
import { leaksReclaimed, tracing } from './leaks.js';
import type { LeakReport } from './leaks.js';
import { dropCaches, onPressure, reclaim } from './memory-pressure.js';
import { memoryTable } from './memory-report.js';
import type { Peers, Service } from './remote.js';
import { shardReport } from './report.js';
import type { ShardReport } from './report.js';
import { checkStallThreshold, setStallThreshold, stallThreshold } from './stalls.js';
import type { StallReport } from './stalls.js';
import { state } from './state.js';
import { windowStats } from './windows.js';
import type { WindowStats } from './windows.js';
import { uncloneable } from '../base/uncloneable.js';

export interface MemoryStats extends MemoryCounters {
  /** Number of forgotten objects whose memory was given back when they were collected. */
  leaksReclaimed: number;
  /** ArrayBuffers through which objects show their bytes. They are V8's memory and not part of the budget. */
  windows: WindowStats;
}

/** What the constructors of this file must be called with. */
const KEY = Symbol('corebuf');

/** The memory of one shard. */
export class ShardMemory {
  /** @internal */ readonly uncloneable = uncloneable('Shard', 'each thread has a thisShard of its own');
  /** @internal */
  constructor(key: symbol) {
    if (key !== KEY) throw illegalConstructor('ShardMemory', 'thisShard.memory');
  }

  /** Bytes that the shard may use: the amount that was asked for, in whole pages. */
  get budget(): number {
    attachDefault();
    return native.memoryStats().budget;
  }

  /** Counters of this moment. Costs one native call. */
  stats(): MemoryStats {
    attachDefault();
    reclaim();
    const { classes, ...counted } = native.memoryStats();
    return { ...counted, leaksReclaimed: leaksReclaimed(), windows: windowStats(), classes };
  }

  /** A table for people: totals, then a line for each size class. */
  report(): string {
    return memoryTable(attachDefault().id, this.stats());
  }

  /**
   * Calls `listener` when an allocation finds the budget spent, with the number of bytes that it asks for, and the number of the shard whose
   * budget it is. For this shard (`home === thisShard.id`) the listener may release memory that it can do without; then the allocation is
   * tried again before it fails. For another shard of the group, or the thread that started it, the listener is called soon after, and only
   * on shards that hold memory of that shard: chains that they keep and have not adopted. Returns a function that removes the listener. An
   * error that the listener throws becomes an uncaught exception.
   *
   * @example
   * const stop = thisShard.memory.onPressure((wanted, home) => {
   *   if (home === thisShard.id) cache.evict(wanted);
   * });
   */
  onPressure(listener: (wanted: number, home: number) => void): () => void {
    checkFunction('listener', listener);
    return onPressure(listener);
  }

  /** Gives unused pages back to the system, with one or more system calls, and lets go of windows that are kept. Returns the bytes of the pages. */
  trim(): number {
    attachDefault();
    reclaim();
    dropCaches();
    return native.trim();
  }
}

/** Events of a shard, with the arguments of their listeners. */
export interface ShardEvents {
  /** An object was collected without having been released, and its memory has been given back. */
  leak: [report: LeakReport];
  /** An allocation found the budget of the shard `home` spent; `wanted` is in bytes. The listener may release memory, as with `ShardMemory.onPressure`. */
  pressure: [wanted: number, home: number];
  /**
   * A turn of this shard was longer than `stallThreshold`. The stack was taken while the turn lasted; listeners are called in the turn after, at
   * most 10 times in a second. `diagnostics_channel` 'corebuf:stall' and, with COREBUF_STALLS=1, stderr have the same reports.
   */
  stall: [report: StallReport];
}

/**
 * The shard of this thread: a number, a memory, perhaps a group. `S` is the service of that group, and `Starter` the service of the thread that
 * started it; they are the types of the calls through `group`. It emits 'leak', 'pressure' and 'stall' (see ShardEvents); an error that a
 * listener throws becomes an uncaught exception and suppresses no other event.
 *
 * @example
 * thisShard.on('stall', ({ blockedFor, handler, stack }) => console.warn(blockedFor, handler, stack));
 */
export class Shard<S = unknown, Starter = Service> extends EventEmitter<ShardEvents> {
  /** Memory of this shard. */
  readonly memory = new ShardMemory(KEY);

  /** @internal */
  constructor(key: symbol) {
    if (key !== KEY) throw illegalConstructor('Shard', 'thisShard');
    super();
  }

  /** Number of this shard in the process. It says which arena is its own and changes from start to start: use `index` in names of files. */
  get id(): number {
    return attachDefault().id;
  }

  /** Position of this shard in its group, which stays the same when the shard is started again; undefined on a thread outside of groups. */
  get index(): number | undefined {
    return state.index;
  }

  /** Processor that this thread is pinned to; undefined when it is not pinned. */
  get cpu(): number | undefined {
    return attachDefault().cpu;
  }

  /**
   * Group that this shard serves in, to call the others; undefined on a thread outside of groups and while the group starts. Its methods have
   * types where the shard has: as the parameter of serve()'s function, or as the result of attach().
   *
   * @example
   * const siblings = attach<Log>().group; // undefined here, outside of groups
   * await siblings?.shard(0).append(7, IoBuf.from('record'));
   */
  get group(): Peers<S, Starter> | undefined {
    return state.group as Peers<S, Starter> | undefined;
  }

  /**
   * Longest turn that is no stall, in microseconds (0 to 60,000,000); 0 turns the watch off. It may be set at any time. When the watch was off,
   * the time that the current turn has taken already does not count.
   *
   * @throws TypeError for a value that is no number; RangeError for one that is no whole number or out of range.
   */
  get stallThreshold(): number {
    attachDefault();
    return stallThreshold();
  }

  set stallThreshold(microseconds: number) {
    checkStallThreshold('stallThreshold', microseconds);
    attachDefault();
    setStallThreshold(microseconds);
  }

  /**
   * State of this shard as plain data, to be kept beside the file of `process.report` when something is wrong: memory, counters, and the
   * latest 10 stalls with their stacks. Costs about as much as stats().
   *
   * @example
   * JSON.stringify(thisShard.report()).length > 100; // true
   */
  report(): ShardReport {
    const { id, cpu } = attachDefault();
    return shardReport(id, cpu, this.memory.stats());
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (depth !== null && depth < 0) return options.stylize('[Shard]', 'special');
    const { id, index, cpu, stallThreshold } = this;
    return `Shard ${inspect({ id, index, cpu, budget: this.memory.budget, stallThreshold }, { ...options, depth })}`;
  }
}

/** This thread's shard; attached with defaults on first use. */
export const thisShard: Shard = new Shard(KEY);

/**
 * Gives this thread its shard with these options; without a call of attach() the first use attaches with defaults. Without options it may be
 * called again and again, for the same shard.
 *
 * @throws ERR_CLOSED when the thread is attached already and options are given; ERR_OUT_OF_MEMORY when the system cannot give what is asked for;
 * TypeError and RangeError for wrong options.
 * @example
 * attach({ memory: '1GiB', cpu: 'auto' });
 */
export function attach<S = unknown, Starter = Service>(options: ShardOptions = {}): Shard<S, Starter> {
  checkOptions('options', options);
  // A call without options is no conflict with an earlier one.
  if (!isAttached() || Object.keys(options).length > 0) attachWith(options);
  return thisShard as Shard<S, Starter>;
}

/** Position of this thread in the group that starts it. */
export function setIndex(index: number): void {
  state.index = index;
  counted[constants.countedIndexPlusOne] = index + 1;
}

/** The group that this thread serves in. */
export function enterGroup(group: Peers<unknown>): void {
  state.group = group;
}

/** Calls `listener` with every later report of that kind. */
export function onReport(event: 'leak' | 'stall', listener: (report: LeakReport | StallReport) => void): void {
  if (event === 'leak') thisShard.on(event, listener);
  else thisShard.on(event, listener);
}

export function installShardEvents(): void {
  state.leaks.report = (report) => {
    publish(channels.leak, () => ({ shard: state.attachment?.id, ...report }));
    if (emit(thisShard, 'leak', report) || !tracing) return;
    const { kind, bytes, path, madeAt } = report;
    const forgotten = path === undefined ? `${kind} of ${bytes} bytes was not released` : `${kind} of '${path}' was not closed`;
    process.emitWarning(`${forgotten}; it was created\n${madeAt ?? '    (not traced)'}`, 'CorebufLeak');
  };
  state.stalls.report = (report) => void emit(thisShard, 'stall', report);
  onPressure((wanted, home) => {
    publish(channels.pressure, () => ({ shard: state.attachment?.id, wanted, home }));
    emit(thisShard, 'pressure', wanted, home);
  });
}
