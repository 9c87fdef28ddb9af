import { once } from 'node:events';
import { DmaBuffer, IoBuf, ShardedValue } from 'corebuf';
import type { GroupOptions , ShardGroup } from 'corebuf';
import type { Table, ValueShard } from '../workers/value-shard';
import { corebufError, expectTypeError } from '../support/errors';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

const table = ShardedValue.of<Table>('table', { writer: 'nobody', number: 0 });

function start(options: GroupOptions = {}): Promise<ShardGroup<ValueShard>> {
  return startGroup<ValueShard>(workerModule('value-shard'), { shards: 4, memory: '64MiB', ...options });
}

test('has its initial value everywhere', async () => {
  const group = await start();
  expect(await group.all.read()).toEqual(Array(4).fill({ writer: 'nobody', number: 0 }));
  expect(await group.all.version()).toEqual([0, 0, 0, 0]);
  expect(table.version).toBe(0);
  expect(ShardedValue.of('table', 'something else')).toBe(table);
});

test('is everywhere when set() has resolved, whoever has set it', async () => {
  const group = await start();
  const version = table.version;
  await table.set({ writer: 'starter', number: 1 });
  expect(table.value).toEqual({ writer: 'starter', number: 1 });
  expect(await group.all.read()).toEqual(Array(4).fill({ writer: 'starter', number: 1 }));
  await group.shard(2).set({ writer: 'two', number: 2 });
  expect(table.value).toEqual({ writer: 'two', number: 2 });
  expect(await group.all.read()).toEqual(Array(4).fill({ writer: 'two', number: 2 }));
  expect(await group.all.version()).toEqual(Array(4).fill(version + 2));
  expect(await group.all.heard()).toEqual(Array(4).fill([version + 1, version + 2]));
});

test('is a copy for each thread', async () => {
  const group = await start();
  const mine = { writer: 'me', number: 3 };
  const setting = table.set(mine);
  mine.number = 4;
  await setting;
  expect(table.value).toEqual({ writer: 'me', number: 3 });
  await group.shard(0).spoil();
  expect(await group.shard(0).read()).toEqual({ writer: 'spoilt', number: 3 });
  expect(await group.shard(1).read()).toEqual({ writer: 'me', number: 3 });
  expect(table.value).toEqual({ writer: 'me', number: 3 });
});

test('has one order of versions, whoever sets at the same time', async () => {
  const group = await start();
  const before = table.version;
  const stale = await Promise.all([0, 1, 2, 3].map((shard) => group.shard(shard).setMany(`shard ${shard}`, 50)));
  for (let number = 1; number <= 50; number++) await table.set({ writer: 'starter', number });
  expect(stale).toEqual([0, 0, 0, 0]);
  expect(table.version).toBe(before + 250);
  const heard = await group.all.heard();
  for (const versions of heard) expect(versions).toEqual(Array.from({ length: 250 }, (_, at) => before + 1 + at));
  expect(await group.all.behind()).toEqual([0, 0, 0, 0]);
  expect(await group.all.read()).toEqual(Array(4).fill(table.value));
});

test('reaches the shards that live while others die and come back, which have it before they load', async () => {
  const group = await start({ restart: { delay: 0, limit: 1000 } });
  let restarts = 0;
  group.addListener('restart', () => restarts++);
  for (let number = 1; number <= 12; number++) {
    const dying = expect(group.shard(number % 4).exit()).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    const other = group.shard((number + 1) % 4);
    await Promise.all([table.set({ writer: 'starter', number }), other.set({ writer: 'other', number }), dying]);
    expect([await other.version(), await other.read()]).toEqual([table.version, table.value]);
    await until(() => restarts === number, () => `restart ${number}`);
    expect(await group.shard(number % 4).atLoad()).toEqual({ value: table.value, version: table.version });
    expect(await group.all.version()).toEqual(Array(4).fill(table.version));
  }
  expect(await group.all.behind()).toEqual([0, 0, 0, 0]);
});

test('is the same in two groups', async () => {
  const [one, other] = [await start({ shards: 1 }), await start({ shards: 2 })];
  await one.shard(0).set({ writer: 'one', number: 1 });
  expect(await other.all.read()).toEqual(Array(2).fill({ writer: 'one', number: 1 }));
  await one.close();
  await other.shard(1).set({ writer: 'other', number: 2 });
  expect(table.value).toEqual({ writer: 'other', number: 2 });
});

test('carries whatever calls carry, of any size', async () => {
  const value = ShardedValue.of<unknown>('anything', null);
  for (const next of [1, 'text', undefined, 10n ** 30n, [1, { a: new Uint8Array([1, 2]) }], 'x'.repeat(300_000), new Date(5)]) {
    await value.set(next);
    expect(value.value).toEqual(next instanceof Uint8Array ? Buffer.from(next) : next);
  }
});

test('refuses what is no data, and changes nothing', async () => {
  const value = ShardedValue.of<unknown>('data', 'as before');
  const before = liveHere();
  const [chain, block] = [IoBuf.from('a chain'), DmaBuffer.alloc(4096)];
  for (const none of [chain, { deep: [block] }, new Map(), () => 1]) {
    await expect(value.set(none)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expectTypeError(() => ShardedValue.of('never made', none));
  }
  expect(value.value).toBe('as before');
  expect(value.version).toBe(0);
  expect([chain.length, block.length]).toEqual([7, 4096]);
  chain.release();
  block.release();
  expect(liveHere()).toBe(before);
  expectTypeError(() => ShardedValue.of(1 as never, 1));
  expectTypeError(() => value.addListener('change', 1 as never));
});

test('has the events of an EventEmitter', async () => {
  const value = ShardedValue.of('events', 0);
  const heard: number[] = [];
  const hear = (now: number): void => void heard.push(now);
  value.once('change', hear);
  const changed = once(value, 'change');
  await value.set(1);
  expect(await changed).toEqual([1, 1]);
  value.on('change', hear);
  await value.set(2);
  value.off('change', hear);
  await value.set(3);
  expect(heard).toEqual([1, 2]);
});

test.each(['error', 'newListener', '__proto__', ''])('may have any name: %p', async (name) => {
  const value = ShardedValue.of<number>(name, 0);
  let heard = 0;
  value.addListener('change', () => (heard += 1));
  await value.set(5);
  expect([value.value, heard]).toEqual([5, 1]);
});

test('a listener may set it in turn, and nobody goes back to the older value', async () => {
  const value = ShardedValue.of<number>('set in turn', 0);
  const seen: number[] = [];
  const ends: Promise<void>[] = [];
  value.addListener('change', (now) => {
    if (now === 1) ends.push(value.set(2));
  });
  value.addListener('change', (now) => seen.push(now));
  await value.set(1);
  await Promise.all(ends);
  expect(seen).toEqual([2]);
});

test('a listener that throws ends its own thread, and not the set()', async () => {
  const group = await start({ shards: 2 });
  const errors: string[] = [];
  group.addListener('error', (error: Error) => errors.push(error.message));
  await group.shard(1).listenBadly();
  await table.set({ writer: 'starter', number: 9 });
  await until(() => errors.length === 1, () => 'an error');
  expect(errors).toEqual(['a bad listener']);
  expect(await group.shard(0).read()).toEqual({ writer: 'starter', number: 9 });
});
