// This thread's shard as users see it.
import { EventEmitter } from 'node:events';
import { native } from './native.js';
import { attachDefault, attachWith, isAttached } from './attachment.js';
import type { ShardOptions } from './attachment.js';
import { leaksReclaimed, reportLeaksTo } from './block.js';
import { checkChoice, checkFunction, checkOptions } from './checks.js';
import { clearIdleChunks } from './chunk-cache.js';
import { reportMemoryWith } from './errors.js';
import { tracing } from './leaks.js';
import type { LeakReport } from './leaks.js';
import { memoryTable } from './memory-table.js';
import type { Peers } from './peers.js';
import { clearPrefetched } from './prefetch.js';
import { onPressure } from './pressure.js';
import { checkStallThreshold, reportStallsTo, setStallThreshold, stallThreshold } from './stalls.js';
import type { StallReport } from './stalls.js';

export interface MemoryStats {
  budget: number;
  /** Bytes that may have memory behind them, bookkeeping included. */
  committed: number;
  /** Bytes of live slots and spans. */
  used: number;
  free: number;
  liveObjects: number;
  /** Bytes of slab memory that live buffers hold, without what size classes add; `used` includes it. */
  pinned: number;
  /** Bytes of JavaScript's memory that live buffers hold (IoBuf.wrap): views count, not the whole ArrayBuffers that they pin. */
  wrapped: number;
  /**
   * Bytes of both that chains refer to, on whatever shard; what several share counts for each. Far below `pinned`, small shares hold
   * large buffers: IoBuf.from(share) lets go of them. What another shard has trimmed counts until the buffer is gone.
   */
  referenced: number;
  allocations: number;
  frees: number;
  failures: number;
  /** Requests for more than 128 KiB in one piece: what fragmentation can refuse while memory is free. */
  largeRequests: number;
  remoteFreesSent: number;
  remoteFreesReceived: number;
  remoteFreesPending: number;
  leaksReclaimed: number;
  classes: { size: number; used: number; free: number; slabs: number }[];
}

/** The memory of one shard. */
export class ShardMemory {
  /** In bytes: what the shard may use; what was asked for, in whole pages. */
  get budget(): number {
    attachDefault();
    return native.memoryStats().budget;
  }

  /** Counters as of now. One native call. */
  stats(): MemoryStats {
    attachDefault();
    clearPrefetched();
    clearIdleChunks();
    const { classes, ...counted } = native.memoryStats();
    return { ...counted, leaksReclaimed: leaksReclaimed(), classes };
  }

  /** A table for people. */
  report(): string {
    return memoryTable(attachDefault().id, this.stats());
  }

  /**
   * Called when an allocation finds the budget spent, with the bytes that are wanted; it may release what can be done without. Then
   * the allocation is tried again before it fails. Returns a function that removes the listener.
   *
   * @example
   * const stop = thisShard.memory.onPressure((wanted) => cache.evict(wanted));
   */
  onPressure(listener: (wanted: number) => void): () => void {
    checkFunction('listener', listener);
    return onPressure(listener);
  }

  /** Gives unused pages back to the system; returns how many bytes. One or more system calls. */
  trim(): number {
    attachDefault();
    clearPrefetched();
    clearIdleChunks();
    return native.trim();
  }
}

let joinGroup: (shard: Shard, group: Peers<unknown> | undefined) => void;
let emit: (shard: Shard, event: 'leak' | 'stall', report: LeakReport | StallReport) => boolean;

/** What this thread is in the process: a number, a memory, perhaps a group. */
export class Shard {
  readonly memory = new ShardMemory();
  #group: Peers<unknown> | undefined;
  readonly #events = new EventEmitter();

  get id(): number {
    return attachDefault().id;
  }

  /** The processor this thread is pinned to. */
  get cpu(): number | undefined {
    return attachDefault().cpu;
  }

  /** The group this shard serves in, to call its siblings. */
  get group(): Peers<unknown> | undefined {
    return this.#group;
  }

  /**
   * Microseconds; turns that are longer are stalls. 0 turns the watch off. May be set at any time; when it was off, what the turn
   * has done until then does not count.
   *
   * @throws TypeError and RangeError for what is no whole number from 0 to 60 000 000.
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

  /** 'leak': an object was collected without having been released, and its memory has been given back. */
  on(event: 'leak', listener: (report: LeakReport) => void): this;
  /**
   * 'stall': a turn of this shard was longer than `stallThreshold`. The stack was taken while it lasted; the listener is called in the next
   * turn, at most 10 times in a second. `diagnostics_channel` 'corebuf:stall' and, with COREBUF_STALLS=1, stderr say the same.
   *
   * @example
   * thisShard.on('stall', ({ blockedFor, handler, stack }) => console.warn(blockedFor, handler, stack));
   */
  on(event: 'stall', listener: (report: StallReport) => void): this;
  on(event: 'leak' | 'stall', listener: (report: never) => void): this {
    checkChoice('event', event, ['leak', 'stall']);
    checkFunction('listener', listener);
    this.#events.on(event, listener as (report: unknown) => void);
    return this;
  }

  static {
    joinGroup = (shard, group) => (shard.#group = group);
    emit = (shard, event, report) => shard.#events.emit(event, report);
  }
}

/** This thread's shard; attached with defaults on first use. */
export const thisShard: Shard = new Shard();

/**
 * Gives this thread its shard with these options; without it the first use attaches with defaults.
 *
 * @throws ERR_CLOSED when the thread is attached already and options are given; TypeError and RangeError for options.
 * @example
 * attach({ memory: '1GiB', cpu: 'auto' });
 */
export function attach(options: ShardOptions = {}): Shard {
  checkOptions('options', options);
  // Asking for nothing in particular is always well.
  if (!isAttached() || Object.keys(options).length > 0) attachWith(options);
  return thisShard;
}

/** The group that this thread serves in. */
export function enterGroup(group: Peers<unknown>): void {
  joinGroup(thisShard, group);
}

export function onReport(event: 'leak' | 'stall', listener: (report: LeakReport | StallReport) => void): void {
  if (event === 'leak') thisShard.on(event, listener);
  else thisShard.on(event, listener);
}

reportLeaksTo((report) => {
  if (emit(thisShard, 'leak', report) || !tracing) return;
  process.emitWarning(`${report.kind} of ${report.bytes} bytes was not released; made\n${report.madeAt ?? '    (not traced)'}`, 'CorebufLeak');
});
reportStallsTo((report) => emit(thisShard, 'stall', report));
reportMemoryWith(() => thisShard.memory.report());
