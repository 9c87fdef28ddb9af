// A shard that has spent its budget asks the shards for memory that hold some of it.
import { IoBuf, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { Evicting } from '../workers/evicting-shard';
import { thrownBy } from '../support/errors';
import { failIn } from '../support/fail-in';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

const LENGTH = 100_000;

function start(shards: number): Promise<ShardGroup<Evicting>> {
  return startGroup<Evicting>(workerModule('evicting-shard'), { shards, memory: `${shards * 8}MiB` });
}

afterEach(() => failIn(0));

function spendHere(): void {
  failIn(1);
  const error = thrownBy(() => IoBuf.from(Buffer.alloc(LENGTH)));
  failIn(0);
  expect(error).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
}

test('a shard that keeps chains of the thread that started it is told, and others are not', async () => {
  const group = await start(3);
  await group.shard(0).keep(IoBuf.from(Buffer.alloc(LENGTH)));
  await group.shard(1).keepAdopted(IoBuf.from(Buffer.alloc(LENGTH)));
  expect(thisShard.memory.stats().lent).toBe(LENGTH);
  spendHere();
  await until(() => thisShard.memory.stats().lent === 0, () => 'the chain came back');
  const [holder, adopter, other] = await group.all.told();
  expect(holder!.map(({ home }) => home)).toEqual([thisShard.id]);
  expect(holder![0]!.wanted).toBeGreaterThan(0);
  expect([adopter, other]).toEqual([[], []]);
  await group.all.drop();
});

test('siblings, and the thread that started them, are told of a shard', async () => {
  const group = await start(3);
  const [, home, other] = await group.all.id();
  const [here, there] = await Promise.all([group.shard(1).make(LENGTH), group.shard(1).make(LENGTH)]);
  await group.shard(0).keep(there);
  const told: number[] = [];
  const stop = thisShard.memory.onPressure((_, of) => {
    told.push(of);
    here.release();
  });
  expect(await group.shard(1).spend()).toBe('ERR_OUT_OF_MEMORY');
  await until(async () => (await group.shard(1).lent()) === 0, () => 'the chains came back');
  stop();
  expect(told).toEqual([home]);
  const all = await group.all.told();
  expect(all.map((each) => each.map((one) => one.home))).toEqual([[home], [home], []]);
  expect(other).not.toBe(home);
});

test('a group emits the pressure of a shard once, and none of those that are told', async () => {
  const group = await start(2);
  const emitted: number[] = [];
  group.on('pressure', (_, index) => emitted.push(index));
  await group.shard(0).keep(await group.shard(1).make(LENGTH));
  expect(await group.shard(1).spend()).toBe('ERR_OUT_OF_MEMORY');
  await until(async () => (await group.shard(1).lent()) === 0, () => 'the chain came back');
  expect(emitted).toEqual([1]);
  expect(await group.shard(0).told()).toHaveLength(1);
});

test('many failures of one turn are told once, and those of the next turn again', async () => {
  const group = await start(1);
  for (let turns = 0; turns < 2; turns++) {
    await group.shard(0).keep(IoBuf.from(Buffer.alloc(LENGTH)));
    for (let failures = 0; failures < 10; failures++) spendHere();
    await until(() => thisShard.memory.stats().lent === 0, () => 'the chain came back');
    expect(await group.shard(0).told()).toHaveLength(1);
  }
});
