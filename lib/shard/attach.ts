// This thread's attachment to its shard: once per thread, with checked options.
import { constants, giveUpUnused, joinCopies, native } from '../native/binding.js';
import { checkBoolean, checkChoice, checkInteger, checkKnownOptions, invalidType } from '../base/arguments.js';
import { parseByteSize } from '../base/byte-size.js';
import { checkedViews, copiedViews, warnAbove as warnAboveDefault } from '../base/environment.js';
import { CorebufError } from '../base/errors.js';
import { checkMemory, defaultMemory, noShard } from './memory-limits.js';
import { reclaim } from './memory-pressure.js';
import { checkStallThreshold, watchStalls } from './stalls.js';
import { state } from './state.js';
import { chooseViews } from './view-mode.js';

/** Options of attach(), and of each shard of a group. */
export interface ShardOptions {
  /**
   * Memory that the shard may use: bytes, or a string such as '512MiB'. Default: a quarter of what the cgroup, or the machine, allows this process.
   * More than the process or one shard can have is ERR_OUT_OF_MEMORY, which names the limit.
   */
  memory?: number | string;
  /** Processor to pin this thread to: its number, or 'auto' for an allowed one, chosen by the shard's number. Default false: not pinned. */
  cpu?: number | 'auto' | false;
  /** Longest turn that is no stall, in microseconds (0 to 60,000,000). Longer turns are reported. Default 500; 0 turns the watch off. */
  stallThreshold?: number;
  /**
   * Microseconds (0 to 1,000,000) of polling before the thread sleeps: after messages came, and while one to four reads, writes or syncs are
   * under way after others ended. Polling pauses by itself while it finds nothing. A value above the latency of the disk makes a lone read end a
   * quarter sooner. Default: 50 in a group that leaves a processor to the thread that started it, and for that thread; otherwise 0.
   */
  spin?: number;
  /**
   * Finds use after release at once: every fragment that is shown has an ArrayBuffer of its own, which release() detaches, and released bytes are
   * overwritten. Slow. Default: true where COREBUF_CHECKED=1.
   */
  checked?: boolean;
  /** Overwrites bytes with zeros when their memory is freed. Default false. */
  zeroOnRelease?: boolean;
  /** Asks the system for huge pages. Default false. */
  hugePages?: boolean;
  /**
   * Size above which a request for contiguous memory brings a warning (process event 'warning', name CorebufLargeRequest, with a stack): bytes or
   * a string such as '1MiB', at least 128 KiB. Each warning doubles the size. Default: COREBUF_WARN_ABOVE, otherwise no warnings.
   */
  warnAbove?: number | string;
}

const NAMES: readonly (keyof ShardOptions)[] = ['memory', 'cpu', 'stallThreshold', 'spin', 'checked', 'zeroOnRelease', 'hugePages', 'warnAbove'];

export interface Attachment {
  readonly id: number;
  readonly incarnation: number;
  /** Regions in each arena: a region's number divided by this is the number of its shard. */
  readonly arenaRegions: number;
  readonly cpu: number | undefined;
  readonly budget: number;
  /** Bytes are overwritten when their memory is freed. */
  readonly scrubbing: boolean;
}

const SCRUB = { none: constants.scrubNone, zero: constants.scrubZero, poison: constants.scrubPoison } as const;

export const SPIN_DEFAULT = 50;

export function isAttached(): boolean {
  return state.attachment !== undefined;
}

/** The attachment of this thread; a thread without one is attached with `defaults`. */
export function attachDefault(defaults: ShardOptions = {}): Attachment {
  return state.attachment ?? attachWith(state.options ?? defaults);
}

export function attachWith(options: ShardOptions): Attachment {
  checkKnownOptions('options', options, NAMES);
  if (state.attachment !== undefined) {
    throw new CorebufError(
      'ERR_CLOSED',
      `options cannot be given any more: this thread is attached already, as shard ${state.attachment.id}. Call attach() before the first use of the package`,
    );
  }
  const { cpu, hugePages, stallThreshold, scrub, budget, spin, views, warnAbove } = checkedOptions(options);
  // The thread is pinned before memory is made: the system places memory near to the processor that touches it first.
  const pinned = typeof cpu === 'number' ? pin(cpu) : undefined;
  giveUpUnused();
  const attached = native.attach(budget, spin, hugePages ? 1 : 0, SCRUB[scrub]);
  if (attached < 0) throw noShard(attached, budget);
  for (const effect of state.onAttach) effect();
  const { id, incarnation, arenaRegions } = native.shardRef();
  const cpuHere = cpu === 'auto' ? pin(allowedProcessor(id)) : pinned;
  if (cpuHere !== undefined) native.preferNodeHere();
  state.warnAbove = warnAbove;
  state.options = options;
  state.attachment = { id, incarnation, arenaRegions, cpu: cpuHere, budget, scrubbing: scrub !== 'none' };
  chooseViews(views);
  watchStalls(stallThreshold);
  return state.attachment;
}

/** `effect` runs whenever this thread is attached, and now when it is: a worker of a group is attached before its module loads the package. */
export function onAttach(effect: () => void): void {
  state.onAttach.push(effect);
  if (state.attachment !== undefined) effect();
}

/** `giveUp` tells whether its folder holds nothing of the shard's memory; when it returns true, the folder has forgotten the shard. */
export function onGiveUp(giveUp: () => boolean): void {
  state.giveUp.push(giveUp);
}

/** The shard stays until the returned function is called, even while nothing of its memory is in use. */
export function useShard(): () => void {
  let used = true;
  state.users += 1;
  return () => {
    if (used) state.users -= 1;
    used = false;
  };
}

export function installAttach(): void {
  joinCopies(giveUpWhenUnused);
}

/** Gives the shard up when nothing of it is in use; the next use attaches again, with the same options. */
function giveUpWhenUnused(): void {
  if (state.attachment === undefined || state.users > 0) return;
  reclaim();
  native.releaseListed();
  if (native.memoryStats().liveObjects > 0 || !state.giveUp.every((giveUp) => giveUp()) || native.leave() === 0) return;
  state.attachment = undefined;
}

function checkedOptions(options: ShardOptions) {
  const { cpu, spin = 0, stallThreshold = constants.stallThreshold, checked = checkedViews, zeroOnRelease = false, hugePages = false } = options;
  const budget = memoryWanted(options.memory);
  checkInteger('options.spin', spin, 0, 1_000_000);
  checkStallThreshold('options.stallThreshold', stallThreshold);
  checkBoolean('options.checked', checked);
  checkBoolean('options.zeroOnRelease', zeroOnRelease);
  checkBoolean('options.hugePages', hugePages);
  checkCpu(cpu);
  const warnAbove = warnAboveOf(options.warnAbove);
  const scrub: keyof typeof SCRUB = checked ? 'poison' : zeroOnRelease ? 'zero' : 'none';
  const views = copiedViews ? 'copied' : checked ? 'checked' : 'shared';
  return { cpu, hugePages, stallThreshold, scrub, budget, spin, views, warnAbove } as const;
}

function warnAboveOf(size: number | string | undefined): number {
  if (size !== undefined) return parseByteSize('options.warnAbove', size, constants.slabSlotMax);
  return warnAboveDefault === undefined ? Infinity : parseByteSize('The environment variable COREBUF_WARN_ABOVE', warnAboveDefault, constants.slabSlotMax);
}

function memoryWanted(memory: number | string | undefined): number {
  if (memory === undefined) return defaultMemory(1 / 4, 1);
  const wanted = parseByteSize('options.memory', memory, constants.budgetMin);
  checkMemory('options.memory', wanted, 1);
  return wanted;
}

function checkCpu(cpu: unknown): void {
  if (cpu === undefined || cpu === false) return;
  if (typeof cpu === 'number') return checkInteger('options.cpu', cpu, 0, 1023);
  if (typeof cpu !== 'string') throw invalidType('options.cpu', "a number, 'auto' or false", cpu);
  checkChoice('options.cpu', cpu, ['auto']);
}

/** Shards are spread over the processors that this process may use, by their numbers. */
function allowedProcessor(id: number): number | undefined {
  const allowed = native.machine().cpusAllowed;
  return allowed[id % allowed.length];
}

/** Pins this thread and returns the processor; undefined where the system refuses. */
function pin(cpu: number | undefined): number | undefined {
  return cpu !== undefined && native.pinThread(cpu) ? cpu : undefined;
}
