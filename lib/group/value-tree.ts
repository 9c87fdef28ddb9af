// The encoded sharded values of this thread, by name, and the threads to which a new value is passed on.
//
// Threads form a tree: the parent of a shard is the thread that started its group. A new value goes up to the root, which numbers it,
// and from there down; an answer comes up once all threads below have the value. So all threads see one order of versions.
import { request } from '../rpc/client.js';
import { untracked } from '../rpc/pending-calls.js';
import type { ShardRef } from '../rpc/pending-calls.js';
import { handle } from '../rpc/server.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import { state } from './state.js';

/** A name, the number of the value, and its encoding. */
type Update = readonly [name: string, version: number, bytes: Buffer];

export interface StoredValue {
  readonly version: number;
  readonly bytes: Buffer;
}

const PARENT = untracked('the thread that started the group');
const CHILD = untracked('a shard');

export function storedValue(name: string): StoredValue | undefined {
  return state.values.stored.get(name);
}

/** Calls `listener` whenever the value has been replaced on this thread. That is before the promise of set(), on any thread, resolves. */
export function onStored(name: string, listener: () => void): void {
  state.values.listeners.set(name, listener);
}

/** Resolves once all threads have the value, or a later one. */
export async function store(name: string, bytes: Buffer): Promise<void> {
  const { parent, stored } = state.values;
  if (parent === undefined) await spread([name, (stored.get(name)?.version ?? 0) + 1, bytes]);
  else await request(parent, SYSTEM_METHODS.setValue, [name, bytes], PARENT);
}

/** A worker calls this before it loads its module, which then finds all values. */
export async function followParent(parent: ShardRef, self: ShardRef): Promise<void> {
  state.values.parent = parent;
  const { id, incarnation } = self;
  const known = (await request(parent, SYSTEM_METHODS.followValues, [id, incarnation], PARENT)) as Update[];
  await Promise.all(known.map(spread));
}

/** Stores a value here at once, then below. Calls to one shard begin in the order in which they are made, but an answer may overtake them. */
async function spread(update: Update): Promise<void> {
  const [name, version, bytes] = update;
  const { stored, listeners, children } = state.values;
  if (version > (stored.get(name)?.version ?? 0)) {
    stored.set(name, { version, bytes });
    listeners.get(name)?.();
  }
  const ends = await Promise.allSettled([...children].map((child) => tell(child, update)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** A child that has ended needs no values. */
async function tell(child: ShardRef, update: Update): Promise<void> {
  try {
    await request(child, SYSTEM_METHODS.updateValue, update, CHILD);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SHARD_GONE') throw error;
    state.values.children.delete(child);
  }
}

/** Answers the calls that values travel with. */
export function installValues(): void {
  handle(SYSTEM_METHODS.setValue, ([name, bytes]) => store(name as string, bytes as Buffer));
  handle(SYSTEM_METHODS.updateValue, (update) => spread(update as unknown as Update));
  handle(SYSTEM_METHODS.followValues, ([id, incarnation]) => {
    state.values.children.add({ id: id as number, incarnation: incarnation as number });
    return [...state.values.stored].map(([name, { version, bytes }]) => [name, version, bytes]);
  });
}
