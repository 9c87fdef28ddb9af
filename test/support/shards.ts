// Groups for tests, and the rule that every test must keep: whatever it took from any shard's memory has gone back.
import { join } from 'node:path';
import { ShardGroup, thisShard } from 'corebuf';
import type { GroupOptions } from 'corebuf';
import { until } from './turns';

/** A group of this test, and how many objects lived on each of its shards when it began, by shard number. */
interface Started {
  readonly group: ShardGroup<unknown>;
  readonly before: ReadonlyMap<number, number>;
}

const started: Started[] = [];

/** As long as a call may take to end that a failed test has left behind. */
const PATIENCE_MS = 5_000;

/** The compiled module of test/workers/<name>.ts. */
export function workerModule(name: string): string {
  return join(__dirname, '../../out/test/workers', `${name}.js`);
}

/** A group of two shards unless told otherwise; expectNothingLeaked() looks after it. */
export async function startGroup<S>(module: string, options: GroupOptions = {}): Promise<ShardGroup<S>> {
  const group = await ShardGroup.start<S>(module, { shards: 2, memory: '64MiB', pin: false, ...options });
  started.push({ group, before: await liveByShard(group) });
  return group;
}

async function liveByShard(group: ShardGroup<unknown>): Promise<Map<number, number>> {
  return new Map((await group.stats()).map(({ id, memory }) => [id, memory.liveObjects]));
}

export function liveHere(): number {
  return thisShard.memory.stats().liveObjects;
}

/** Registers, for every test of the file: what it took from this shard's memory and from its groups' has been given back. */
export function expectNothingLeaked(): void {
  let before = 0;
  beforeEach(() => {
    before = liveHere();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map(expectNothingLeft));
    await until(
      () => liveHere() <= before, // Below it when the net has caught what another file forgot.
      () => `this shard's live objects were ${before} before the test and are ${liveHere()}`,
    );
  });
}

/** Ends the group also when something is left: shards that nobody closes would keep the whole run from ending. */
async function expectNothingLeft({ group, before }: Started): Promise<void> {
  try {
    await expectGroupAsBefore(group, before);
  } finally {
    const overdue = setTimeout(() => terminate(group), PATIENCE_MS);
    await group.close();
    clearTimeout(overdue);
  }
}

function terminate(group: ShardGroup<unknown>): void {
  for (let shard = 0; shard < group.size; shard++) void group.terminate(shard);
}

async function expectGroupAsBefore(group: ShardGroup<unknown>, before: ReadonlyMap<number, number>): Promise<void> {
  let live = new Map<number, number>();
  const asBefore = async (): Promise<boolean> => {
    live = await liveByShard(group);
    return [...live].every(([id, count]) => count === before.get(id));
  };
  try {
    await until(asBefore, () => `shards' live objects were ${show(before)} and are ${show(live)}`);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_CLOSED') throw error; // The test has closed it already.
  }
}

function show(live: ReadonlyMap<number, number>): string {
  return JSON.stringify(Object.fromEntries(live));
}
