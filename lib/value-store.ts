// What sharded values are made of: the encoded values that this thread knows, by name, and who else must know them.
//
// Threads form a tree: the parent of a shard is the thread that started its group. A new value goes up to the root, which numbers it,
// and from there down; an answer comes up once all below have it. So all threads see one order of versions.
import { handle, SYSTEM_METHOD } from './answers.js';
import { request } from './calls.js';
import type { ShardRef, Tracker } from './calls.js';

const SET_METHOD = SYSTEM_METHOD + 16;
const UPDATE_METHOD = SYSTEM_METHOD + 17;
const FOLLOW_METHOD = SYSTEM_METHOD + 18;

/** A name, the number of the value, and its encoding. */
type Update = readonly [name: string, version: number, bytes: Buffer];

export interface Stored {
  readonly version: number;
  readonly bytes: Buffer;
}

const stored = new Map<string, Stored>();
/** Who is told, by the name of the value. */
const listeners = new Map<string, () => void>();
const children = new Set<ShardRef>();
let parent: ShardRef | undefined;

const PARENT: Tracker = { name: 'the thread that started the group', sent: () => undefined, settled: () => undefined };
const CHILD: Tracker = { name: 'a shard', sent: () => undefined, settled: () => undefined };

export function storedValue(name: string): Stored | undefined {
  return stored.get(name);
}

/** Calls `listener` whenever the value has been replaced here, before whoever set it hears that it is. */
export function onStored(name: string, listener: () => void): void {
  listeners.set(name, listener);
}

/** Resolves once all threads have the value, or a later one. */
export async function store(name: string, bytes: Buffer): Promise<void> {
  if (parent === undefined) await spread([name, (stored.get(name)?.version ?? 0) + 1, bytes]);
  else await request(parent, SET_METHOD, [name, bytes], PARENT);
}

/** A worker calls this before it loads its module: it has all values when that begins. */
export async function followParent(starter: ShardRef, self: ShardRef): Promise<void> {
  parent = starter;
  const { id, incarnation } = self;
  const known = (await request(parent, FOLLOW_METHOD, [id, incarnation], PARENT)) as Update[];
  await Promise.all(known.map(spread));
}

/** Here at once, then below. Calls to one shard begin in the order in which they are made, but an answer may overtake them. */
async function spread(update: Update): Promise<void> {
  const [name, version, bytes] = update;
  if (version > (stored.get(name)?.version ?? 0)) {
    stored.set(name, { version, bytes });
    listeners.get(name)?.();
  }
  const ends = await Promise.allSettled([...children].map((child) => tell(child, update)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Who has ended needs no values. */
async function tell(child: ShardRef, update: Update): Promise<void> {
  try {
    await request(child, UPDATE_METHOD, update, CHILD);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SHARD_GONE') throw error;
    children.delete(child);
  }
}

handle(SET_METHOD, ([name, bytes]) => store(name as string, bytes as Buffer));
handle(UPDATE_METHOD, (update) => spread(update as unknown as Update));
handle(FOLLOW_METHOD, ([id, incarnation]) => {
  children.add({ id: id as number, incarnation: incarnation as number });
  return [...stored].map(([name, { version, bytes }]) => [name, version, bytes]);
});
