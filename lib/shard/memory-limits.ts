// How much memory shards can be given. Memory that is asked for is given whole, or refused by an error that names the limit. Only defaults
// follow the limits.
import { formatByteSize } from '../base/byte-size.js';
import { CorebufError } from '../base/errors.js';
import { constants, native } from '../native/binding.js';

/** A part of the memory of this process, and no more than `shards` shards can have. */
export function defaultMemory(part: number, shards: number): number {
  const { process, shard } = native.memoryLimits();
  return Math.max(Math.min(Math.floor(process * part), shard * shards), constants.budgetMin * shards);
}

/** @throws ERR_OUT_OF_MEMORY when `shards` shards cannot have `wanted` bytes together */
export function checkMemory(name: string, wanted: number, shards: number): void {
  const { process, byGroup, addresses, shard } = native.memoryLimits();
  if (wanted > process) throw tooMuch(name, process, byGroup ? 'the memory limit of the cgroup of this process' : 'the memory of this machine', wanted, 'Ask for less');
  if (Math.floor(wanted / shards) <= shard) return;
  const each = shards === 1 ? '' : `, as ${formatByteSize(shard)} for each of ${shards} shards`;
  if (addresses === null) throw tooMuch(name, shard * shards, `the memory that a shard can address${each}`, wanted, 'Ask for less, or use more shards');
  const limit = `the memory that ulimit -v, ${formatByteSize(addresses)}, leaves${each}`;
  throw tooMuch(name, shard * shards, limit, wanted, 'Ask for less, or raise ulimit -v');
}

function tooMuch(name: string, most: number, limit: string, wanted: number, advice: string): CorebufError {
  return new CorebufError('ERR_OUT_OF_MEMORY', `${name} must be at most ${formatByteSize(most)}, ${limit}; received ${formatByteSize(wanted)}. ${advice}`);
}

/** `failure` is the result of the native attach(). */
export function noShard(failure: number, budget: number): CorebufError {
  return new CorebufError('ERR_OUT_OF_MEMORY', failure === constants.errorShardsInUse ? SHARDS_IN_USE : refusedBySystem(budget));
}

const SHARDS_IN_USE =
  `all ${constants.shardsMax} shards of this process are in use: close a group or end a worker thread first. ` +
  'A shard that has ended stays in use until others have released its memory (thisShard.report() counts it in deadShards)';

function refusedBySystem(budget: number): string {
  const { addresses } = native.memoryLimits();
  const limit = addresses === null ? '' : `; ulimit -v is ${formatByteSize(addresses)}: raise it`;
  return `cannot make a shard with ${formatByteSize(budget)}: the system refuses the memory, or the addresses for it${limit}`;
}
