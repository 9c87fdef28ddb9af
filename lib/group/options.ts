// The options of ShardGroup.start(), checked, and the options that each worker is started with.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV } from 'node:worker_threads';
import type { ResourceLimits, WorkerOptions } from 'node:worker_threads';
import { constants, native } from '../native/binding.js';
import { SPIN_DEFAULT } from '../shard/attach.js';
import type { ShardOptions } from '../shard/attach.js';
import { checkBoolean, checkInteger, checkKnownOptions, checkNames, checkOptions, checkSignal, checkString, invalidRange, invalidType } from '../base/arguments.js';
import { parseByteSize } from '../base/byte-size.js';
import { ownVariables } from '../base/environment.js';
import { checkMemory, defaultMemory } from '../shard/memory-limits.js';
import { restartRule } from './restart-policy.js';
import type { RestartOptions, RestartRule } from './restart-policy.js';
import { checkStallThreshold } from '../shard/stalls.js';

const IN_FLIGHT_DEFAULT = 1024;

/** Options of ShardGroup.start(). */
export interface GroupOptions extends Omit<ShardOptions, 'cpu'> {
  /** Number of shards, 1 to 255, or 'all': the number of CPUs that this process may use (affinity and cgroup quota). Default 'all'. */
  shards?: number | 'all';
  /** Pins each shard to a CPU of its own. Default true when there are as many CPUs as shards. */
  pin?: boolean;
  /**
   * Memory of the whole group, which is split evenly: bytes or a string such as '1GiB'. Default half of what the cgroup, or the machine, allows.
   * More than there is, is ERR_OUT_OF_MEMORY, which names the limit.
   */
  memory?: number | string;
  /** Data for the modules, as of any Worker; must be cloneable. */
  workerData?: unknown;
  /** Arguments of each worker's node, as of any Worker. Default those of this process. */
  execArgv?: readonly string[];
  /** Arguments behind process.argv[1] in each worker. */
  argv?: readonly string[];
  /**
   * Environment of each worker, or SHARE_ENV of node:worker_threads. Default a copy of this thread's. COREBUF_ variables that it does not
   * have are taken from this thread's.
   */
  env?: NodeJS.ProcessEnv | typeof SHARE_ENV;
  /** Limits of V8 in each worker, as of any Worker. The memory of the shard does not count. */
  resourceLimits?: ResourceLimits;
  /** Name of the workers; their index is appended. Default 'shard'. */
  name?: string;
  /**
   * Requests under way from one shard to one other before callers wait (stats().lanes counts these calls), 1 to 1 000 000. As many more are
   * allowed as the calling shard has to answer itself, so that no circle of calls waits for itself. A call that its signal ends gives its place
   * back at once, even if its method never returns. Default 1024.
   */
  maxInFlight?: number;
  /**
   * Whether a shard that ends by itself (process.exit(), an uncaught error, no memory left for V8) is started again, at the same index, with
   * empty state; `thisShard.id` may change. Calls to it fail with ERR_SHARD_GONE until the event 'restart'. true: at most 5 times in
   * a minute, after 100 ms, 200 ms, … Default false.
   */
  restart?: boolean | RestartOptions;
  /** Milliseconds, 1 to 2 147 483 647, within which all modules must be served; then start() and restart() fail with ERR_TIMEOUT. Default: no limit. */
  startTimeout?: number;
  /**
   * Milliseconds, 1 to 2 147 483 647, that close() waits for calls and connections, and as long again for the clean-up of services and the end of
   * the shards; restart() waits so long for the clean-up. Default 10 000.
   */
  closeTimeout?: number;
  /** Ends the start when it is aborted: start() then fails with the signal's reason, and no worker is left. */
  signal?: AbortSignal;
}

/** Names of all options. An option that is misspelt is an error, or its default would be used in silence. */
const NAMES: readonly (keyof GroupOptions)[] = [
  'shards', 'pin', 'memory', 'workerData', 'execArgv', 'argv', 'env', 'resourceLimits', 'name', 'maxInFlight', 'restart', 'startTimeout',
  'closeTimeout', 'signal', 'stallThreshold', 'spin', 'checked', 'zeroOnRelease', 'hugePages', 'warnAbove',
];

/** The longest time that a timer of Node takes. */
const MS_MAX = 2 ** 31 - 1;
const CLOSE_TIMEOUT_DEFAULT = 10_000;

export interface Plan {
  readonly module: string;
  readonly shards: number;
  readonly maxInFlight: number;
  readonly spin: number;
  readonly restart: RestartRule | undefined;
  readonly startTimeout: number | undefined;
  readonly closeTimeout: number;
  readonly signal: AbortSignal | undefined;
  /** Number of connections of each shard, by index. */
  readonly connections: Int32Array;
  readonly workerOptionsOf: (index: number) => WorkerOptions;
  readonly optionsOf: (index: number) => ShardOptions;
}

export function planOf(module: URL | string, options: GroupOptions): Plan {
  checkOptions('options', options);
  checkNames('options', options, NAMES);
  const machine = native.machine();
  const shards = options.shards === undefined || options.shards === 'all' ? machine.cpus : options.shards;
  checkInteger('options.shards', shards, 1, constants.shardsMax - 1);
  const { maxInFlight = IN_FLIGHT_DEFAULT, pin = shards <= machine.cpus } = options;
  checkInteger('options.maxInFlight', maxInFlight, 1, 1_000_000);
  if (typeof pin !== 'boolean') throw invalidType('options.pin', 'a boolean', pin);
  const memory = parseByteSize('options.memory', options.memory ?? defaultMemory(1 / 2, shards), constants.budgetMin * shards);
  if (options.memory !== undefined) checkMemory('options.memory', memory, shards);
  // A shard that spins takes a processor from another where there are not enough.
  const spin = options.spin ?? (shards < machine.cpus ? SPIN_DEFAULT : 0);
  checkInteger('options.spin', spin, 0, 1_000_000);
  const { stallThreshold, checked, zeroOnRelease, hugePages, warnAbove } = options;
  if (warnAbove !== undefined) parseByteSize('options.warnAbove', warnAbove, constants.slabSlotMax);
  if (stallThreshold !== undefined) checkStallThreshold('options.stallThreshold', stallThreshold);
  for (const [name, value] of Object.entries({ checked, zeroOnRelease, hugePages })) {
    if (value !== undefined) checkBoolean(`options.${name}`, value);
  }
  const restart = restartRule(options.restart);
  const { startTimeout, closeTimeout = CLOSE_TIMEOUT_DEFAULT, signal } = options;
  if (startTimeout !== undefined) checkInteger('options.startTimeout', startTimeout, 1, MS_MAX);
  checkInteger('options.closeTimeout', closeTimeout, 1, MS_MAX);
  checkSignal('options.signal', signal);
  const optionsOf = (index: number): ShardOptions => ({
    memory: Math.floor(memory / shards),
    cpu: pin ? (machine.cpusAllowed[index % machine.cpusAllowed.length] ?? false) : false,
    spin,
    ...(stallThreshold === undefined ? {} : { stallThreshold }),
    ...(checked === undefined ? {} : { checked }),
    ...(zeroOnRelease === undefined ? {} : { zeroOnRelease }),
    ...(hugePages === undefined ? {} : { hugePages }),
    ...(warnAbove === undefined ? {} : { warnAbove }),
  });
  const connections = new Int32Array(new SharedArrayBuffer(shards * Int32Array.BYTES_PER_ELEMENT));
  const times = { startTimeout, closeTimeout, signal };
  return { module: hrefOf(module), shards, maxInFlight, spin, restart, connections, ...times, workerOptionsOf: workerOptionsOf(options), optionsOf };
}

function hrefOf(module: URL | string): string {
  if (typeof module === 'string') return module.startsWith('file:') ? module : pathToFileURL(resolve(module)).href;
  if (Object.prototype.toString.call(module) === '[object URL]') return module.href;
  throw invalidType('module', 'a file URL or a path', module);
}

/** Options of Node's for each worker. */
function workerOptionsOf(options: GroupOptions): (index: number) => WorkerOptions {
  const { workerData, execArgv, argv, env, resourceLimits, name = 'shard' } = options;
  checkStrings('options.execArgv', execArgv);
  checkStrings('options.argv', argv);
  checkString('options.name', name);
  const shared: WorkerOptions = {
    workerData,
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    ...(argv === undefined ? {} : { argv: [...argv] }),
    ...(env === undefined ? {} : { env: environmentOf(env) }),
    ...(resourceLimits === undefined ? {} : { resourceLimits: limitsOf(resourceLimits) }),
  };
  return (index) => ({ ...shared, name: `${name} ${index}` });
}

function checkStrings(name: string, list: unknown): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw invalidType(name, 'an array of strings', list);
  list.forEach((item, at) => checkString(`${name}[${at}]`, item));
}

function environmentOf(env: NodeJS.ProcessEnv | typeof SHARE_ENV): NodeJS.ProcessEnv | typeof SHARE_ENV {
  if (env === SHARE_ENV) return env;
  if (typeof env !== 'object' || env === null) throw invalidType('options.env', 'an object or SHARE_ENV', env);
  return { ...ownVariables(), ...env };
}

const LIMITS = ['maxYoungGenerationSizeMb', 'maxOldGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'] as const;

/** Each limit is read once, checked and copied: Node ignores a limit that it does not understand. */
function limitsOf(limits: ResourceLimits): ResourceLimits {
  checkKnownOptions('options.resourceLimits', limits, LIMITS);
  const checked: ResourceLimits = {};
  for (const name of LIMITS) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if (typeof limit !== 'number') throw invalidType(`options.resourceLimits.${name}`, 'a number', limit);
    if (!(limit > 0)) throw invalidRange(`options.resourceLimits.${name}`, 'greater than 0', limit);
    checked[name] = limit;
  }
  return checked;
}
