// The turns of a shard end, and there are none while there is nothing to do.
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { runProgram } from '../support/program';
import type { Busy } from '../workers/busy-shard';

expectNothingLeaked();
jest.setTimeout(60_000);

test.each([
  [20, 5000],
  [100, 2000],
  [1000, 100],
])('a flood of calls of %d µs each leaves timers and sockets their turns', async (each, calls) => {
  const group = await startGroup<Busy>(workerModule('busy-shard'), { shards: 1 });
  const shard = group.shard(0);
  await shard.begin();
  const turns = new Set(await Promise.all(Array.from({ length: calls }, () => shard.work(each)))).size;
  // 500 µs of work a turn, or one call where that is longer; a machine that is busy otherwise makes for more turns, never for fewer.
  expect(turns).toBeGreaterThanOrEqual((each * calls) / Math.max(500, each * 2) / 2);
  // And not one for each short call.
  if (each < 100) expect(turns).toBeLessThan(calls / 3);
  await shard.end();
});

test('an answer does not wait for the requests that came before it', async () => {
  const group = await startGroup<Busy>(workerModule('busy-shard'));
  const { ask, work } = group.shard(0);
  const meanwhile = ask(1);
  const flood = Promise.all(Array.from({ length: 1000 }, () => work(200)));
  expect(await meanwhile).toBeLessThan(100);
  await flood;
});

test('a group of eight that has nothing to do takes less than one percent of a processor', async () => {
  const { code, stdout, stderr } = await runProgram('idle-group');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(Number(stdout)).toBeLessThan(0.01);
});
