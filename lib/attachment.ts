// This thread's attachment to its shard: options checked, defaults chosen, once per thread.
import { constants, native } from './native.js';
import { checkBoolean, checkChoice, checkInteger, checkOptions, invalidType } from './checks.js';
import { CorebufError } from './errors.js';
import { warnOfRequestsAbove } from './large-requests.js';
import { formatMemorySize, parseMemorySize } from './memory-size.js';
import { checkStallThreshold, watchStallsOf } from './stalls.js';
import { chooseViews } from './views.js';

export interface ShardOptions {
  /** Bytes, or '512MiB'. Default: a quarter of what the cgroup, or the machine, allows this process. */
  memory?: number | string;
  /** Pins this thread: to that processor, or to the allowed one whose turn it is by shard number. Default false. */
  cpu?: number | 'auto' | false;
  /** Microseconds; turns that are longer are stalls, and reported. Default 500; 0 turns the watch off. */
  stallThreshold?: number;
  /**
   * Microseconds of polling after messages came, and while one to four reads, writes or syncs are under way after others ended, before the
   * thread sleeps; it pauses by itself while polling finds nothing. Above the latency of the disk a lone read ends a quarter sooner.
   * Default: 50 in a group that leaves a processor to the thread that started it, and for that thread; else 0.
   */
  spin?: number;
  /**
   * Every fragment that is shown has an ArrayBuffer of its own, which release() detaches, and released bytes are poisoned: use after
   * release is found at once. Slow. Default: COREBUF_CHECKED === '1'.
   */
  checked?: boolean;
  /** Bytes are zeroed when their memory is freed. Default false. */
  zeroOnRelease?: boolean;
  /** Asks for huge pages behind the arena. Default false. */
  hugePages?: boolean;
  /**
   * Warns (process 'warning', CorebufLargeRequest, with a stack) of requests for more than this in one piece: bytes or '1MiB', at least
   * 128 KiB. Each warning doubles it. Default: COREBUF_WARN_ABOVE, else no warnings.
   */
  warnAbove?: number | string;
}

const SCRUB = { none: 0, zero: 1, poison: 2 } as const;

interface Attachment {
  readonly id: number;
  readonly incarnation: number;
  readonly arenaPieces: number;
  readonly cpu: number | undefined;
  readonly budget: number;
  /** Bytes are overwritten when their memory is freed. */
  readonly scrubbing: boolean;
}

export const SPIN_DEFAULT = 50;

let attachment: Attachment | undefined;

export function isAttached(): boolean {
  return attachment !== undefined;
}

/** The shard of this thread, attached with these defaults when nobody has asked for anything else. */
export function attachDefault(defaults: ShardOptions = {}): Attachment {
  return attachment ?? attachWith(defaults);
}

export function attachWith(options: ShardOptions): Attachment {
  checkOptions('options', options);
  if (attachment !== undefined) {
    throw new CorebufError('ERR_CLOSED', `this thread is attached already, as shard ${attachment.id}: call attach() before the first use`);
  }
  const budget = memoryWanted(options.memory);
  const spin = options.spin ?? 0;
  const stallThreshold = options.stallThreshold ?? constants.stallThreshold;
  checkInteger('options.spin', spin, 0, 1_000_000);
  checkStallThreshold('options.stallThreshold', stallThreshold);
  const { checked = process.env.COREBUF_CHECKED === '1', zeroOnRelease = false, hugePages = false } = options;
  checkBoolean('options.checked', checked);
  checkBoolean('options.zeroOnRelease', zeroOnRelease);
  checkBoolean('options.hugePages', hugePages);
  checkCpu(options.cpu);
  const warnAbove = options.warnAbove ?? process.env.COREBUF_WARN_ABOVE;
  if (warnAbove !== undefined) warnOfRequestsAbove(parseMemorySize('options.warnAbove', warnAbove, constants.slotMax));

  const scrub = checked ? SCRUB.poison : zeroOnRelease ? SCRUB.zero : SCRUB.none;
  // Before memory is made: what this thread touches first is then near to its processor.
  const pinned = typeof options.cpu === 'number' ? pin(options.cpu) : undefined;
  if (native.attach(budget, spin, hugePages ? 1 : 0, scrub) < 0) {
    throw new CorebufError('ERR_OUT_OF_MEMORY', `no shard with ${formatMemorySize(budget)} can be made: all ${constants.shardsMax} are taken, or the system refuses the memory`);
  }
  const ref = native.shardRef();
  const cpu = options.cpu === 'auto' ? pin(turnOf(ref.id)) : pinned;
  if (cpu !== undefined) native.preferNodeHere();
  chooseViews(process.env.COREBUF_COPY_VIEWS === '1' ? 'copied' : checked ? 'checked' : 'shared');
  watchStallsOf(ref.id, stallThreshold);
  attachment = { ...ref, cpu, budget, scrubbing: scrub !== SCRUB.none };
  return attachment;
}

function memoryWanted(memory: number | string | undefined): number {
  if (memory === undefined) return Math.max(Math.floor(native.machine().memory / 4), constants.budgetMin);
  return parseMemorySize('options.memory', memory, constants.budgetMin);
}

function checkCpu(cpu: unknown): void {
  if (cpu === undefined || cpu === false) return;
  if (typeof cpu === 'number') return checkInteger('options.cpu', cpu, 0, 1023);
  if (typeof cpu !== 'string') throw invalidType('options.cpu', "a number, 'auto' or false", cpu);
  checkChoice('options.cpu', cpu, ['auto']);
}

/** Shards take turns on the processors that this process may use. */
function turnOf(id: number): number | undefined {
  const allowed = native.machine().cpusAllowed;
  return allowed[id % allowed.length];
}

/** The processor this thread is pinned to from now on; undefined when it is not. */
function pin(cpu: number | undefined): number | undefined {
  return cpu !== undefined && native.pinThread(cpu) ? cpu : undefined;
}
