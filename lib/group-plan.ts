// What a group is to be: the options of ShardGroup.start(), checked, and what each worker is started with.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV } from 'node:worker_threads';
import type { ResourceLimits, WorkerOptions } from 'node:worker_threads';
import { constants, native } from './native.js';
import { SPIN_DEFAULT } from './attachment.js';
import type { ShardOptions } from './attachment.js';
import { checkBoolean, checkInteger, checkOptions, checkString, invalidRange, invalidType } from './checks.js';
import { parseMemorySize } from './memory-size.js';
import { IN_FLIGHT_DEFAULT } from './peers.js';
import { restartRule } from './restarts.js';
import type { RestartOptions, RestartRule } from './restarts.js';
import { checkStallThreshold } from './stalls.js';

export interface GroupOptions extends Omit<ShardOptions, 'cpu'> {
  /** 1 … 255, or 'all': as many as this process may use CPUs (affinity and cgroup quota). Default 'all'. */
  shards?: number | 'all';
  /** One CPU per shard. Default true when there are as many CPUs as shards. */
  pin?: boolean;
  /** Of the whole group, split evenly. Default half of what the cgroup, or the machine, allows. */
  memory?: number | string;
  /** As of any Worker; must be cloneable. */
  workerData?: unknown;
  /** Arguments of each worker's node, as of any Worker; default those of this process. */
  execArgv?: readonly string[];
  /** What follows process.argv[1] in each worker. */
  argv?: readonly string[];
  /**
   * The environment of each worker, or SHARE_ENV of node:worker_threads; default a copy of this one. COREBUF_ variables that it does not
   * have are this process's: its threads share one corebuf.
   */
  env?: NodeJS.ProcessEnv | typeof SHARE_ENV;
  /** Of V8 in each worker, as of any Worker: what lies in the shard's memory does not count. */
  resourceLimits?: ResourceLimits;
  /** Names the workers, with their index behind it. Default 'shard'. */
  name?: string;
  /**
   * 1 … 1 000 000 requests under way from one shard to another before callers wait (stats().lanes counts them), and as many more as the caller's
   * shard has to answer itself: what a request waits for does not wait behind it. Default 1024.
   */
  maxInFlight?: number;
  /**
   * A shard that ends by itself (process.exit(), an uncaught error, no memory left for V8) is started again, at the same index, with nothing of
   * what it knew; its number, `thisShard.id`, may be another. Calls to it fail with ERR_SHARD_GONE until 'restart' is heard. true: at
   * most 5 times in a minute, after 100 ms, 200 ms, … Default false.
   */
  restart?: boolean | RestartOptions;
}

export interface Plan {
  readonly module: string;
  readonly shards: number;
  readonly maxInFlight: number;
  readonly spin: number;
  readonly restart: RestartRule | undefined;
  readonly workerOptionsOf: (index: number) => WorkerOptions;
  readonly optionsOf: (index: number) => ShardOptions;
}

export function planOf(module: URL | string, options: GroupOptions): Plan {
  checkOptions('options', options);
  const machine = native.machine();
  const shards = options.shards === undefined || options.shards === 'all' ? machine.cpus : options.shards;
  checkInteger('options.shards', shards, 1, constants.shardsMax - 1);
  const { maxInFlight = IN_FLIGHT_DEFAULT, pin = shards <= machine.cpus } = options;
  checkInteger('options.maxInFlight', maxInFlight, 1, 1_000_000);
  if (typeof pin !== 'boolean') throw invalidType('options.pin', 'a boolean', pin);
  const memory = parseMemorySize('options.memory', options.memory ?? Math.floor(machine.memory / 2), constants.budgetMin * shards);
  // A shard that spins takes a processor from another where there are not enough.
  const spin = options.spin ?? (shards < machine.cpus ? SPIN_DEFAULT : 0);
  checkInteger('options.spin', spin, 0, 1_000_000);
  const { stallThreshold, checked, zeroOnRelease, hugePages, warnAbove } = options;
  if (warnAbove !== undefined) parseMemorySize('options.warnAbove', warnAbove, constants.slotMax);
  if (stallThreshold !== undefined) checkStallThreshold('options.stallThreshold', stallThreshold);
  for (const [name, value] of Object.entries({ checked, zeroOnRelease, hugePages })) {
    if (value !== undefined) checkBoolean(`options.${name}`, value);
  }
  const restart = restartRule(options.restart);
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
  return { module: hrefOf(module), shards, maxInFlight, spin, restart, workerOptionsOf: workerOptionsOf(options), optionsOf };
}

function hrefOf(module: URL | string): string {
  if (typeof module === 'string') return module.startsWith('file:') ? module : pathToFileURL(resolve(module)).href;
  if (Object.prototype.toString.call(module) === '[object URL]') return module.href;
  throw invalidType('module', 'a file URL or a path', module);
}

/** What Node is told of each worker. */
function workerOptionsOf(options: GroupOptions): (index: number) => WorkerOptions {
  const { workerData, execArgv, argv, env, resourceLimits, name = 'shard' } = options;
  checkStrings('options.execArgv', execArgv);
  checkStrings('options.argv', argv);
  checkString('options.name', name);
  const told: WorkerOptions = {
    workerData,
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    ...(argv === undefined ? {} : { argv: [...argv] }),
    ...(env === undefined ? {} : { env: environmentOf(env) }),
    ...(resourceLimits === undefined ? {} : { resourceLimits: limitsOf(resourceLimits) }),
  };
  return (index) => ({ ...told, name: `${name} ${index}` });
}

function checkStrings(name: string, list: unknown): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw invalidType(name, 'an array of strings', list);
  list.forEach((item, at) => checkString(`${name}[${at}]`, item));
}

function environmentOf(env: NodeJS.ProcessEnv | typeof SHARE_ENV): NodeJS.ProcessEnv | typeof SHARE_ENV {
  if (env === SHARE_ENV) return env;
  if (typeof env !== 'object' || env === null) throw invalidType('options.env', 'an object or SHARE_ENV', env);
  const ours = Object.entries(process.env).filter(([name]) => name.startsWith('COREBUF_'));
  return { ...Object.fromEntries(ours), ...env };
}

const LIMITS = ['maxYoungGenerationSizeMb', 'maxOldGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'] as const;

/** Read once, checked and copied: Node takes what it does not understand for no limit. */
function limitsOf(limits: ResourceLimits): ResourceLimits {
  checkOptions('options.resourceLimits', limits);
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
