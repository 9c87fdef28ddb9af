// Calls that wait for maxInFlight: their order, their count, and that none waits for ever.
import { IoBuf, stats } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { Caller } from '../workers/caller';
import { Random } from '../support/random';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();

type Group = ShardGroup<Caller>;
const caller = workerModule('caller');

describe('calls that call back and wait', () => {
  test.each([1, 2, 64])('end when two shards flood each other with them, %d in flight', async (maxInFlight) => {
    const group: Group = await startGroup(caller, { shards: 2, maxInFlight });
    const floods = [group.shard(0).flood(1, 3, 500), group.shard(1).flood(0, 3, 500), group.shard(0).flood(1, 3, 500)];
    expect(await Promise.all(floods)).toEqual([1500, 1500, 1500]);
  });

  test.each([1, 2, 64])('end when three shards do around a circle, %d in flight', async (maxInFlight) => {
    const group: Group = await startGroup(caller, { shards: 3, maxInFlight });
    const floods = [0, 1, 2].map((shard) => group.shard(shard).floodAround(7, 200));
    expect(await Promise.all(floods)).toEqual([1400, 1400, 1400]);
  });

  test('end when each is alone, however deep', async () => {
    const group: Group = await startGroup(caller, { shards: 2, maxInFlight: 1 });
    expect(await group.shard(0).flood(1, 100, 1)).toBe(100);
  });

  test('end when the methods take turns at a lock', async () => {
    const group: Group = await startGroup(caller, { shards: 2, maxInFlight: 1 });
    // The lock makes those that are under way wait for each other, and thus for what waits behind them.
    expect(await group.shard(0).floodLocked(1, 100)).toBe(100);
    expect(await Promise.all([group.shard(0).floodLocked(1, 50), group.shard(1).floodLocked(0, 50)])).toEqual([50, 50]);
  });
});

test('many calls may wait, and cost no more each than a few', async () => {
  const group: Group = await startGroup(caller, { shards: 1 });
  // With a queue that moves whenever one leaves, this took minutes.
  const calls = Array.from({ length: 400_000 }, (_, number) => group.shard(0).echo(number));
  expect((await Promise.all(calls)).every((value, number) => value === number)).toBe(true);
});

describe('the bound', () => {
  test('holds for a shard as for the thread that started it', async () => {
    const group: Group = await startGroup(caller, { shards: 2, maxInFlight: 4 });
    await Promise.all(Array.from({ length: 100 }, () => group.shard(0).busy()));
    expect(await group.shard(0).mostRunning()).toBe(4);
    // One more for the request that it serves meanwhile.
    await group.shard(0).floodBusy(1, 100);
    expect(await group.shard(1).mostRunning()).toBe(5);
  });

  test('is seen in stats(): what waits for it is counted where it waits', async () => {
    const group: Group = await startGroup(caller, { shards: 2, maxInFlight: 2 });
    const [to] = await group.all.id();
    const waiting = (): number | undefined => stats().lanes.find((lane) => lane.to === to)?.waiting;
    const calls = Array.from({ length: 10 }, () => group.shard(0).wait(IoBuf.from('x')));
    await until(async () => (await group.shard(1).callSibling(0, 'waiting')) === 2, () => 'two have arrived');
    expect(waiting()).toBe(8);
    while (waiting()! > 0) {
      await group.shard(1).callSibling(0, 'letGo');
      await turn();
    }
    const letGo = setInterval(() => void group.shard(1).callSibling(0, 'letGo'), 1);
    for (const back of await Promise.all(calls)) back!.release();
    clearInterval(letGo);
    expect(waiting()).toBe(0);
  });
});

describe('order', () => {
  test.each([1, 7, 1024])('is that of the calls, whatever they weigh and however they wait, %d in flight', async (maxInFlight) => {
    const random = new Random();
    const group: Group = await startGroup(caller, { shards: 1, maxInFlight });
    const calls: Promise<unknown>[] = [];
    for (let number = 0; number < 1500; number++) {
      const size = random.upTo(19) === 0 ? random.upTo(150_000) : random.upTo(400);
      const ballast = random.upTo(1) === 0 ? Buffer.alloc(size) : 'x'.repeat(size);
      const way = random.upTo(9) === 0 ? group.all : group.shard(0);
      calls.push(way.begin(number, ballast));
      if (random.upTo(99) === 0) await turn();
    }
    await Promise.all(calls);
    expect(await group.shard(0).begun()).toEqual(Array.from({ length: 1500 }, (_, number) => number));
  });
});
