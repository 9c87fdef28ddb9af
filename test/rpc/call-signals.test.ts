// Calls that their callers end with an AbortSignal.
import { getEventListeners } from 'node:events';
import { IoBuf } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { Caller } from '../workers/caller';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();

type Group = ShardGroup<Caller>;
const caller = workerModule('caller');
const ended = (value: number): [() => Promise<boolean>, () => string] => {
  return [async () => (await current.shard(0).signals()) === value, () => `${value} calls with a signal`];
};
let current: Group;

async function start(options: object = {}): Promise<Group> {
  current = await startGroup<Caller>(caller, { shards: 1, ...options });
  return current;
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(() => 'it went well', (error: unknown) => error);
}

describe('a signal', () => {
  test('among the arguments ends the call at once, and the one that the method got', async () => {
    const group = await start();
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal });
    await until(...ended(1));
    const reason = new RangeError('enough');
    controller.abort(reason);
    expect(await rejection(call)).toBe(reason);
    await until(...ended(0));
    const [heard] = await group.shard(0).heard();
    expect(heard).toBeInstanceOf(RangeError);
    expect(heard).toMatchObject({ message: 'enough' });
  });

  test('with the usual reason arrives with it', async () => {
    const group = await start();
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal });
    controller.abort();
    expect(await rejection(call)).toBe(controller.signal.reason);
    await until(...ended(0));
    const [heard] = await group.shard(0).heard();
    expect(heard).toBeInstanceOf(DOMException);
    expect(heard).toMatchObject({ name: 'AbortError', code: 20 });
  });

  test.each<[string, () => unknown]>([
    ['a string', () => 'a word'],
    ['null', () => null],
  ])('hands on a reason that is %s', async (_, make) => {
    const group = await start();
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal });
    controller.abort(make());
    expect(await rejection(call)).toBe(make());
    await until(async () => (await group.shard(0).signals()) === 0, () => 'the end of the call');
    expect(await group.shard(0).heard()).toEqual([make()]);
  });

  test.each<[string, () => unknown]>([
    ['a function', () => () => 1],
    ['a chain', () => IoBuf.from('stays here')],
  ])('keeps a reason that cannot travel, such as %s: the method hears of an AbortError', async (_, make) => {
    const group = await start();
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal });
    const reason = make();
    controller.abort(reason);
    expect(await rejection(call)).toBe(reason);
    await until(...ended(0));
    expect(await group.shard(0).heard()).toEqual([expect.objectContaining({ name: 'AbortError' })]);
    if (reason instanceof IoBuf) {
      expect(reason.toString()).toBe('stays here');
      reason.release();
    }
  });

  test('that does not end changes nothing', async () => {
    const group = await start();
    const { signal } = new AbortController();
    expect(await group.shard(0).withSignal(signal)).toBe('true false');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await group.shard(0).linked()).toBe(0);
  });

  test('that has ended already sends nothing, and the chains are as gone as if it had been sent', async () => {
    const group = await start();
    const before = liveHere();
    const chain = IoBuf.from('on its way');
    const signal = AbortSignal.abort('before');
    expect(await rejection(group.shard(0).untilAborted({ signal }, chain))).toBe('before');
    expect(chain.released).toBe(true);
    expect(liveHere()).toBe(before);
    expect(await group.shard(0).heard()).toEqual([]);
  });

  test('takes a call out of the queue that has not been sent, with its chains', async () => {
    const group = await start({ shards: 2, maxInFlight: 1 });
    const controller = new AbortController();
    const first = group.shard(0).wait();
    await until(async () => (await group.shard(1).callSibling(0, 'waiting')) === 1, () => 'the first waits there');
    const calls = [1, 2, 3].map(() => group.shard(0).untilAborted({ signal: controller.signal }, IoBuf.from('waits')));
    const last = group.shard(0).echo('behind them');
    controller.abort('never mind');
    expect(await Promise.all(calls.map(rejection))).toEqual(['never mind', 'never mind', 'never mind']);
    // The other shard lets the first one go: its calls have room of their own.
    await group.shard(1).callSibling(0, 'letGo');
    expect([await first, await last]).toEqual([undefined, 'behind them']);
    expect(await group.shard(0).heard()).toEqual([]);
  });

  test('releases the chains of an answer that comes too late', async () => {
    const group = await start();
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal }, IoBuf.from('comes back'));
    await until(...ended(1));
    controller.abort('late');
    expect(await rejection(call)).toBe('late');
    await until(...ended(0)); // and expectNothingLeaked()
  });

  test('ends a call to all shards', async () => {
    const group = await start({ shards: 3 });
    const controller = new AbortController();
    using chain = IoBuf.from('stays');
    const call = group.all.untilAborted({ signal: controller.signal }, chain);
    await until(async () => (await group.all.signals()).every((count) => count === 1), () => 'all have begun');
    controller.abort('all of you');
    expect(await rejection(call)).toBe('all of you');
    await until(async () => (await group.all.signals()).every((count) => count === 0), () => 'all have ended');
    expect(await group.all.heard()).toEqual([['all of you'], ['all of you'], ['all of you']]);
    expect(chain.toString()).toBe('stays');
  });

  test('may end after the shard has', async () => {
    const group = await start({ shards: 2 });
    const controller = new AbortController();
    const call = group.shard(0).untilAborted({ signal: controller.signal });
    await group.terminate(0);
    expect(await rejection(call)).toMatchObject({ code: 'ERR_SHARD_GONE' });
    controller.abort();
    expect(await group.shard(1).echo('well')).toBe('well');
  });

  test('of long life serves thousands of calls, and keeps nothing of them', async () => {
    const group = await start();
    const warnings: Error[] = [];
    const warn = (warning: Error): number => warnings.push(warning);
    process.on('warning', warn);
    const { signal } = new AbortController();
    for (let round = 0; round < 5; round++) {
      const calls = Array.from({ length: 1000 }, () => group.shard(0).withSignal(signal));
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      await Promise.all(calls);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
    expect(await group.shard(0).linked()).toBe(0);
    await turn();
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  test.each<[string, (signal: AbortSignal) => unknown, string]>([
    ['deep inside', (signal) => [{ list: [signal] }], 'arguments[0][0].list[0] must'],
    ['under another name', (signal) => ({ other: signal }), 'arguments[0].other must'],
    ['beside another', (signal) => ({ signal, other: new AbortController().signal }), 'arguments[0].other must'],
  ])('%s is a TypeError', async (_, make, message) => {
    const group = await start();
    const { signal } = new AbortController();
    const error = await rejection(group.shard(0).echo(make(signal)));
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining(message) as string });
  });

  test('cannot be a result, and a call has but one', async () => {
    const group = await start();
    const { signal } = new AbortController();
    expect(await rejection(group.shard(0).echo(signal))).toMatchObject({ message: expect.stringMatching(/^result must/) as string });
    const two = (group.shard(0) as unknown as { echo(...args: unknown[]): Promise<unknown> }).echo(signal, new AbortController().signal);
    expect(await rejection(two)).toMatchObject({ message: expect.stringMatching(/^arguments\[1\] must.*AbortSignal\.any/) as string });
  });
});
