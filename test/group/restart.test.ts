// GroupOptions.restart: shards that end by themselves and come back.
import { readFileSync } from 'node:fs';
import { IoBuf, ShardGroup, thisShard } from 'corebuf';
import type { GroupOptions, ShardExit } from 'corebuf';
import type { Mortal, MortalData } from '../workers/mortal';
import { corebufError } from '../support/errors';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

type Group = ShardGroup<Mortal>;

const quick = { delay: 0 };

interface Heard {
  readonly exits: ShardExit[];
  readonly restarts: number[];
  readonly errors: [Error, number][];
}

async function start(options: GroupOptions = {}, data: MortalData = {}): Promise<[Group, Heard]> {
  const group = await startGroup<Mortal>(workerModule('mortal'), { shards: 2, restart: quick, workerData: data, ...options });
  return [group, listen(group)];
}

function listen(group: Group): Heard {
  const heard: Heard = { exits: [], restarts: [], errors: [] };
  group.addListener('exit', (exit: ShardExit) => heard.exits.push(exit));
  group.addListener('restart', (shard: number) => heard.restarts.push(shard));
  group.addListener('error', (error: Error, shard: number) => heard.errors.push([error, shard]));
  return heard;
}

async function restarted({ restarts, exits, errors }: Heard, count = 1): Promise<void> {
  await until(() => restarts.length >= count, () => `restart ${count}: ${JSON.stringify({ restarts, exits, errors: errors.map(String) })}`);
}

const gone = corebufError('ERR_SHARD_GONE');

test('a shard knows its index when its module loads, and has the same after a restart; the starter has none', async () => {
  const [group] = await start();
  expect(await group.all.indexes()).toEqual([[0, 0], [1, 1]]);
  await group.restart(1);
  expect(await group.all.indexes()).toEqual([[0, 0], [1, 1]]);
  expect(thisShard.index).toBeUndefined();
});

describe('a shard that ends by itself', () => {
  test.each([
    ['process.exit()', 'exitSoon', 7, undefined],
    ['process.exit(0)', 'exitSoon', 0, undefined],
    ['an uncaught error', 'throwSoon', 1, { message: 'uncaught on a shard' }],
    ['an unhandled rejection', 'rejectSoon', 1, { message: 'unhandled on a shard' }],
  ] as const)('comes back at its index after %s', async (_, method, code, error) => {
    const [group, heard] = await start();
    const remote = group.shard(1);
    const first = await remote.thread();
    expect(await group.shard(0).threadOf(1)).toBe(first);
    await (remote[method])(code);
    await restarted(heard);
    expect(heard.exits).toEqual([{ index: 1, code, error: error === undefined ? undefined : expect.objectContaining(error) as unknown, restarting: true }]);
    expect(heard.errors.length).toBe(error === undefined ? 0 : 1);
    expect(heard.restarts).toEqual([1]);
    const second = await remote.thread();
    expect(second).not.toBe(first);
    expect(await group.shard(1).index()).toBe(1);
    expect(await group.shard(0).threadOf(1)).toBe(second);
    expect(await group.shard(1).threadOf(0)).toBe(await group.shard(0).thread());
    expect(await group.all.thread()).toEqual([await group.shard(0).thread(), second]);
    expect((await group.stats()).length).toBe(2);
  });

  test('is gone for calls in between, and for those that waited for it', async () => {
    const [group, heard] = await start({ maxInFlight: 2, restart: { delay: 300 } });
    const before = liveHere();
    const calls = [group.shard(1).never(), group.shard(1).exit(1), group.shard(1).length(IoBuf.from('waits')), group.shard(0).callNever(1)];
    for (const call of calls) await expect(call).rejects.toEqual(gone);
    await until(() => heard.exits.length === 1, () => 'an exit');
    await expect(group.shard(1).length(IoBuf.from('too early'))).rejects.toEqual(gone);
    await expect(group.all.thread()).rejects.toEqual(gone);
    await until(() => liveHere() === before, () => `${liveHere()} objects instead of ${before}`);
    await restarted(heard);
    expect(await group.shard(1).length(IoBuf.from('in time'))).toBe(7);
  });

  test('comes back again and again, beside others that do', async () => {
    const [group, heard] = await start({ shards: 3, memory: '96MiB', restart: { delay: 0, limit: 100 } });
    for (let round = 1; round <= 5; round++) {
      await Promise.all([0, 1, 2].map((shard) => expect(group.shard(shard).exit(shard)).rejects.toEqual(gone)));
      await restarted(heard, round * 3);
      const threads = await group.all.thread();
      for (const from of [0, 1, 2]) for (const to of [0, 1, 2]) expect(await group.shard(from).threadOf(to)).toBe(threads[to]);
    }
  });

  test('stays gone when it was ended on purpose, or nobody asked for restarts', async () => {
    const [group, heard] = await start();
    await group.terminate(0);
    expect(heard.exits).toEqual([expect.objectContaining({ index: 0, restarting: false })]);
    await group.close();
    const [other, heardThere] = await start({ restart: false });
    await other.shard(0).exitSoon(1);
    await until(() => heardThere.exits.length === 1, () => 'an exit');
    expect(heardThere.exits[0]!.restarting).toBe(false);
    await expect(other.shard(0).thread()).rejects.toEqual(gone);
  });

  test('stays gone when it is terminated before it comes back', async () => {
    const [group, heard] = await start({ restart: { delay: 200 } });
    await group.shard(1).exitSoon(1);
    await until(() => heard.exits.length === 1, () => 'an exit');
    expect(heard.exits[0]!.restarting).toBe(true);
    await group.terminate(1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(heard.restarts).toEqual([]);
    await expect(group.shard(1).thread()).rejects.toEqual(gone);
  });
});

describe('a module that fails when it is loaded again', () => {
  test.each([
    ['throws', 'throw', 'no luck this time'],
    ['exits', 'exit', undefined],
    ['serves other methods', 'other methods', 'must serve the same methods'],
  ] as const)('and %s is tried as often as the limit says, ever later, and stays gone', async (_, failure, message) => {
    const lives = scratchPath();
    const limit = 3;
    const [group, heard] = await start({ shards: 1, restart: { limit, delay: 20 } }, { lives, failFrom: 1, failure });
    const began = performance.now();
    await group.shard(0).exitSoon(1);
    await until(() => heard.exits.some(({ restarting }) => !restarting), () => 'the end');
    expect(performance.now() - began).toBeGreaterThan(20 + 40 + 80);
    expect(heard.exits.map(({ restarting }) => restarting)).toEqual([true, true, true, false]);
    expect(readFileSync(lives).length).toBe(1 + limit);
    const reasons = heard.errors.map(([error]) => error.message);
    expect(reasons.pop()).toBe('shard 0 of the group has ended after 3 restarts within 60000 ms, and stays gone');
    expect(reasons.length).toBe(message === undefined ? 0 : limit);
    for (const reason of reasons) expect(reason).toContain(message);
    expect(heard.restarts).toEqual([]);
    await expect(group.shard(0).thread()).rejects.toEqual(gone);
  });

  test('restarts that lie further back do not count', async () => {
    const [group, heard] = await start({ shards: 1, restart: { limit: 1, within: 1, delay: 0 } });
    for (let round = 1; round <= 4; round++) {
      await group.shard(0).exitSoon(1);
      await restarted(heard, round);
    }
    expect(heard.errors).toEqual([]);
  });
});

describe('restart(shard)', () => {
  test('brings back what was terminated, and replaces what lives', async () => {
    const [group, heard] = await start({ restart: false });
    await group.terminate(1);
    await group.restart(1);
    const first = await group.shard(1).thread();
    await group.restart(1);
    expect(await group.shard(1).thread()).not.toBe(first);
    expect(heard.restarts).toEqual([1, 1]);
    expect(await group.shard(0).threadOf(1)).toBe(await group.shard(1).thread());
  });

  test('asked for twice is one restart, and no worker is left behind', async () => {
    const [group, { exits, restarts }] = await start();
    await Promise.all([group.restart(0), group.restart(0), group.restart(1)]);
    await until(() => exits.length === 2, () => 'the ends');
    expect(restarts.sort()).toEqual([0, 1]);
    await group.close();
    expect(exits).toHaveLength(4);
  });

  test('is called off by terminate(), wherever it is', async () => {
    const [group, { restarts }] = await start();
    for (const turns of [0, 1, 5, 50]) {
      const restarting = group.restart(0).catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await group.terminate(0);
      expect(await restarting).toEqual(corebufError('ERR_SHARD_GONE'));
    }
    expect(restarts).toEqual([]);
  });

  test('fails with what the module throws', async () => {
    const [group, heard] = await start({ shards: 1, restart: false }, { lives: scratchPath(), failFrom: 1, failure: 'throw' });
    await expect(group.restart(0)).rejects.toMatchObject({ name: 'RangeError', message: 'no luck this time' });
    expect(heard.errors.map(([error]) => error.message)).toEqual(['no luck this time']);
    await expect(group.shard(0).thread()).rejects.toEqual(gone);
    await group.close();
    await expect(group.restart(0)).rejects.toEqual(corebufError('ERR_CLOSED'));
  });
});

describe('close', () => {
  test('does not wait for a restart that is put off', async () => {
    const [group, heard] = await start({ restart: { delay: 60_000 } });
    await group.shard(1).exitSoon(1);
    await until(() => heard.exits.length === 1, () => 'an exit');
    await group.close();
    expect(heard.restarts).toEqual([]);
  });

  test('ends a shard that is being started again', async () => {
    const lives = scratchPath();
    const [group, heard] = await start({ shards: 1 }, { lives, failFrom: 1, failure: 'hang' });
    await group.shard(0).exitSoon(1);
    await until(() => readFileSync(lives).length === 2, () => 'the second life');
    await group.close();
    expect(heard.exits.map(({ restarting }) => restarting)).toEqual([true, false]);
    expect(heard.restarts).toEqual([]);
  });

  test.each(Array.from({ length: 10 }, (_, at) => at * 10))('may come %d ms after a shard has ended', async (ms) => {
    const [group] = await start();
    await expect(group.shard(1).exit(1)).rejects.toEqual(gone);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await group.close();
  });
});

test('a shard that ends while the group is starting makes start() fail, and is not started again', async () => {
  const lives = scratchPath();
  const workerData: MortalData = { lives, failFrom: 1, failure: 'exit' };
  const starting = ShardGroup.start(workerModule('mortal'), { shards: 2, memory: '32MiB', restart: quick, workerData });
  await expect(starting).rejects.toEqual(gone);
  expect(readFileSync(lives).length).toBeLessThanOrEqual(2);
});

test('a worker that cannot be made makes start() fail, and leaves none of those before it', async () => {
  let read = 0;
  const workerData = {
    get third(): number {
      if (++read === 3) throw new Error('no worker');
      return read;
    },
  };
  await expect(ShardGroup.start(workerModule('mortal'), { shards: 3, memory: '96MiB', pin: false, workerData })).rejects.toThrow('no worker');
  await until(() => !process.getActiveResourcesInfo().includes('MessagePort'), () => 'the end of the workers');
});

test('refuses options that are none', async () => {
  const begin = (restart: unknown): Promise<unknown> => ShardGroup.start(workerModule('mortal'), { shards: 1, restart: restart as never });
  for (const restart of ['yes', 1, null]) await expect(begin(restart)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  for (const restart of [{ limit: 0 }, { within: 0 }, { delay: -1 }, { delay: 1.5 }]) {
    await expect(begin(restart)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  }
});
