// What a group is to be: the options of ShardGroup.start(), checked, and what each worker is started with.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, native } from './native.js';
import { SPIN_DEFAULT } from './attachment.js';
import type { ShardOptions } from './attachment.js';
import { checkBoolean, checkInteger, checkOptions, invalidType } from './checks.js';
import { parseMemorySize } from './memory-size.js';
import { IN_FLIGHT_DEFAULT } from './peers.js';
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
  /** Requests under way from one shard to another before callers wait. Default 1024. */
  maxInFlight?: number;
}

export interface Plan {
  readonly module: string;
  readonly shards: number;
  readonly maxInFlight: number;
  readonly spin: number;
  readonly workerData: unknown;
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
  return { module: hrefOf(module), shards, maxInFlight, spin, workerData: options.workerData, optionsOf };
}

function hrefOf(module: URL | string): string {
  if (typeof module === 'string') return module.startsWith('file:') ? module : pathToFileURL(resolve(module)).href;
  if (Object.prototype.toString.call(module) === '[object URL]') return module.href;
  throw invalidType('module', 'a file URL or a path', module);
}
