import { capabilities, stats, thisShard } from 'corebuf';
import type { ShardGroup, StallReport } from 'corebuf';
import type { SlowToLoad } from '../workers/slow-to-load';
import type { Stalling } from '../workers/stall-shard';
import { corebufError, expectTypeError, thrownBy } from '../support/errors';
import { testWithThreadNames } from '../support/features';
import { expectWell, runProgram } from '../support/program';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

type Group = ShardGroup<Stalling>;

/** Other programs make turns long on a busy machine: only what is far above a threshold is sure to be told from what is far below. */
const MS = 1000;

function start(stallThreshold?: number): Promise<Group> {
  return startGroup<Stalling>(workerModule('stall-shard'), { shards: 1, ...(stallThreshold === undefined ? {} : { stallThreshold }) });
}

/** Does it until one report of it is as wanted: the stack may have come too late, or noise have used up the reports of this second. */
async function reportOf(group: Group, stall: () => Promise<unknown>, wanted: (report: StallReport) => boolean): Promise<StallReport> {
  let found: StallReport | undefined;
  let seen: StallReport[] = [];
  await until(
    async () => {
      await stall();
      seen = (await group.shard(0).reports());
      found = seen.find(wanted);
      return found !== undefined;
    },
    () => `a report; the last were ${JSON.stringify(seen)}`,
  );
  return found!;
}

test('this Node lets stacks be taken', () => {
  expect(capabilities().stallStacks).toBe(true);
});

describe('a turn that is too long', () => {
  test('is reported with its method, its length, and the function that was running, with file and line', async () => {
    const group = await start();
    const report = await reportOf(group, () => group.shard(0).block(2), ({ stack }) => stack?.includes('holdUpEverybody') === true);
    expect(report).toMatchObject({ shard: (await group.stats())[0]!.id, handler: 'block', suppressed: expect.any(Number) as number });
    expect(report.blockedFor).toBeGreaterThanOrEqual(2 * MS);
    expect(report.stack).toMatch(/holdUpEverybody \(.*stall-shard\.[jt]s:\d+:\d+\)/);
    expect(report.stack).toMatch(/block \(.*stall-shard\.[jt]s:\d+:\d+\)/);
  });

  test('is reported with the function that a long native call returned to', async () => {
    const group = await start(10 * MS);
    const report = await reportOf(group, () => group.shard(0).parse(20 << 20), ({ stack }) => stack?.includes('parseEverything') === true);
    expect(report.handler).toBe('parse');
    expect(report.blockedFor).toBeGreaterThan(10 * MS);
  });

  test('has no method when none is running, and is published on the diagnostics channel', async () => {
    const group = await start(10 * MS);
    const report = await reportOf(group, () => group.shard(0).blockTurns(1, 50), ({ stack }) => stack?.includes('holdUpEverybody') === true);
    expect(report.handler).toBeUndefined();
    expect(await group.shard(0).published()).toContainEqual(report);
  });

  test('is heard of by the group', async () => {
    const group = await start(10 * MS);
    const heard: [StallReport, number][] = [];
    group.addListener('stall', (report: StallReport, shard: number) => heard.push([report, shard]));
    await until(
      async () => {
        await group.shard(0).block(50);
        return heard.some(([{ handler }]) => handler === 'block');
      },
      () => 'the event of the group',
    );
    expect(heard[0]![1]).toBe(0);
    expect(heard[0]![0].blockedFor).toBeGreaterThan(10 * MS);
  });
});

test('what ran for too long is told from what waited', async () => {
  const group = await start(10 * MS);
  const ran = await reportOf(group, () => group.shard(0).block(100), ({ handler }) => handler === 'block');
  expect(ran.onCpuFor).toBeLessThanOrEqual(ran.blockedFor);
  expect(ran.onCpuFor).toBeGreaterThan(10 * MS);
  const { stalls, stallsOnCpu } = (await group.stats())[0]!;
  expect(stallsOnCpu).toBeGreaterThan(0);
  const waited = await reportOf(group, () => group.shard(0).wait(100), ({ handler }) => handler === 'wait');
  expect(waited.blockedFor).toBeGreaterThanOrEqual(100 * MS);
  expect(waited.onCpuFor).toBeLessThan(10 * MS);
  const after = (await group.stats())[0]!;
  expect(after.stalls - after.stallsOnCpu).toBeGreaterThan(stalls - stallsOnCpu);
});

test('to load a module is no stall', async () => {
  const group = await startGroup<SlowToLoad>(workerModule('slow-to-load'), { shards: 1, stallThreshold: 200 * MS });
  expect(await group.shard(0).stalls()).toBe(0);
});

test('many turns below the threshold are not reported, however long they take together', async () => {
  const group = await start(150 * MS);
  await group.shard(0).blockTurns(200, 2);
  expect(await group.shard(0).reports()).toEqual([]);
});

test('beyond 10 in a second reports are counted, and the next one says how many', async () => {
  const group = await start(2 * MS);
  await group.shard(0).blockTurns(40, 5);
  const first = (await group.shard(0).reports());
  expect(first.length).toBeGreaterThan(0);
  let last: StallReport[] = [];
  await until(
    async () => {
      await group.shard(0).block(5);
      last = (await group.shard(0).reports());
      return last.some(({ suppressed }) => suppressed > 0);
    },
    () => 'a report that counts what was suppressed',
  );
  const all = [...first, ...last];
  expect(all.reduce((sum, { suppressed }) => sum + suppressed + 1, 0)).toBeGreaterThanOrEqual(40);
  expect(Math.max(...all.map(({ suppressed }) => suppressed))).toBeGreaterThanOrEqual(10);
});

describe('stallThreshold', () => {
  test('may be changed at any time, and 0 turns the watch off', async () => {
    const group = await start(0);
    await group.shard(0).block(30);
    expect(await group.shard(0).stalls()).toBe(0);
    expect(await group.shard(0).setThreshold(1000 * MS)).toBe(1000 * MS);
    await group.shard(0).block(30);
    expect(await group.shard(0).reports()).toEqual([]);
    await group.shard(0).setThreshold(5 * MS);
    await reportOf(group, () => group.shard(0).block(30), ({ handler, stack }) => handler === 'block' && stack !== undefined);
    await group.shard(0).setThreshold(0);
    await group.shard(0).reports();
    const before = await group.shard(0).stalls();
    for (let round = 0; round < 5; round++) await group.shard(0).block(30);
    expect(await group.shard(0).reports()).toEqual([]);
    expect(await group.shard(0).stalls()).toBe(before);
  });

  test('set where there was none counts from then on', async () => {
    const group = await start(0);
    await group.shard(0).blockUnwatched(600, 300 * MS);
    expect(await group.shard(0).stalls()).toBe(0);
    await reportOf(group, () => group.shard(0).block(310), ({ handler }) => handler === 'block');
  });

  test('is a whole number of microseconds', () => {
    const before = thisShard.stallThreshold;
    expect(before).toBe(500);
    for (const wrong of [-1, 0.5, 60_000_001, NaN]) {
      expect(thrownBy(() => (thisShard.stallThreshold = wrong))).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    }
    expectTypeError(() => (thisShard.stallThreshold = '500' as never));
    expect(thisShard.stallThreshold).toBe(before);
  });
});

test('turnLengths counts every turn but the first by its length', async () => {
  const { turns, turnLengths } = stats();
  expect(turnLengths).toHaveLength(24);
  expect(turnLengths.reduce((sum, count) => sum + count, 0)).toBe(Math.max(turns - 1, 0));
  const group = await start();
  await group.shard(0).block(20);
  const [shard] = await group.stats();
  expect(shard!.turnLengths.slice(15).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});

test('a shard may be terminated in the middle of a stall', async () => {
  for (let round = 0; round < 5; round++) {
    const group = await start(round === 0 ? 500 : 50 * round);
    const call = group.shard(0).block(60_000).catch((error: unknown) => error);
    const endless = performance.now() + 5 * round;
    await until(() => performance.now() > endless, () => 'a moment');
    await group.terminate(0);
    expect(await call).toEqual(corebufError('ERR_SHARD_GONE'));
    await group.close();
  }
});

describe('a process', () => {
  test('says nothing of stalls unless it is asked to', async () => {
    await expectWell('one-stall', { args: ['500'], env: { COREBUF_STALLS: '' } });
    await expectWell('one-stall', { args: ['500'], env: { COREBUF_STALLS: '0' } });
    await expectWell('one-stall', { args: ['0'], env: { COREBUF_STALLS: '1' } });
  });

  test('prints them, with the stack, where COREBUF_STALLS=1', async () => {
    const { code, stderr } = await runProgram('one-stall', { args: ['10000'], env: { COREBUF_STALLS: '1' } });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^corebuf: shard 0 was blocked for \d{2,}\.\d ms, on the processor for \d{2,}\.\d ms$/m);
    expect(stderr).toMatch(/^ {4}at takesLong \(.*one-stall\.[jt]s:\d+:\d+\)$/m);
  });

  test('may exit in the middle of a stall', async () => {
    expect(await runProgram('one-stall', { args: ['500', 'exit'] })).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
  });

  testWithThreadNames('that is idle does not run the watch', async () => {
    await expectWell('stall-watch-sleeps', {}, 'asleep\n');
  });
});
