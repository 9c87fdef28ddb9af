// A spent budget, and who is asked to give something back before an allocation fails.
import { IoBuf, stats, thisShard } from 'corebuf';
import type { FailingShard } from '../workers/failing-shard';
import { failIn } from '../support/fail-in';
import type { ServiceUnderTest } from '../workers/service';
import { corebufError, expectTypeError } from '../support/errors';
import { expectWell, runProgram } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

test.each([
  ['a listener that releases lets every way of taking memory succeed', 'everywhere'],
  ['a listener that releases lets a file be read', 'file'],
  ['a listener that releases lets a large argument be sent', 'call'],
  ['ERR_OUT_OF_MEMORY carries the table of the shard', 'report'],
  ['a listener that was removed is not called; one that was added twice is removed once', 'removed'],
  ['what a listener throws is uncaught, and does not keep others from being asked', 'throwing'],
  ['a listener that allocates is not called for that', 'allocating'],
  ['a listener may release or trim what the allocation is about: then it fails', 'betrayed'],
])('%s', async (_, which) => {
  await expectWell('under-pressure', { args: [which, scratchPath()] });
});

test('a listener is a function', () => {
  expectTypeError(() => thisShard.memory.onPressure(undefined as never));
});

describe('in the middle of a send that finds no memory', () => {
  let stop = (): void => undefined;
  afterEach(() => {
    failIn(0);
    stop();
  });

  /** The next allocation fails, once; then `relief` runs. */
  function fail(relief: () => void): void {
    stop = thisShard.memory.onPressure(() => {
      failIn(0);
      stop();
      relief();
    });
    failIn(1);
  }

  test('a listener may make calls of its own, and every answer finds its caller', async () => {
    const group = await startGroup<ServiceUnderTest>(workerModule('service'), { shards: 1 });
    for (const size of [10, 100_000]) {
      // More than were ever under way before: the call that fails gets a number that no call had.
      const under = Array.from({ length: size === 10 ? 100 : 200 }, (_, at) => group.shard(0).wait(at));
      const inner: Promise<unknown>[] = [];
      const chain = IoBuf.from('y'.repeat(3000));
      fail(() => {
        for (let at = 0; at < 5; at++) inner.push(group.shard(0).echo(`inner ${at}`));
        inner.push(group.shard(0).echo('z'.repeat(200_000)));
      });
      const outer = group.shard(0).echoAll('x'.repeat(size), chain);
      const [text, back] = (await outer) as [string, IoBuf];
      expect(inner).toHaveLength(6);
      expect(text).toBe('x'.repeat(size));
      expect(back.toString()).toBe('y'.repeat(3000));
      back.release();
      expect(await Promise.all(inner.slice(0, 5))).toEqual([0, 1, 2, 3, 4].map((at) => `inner ${at}`));
      expect(await inner[5]).toBe('z'.repeat(200_000));
      await group.shard(0).letGo();
      expect(await Promise.all(under)).toEqual(under.map((_, at) => at));
    }
  });

  test.each<[string, (chain: IoBuf) => unknown]>([
    ['released', (chain) => chain.release()],
    ['trimmed', (chain) => chain.trimFront(1)],
    ['appended to', (chain) => chain.append('more')],
  ])('a chain that a listener has %s is not sent, and calls go on', async (_, change) => {
    const group = await startGroup<FailingShard>(workerModule('failing-shard'), { shards: 1 });
    const chain = IoBuf.from('to be sent');
    fail(() => change(chain));
    await expect(group.shard(0).shareOf(chain)).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    chain.release();
    expect(await group.shard(0).shareOf(IoBuf.from('another'))).toBe(5);
    await group.close();
  });

  test('a call to all shards that finds no memory keeps nothing', async () => {
    const group = await startGroup<FailingShard>(workerModule('failing-shard'), { shards: 2 });
    const chain = IoBuf.from('for all');
    const before = stats().memory.liveObjects;
    for (let point = 1, done = false; !done; point++) {
      failIn(point);
      const outcome = await group.all.shareOf(chain).catch((error: unknown) => error);
      failIn(0);
      done = Array.isArray(outcome);
      if (!done) expect(outcome).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
      await group.all.live();
      expect(stats().memory.liveObjects).toBe(before);
    }
    chain.release();
  });
});

test('requests for more than was announced are warned of, with the place, and without a flood', async () => {
  const { stderr, ...ended } = await runProgram('large-requests');
  expect(ended).toEqual({ code: 0, signal: null, stdout: '' });
  expect(stderr.match(/CorebufLargeRequest/g)).toHaveLength(2);
});
