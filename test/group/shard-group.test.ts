import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV } from 'node:worker_threads';
import { DmaBuffer, IoBuf, ShardGroup, thisShard } from 'corebuf';
import type { LeakReport, ShardExit } from 'corebuf';
import type { Forgetful } from '../workers/forgetful-shard';
import type { Settings } from '../workers/serve-settings';
import type { ServiceUnderTest } from '../workers/service';
import { corebufError, expectCode, expectRangeError } from '../support/errors';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

type Group = ShardGroup<ServiceUnderTest>;
const service = workerModule('service');

describe('start', () => {
  test('gives shards with numbers and memory of their own', async () => {
    const group: Group = await startGroup(service, { shards: 3, memory: '96MiB' });
    expect(group.size).toBe(3);
    const stats = await group.stats();
    expect(new Set([thisShard.id, ...stats.map(({ id }) => id)]).size).toBe(4);
    expect(stats.map(({ memory }) => memory.budget)).toEqual([32, 32, 32].map((size) => size * 2 ** 20));
    expect(await group.all.id()).toEqual(stats.map(({ id }) => id));
  });

  test.each([
    ['an object', 'service', (group: Group) => group.shard(1).echo('here'), 'here'],
    ['a function', 'serve-function', (group: Group) => group.shard(1).echo('here'), 'here, shard'],
    ['an async function', 'serve-async', (group: Group) => group.shard(1).echo('here'), 'here, later'],
  ])('serves %s', async (_, module, call, answer) => {
    expect(await call(await startGroup(workerModule(module)))).toBe(answer);
  });

  test('takes a CommonJS path, a path from the current folder, a URL object and a URL string', async () => {
    const url = pathToFileURL(service);
    for (const module of [service, url, url.href]) {
      const group = await ShardGroup.start<ServiceUnderTest>(module, { shards: 1, memory: '16MiB' });
      expect(await group.shard(0).echo(1)).toBe(1);
      await group.close();
    }
  });

  test('takes an ES module, which shares its classes with CommonJS', async () => {
    const group: Group = await startGroup(join(__dirname, '../workers/serve-esm.mjs'));
    using answer = (await group.shard(0).echo(IoBuf.from('x'))) as IoBuf;
    expect(answer).toBeInstanceOf(IoBuf);
    expect(answer.toString()).toBe('x from esm');
  });

  test.each([
    ['an ES module with a default export and an await at its top', 'serve-default.mjs', 'from a default export'],
    ['a .cjs', 'serve-common.cjs', 'from a .cjs'],
  ])('takes %s, by a relative path too', async (_, name, answer) => {
    const path = join(__dirname, '../workers', name);
    for (const module of [path, relative(process.cwd(), path), pathToFileURL(path)]) {
      const group = await ShardGroup.start<ServiceUnderTest>(module, { shards: 1, memory: '16MiB' });
      expect(await group.shard(0).echo(1)).toBe(answer);
      await group.close();
    }
  });

  test('hands what Node is told of its workers to them', async () => {
    process.env['COREBUF_TEST_SWITCH'] = 'ours';
    const group = await startGroup<Settings>(workerModule('serve-settings'), {
      execArgv: ['--no-warnings'],
      argv: ['one', 'two'],
      env: { SETTING: 'set' },
      resourceLimits: { maxOldGenerationSizeMb: 100 },
      name: 'settings',
    });
    delete process.env['COREBUF_TEST_SWITCH'];
    const expected = { execArgv: ['--no-warnings'], argv: ['one', 'two'], variable: 'set', binary: 'ours', heap: 100 };
    expect(await group.all.settings('SETTING')).toEqual([expected, expected]);
    expect((await group.shard(0).settings('HOME')).variable).toBeUndefined();
  });

  test('shares the environment with SHARE_ENV, and copies it otherwise', async () => {
    const shared = await startGroup<Settings>(workerModule('serve-settings'), { env: SHARE_ENV });
    const copied = await startGroup<Settings>(workerModule('serve-settings'), { shards: 1 });
    await shared.shard(0).setVariable('COREBUF_TEST_SHARED', 'yes');
    await copied.shard(0).setVariable('COREBUF_TEST_SHARED', 'no');
    expect((await shared.shard(1).settings('COREBUF_TEST_SHARED')).variable).toBe('yes');
  });

  test.each<[string, object, string]>([
    ['execArgv', { execArgv: '--no-warnings' }, 'ERR_INVALID_ARG_TYPE'],
    ['an item of execArgv', { execArgv: [1] }, 'ERR_INVALID_ARG_TYPE'],
    ['a flag that Node does not know', { execArgv: ['--no-such-flag-at-all'] }, 'ERR_WORKER_INVALID_EXEC_ARGV'],
    ['argv', { argv: {} }, 'ERR_INVALID_ARG_TYPE'],
    ['env', { env: 'PATH' }, 'ERR_INVALID_ARG_TYPE'],
    ['another symbol as env', { env: Symbol('env') }, 'ERR_INVALID_ARG_TYPE'],
    ['resourceLimits', { resourceLimits: 5 }, 'ERR_INVALID_ARG_TYPE'],
    ['a limit', { resourceLimits: { stackSizeMb: '4' } }, 'ERR_INVALID_ARG_TYPE'],
    ['a limit of nothing', { resourceLimits: { maxOldGenerationSizeMb: 0 } }, 'ERR_OUT_OF_RANGE'],
    ['a name', { name: 7 }, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %s that is none', async (_, options, code) => {
    await expect(ShardGroup.start(service, { shards: 1, ...options })).rejects.toMatchObject({ code });
  });

  test('hands workerData to the module', async () => {
    const group = await startGroup<{ data(): unknown }>(workerModule('serve-worker-data'), { workerData: { some: ['data'] } });
    expect(await group.shard(1).data()).toEqual({ some: ['data'] });
  });

  test.each([
    ['throws while it loads', 'fails-to-load', { name: 'RangeError', message: 'no such luck' }],
    ['throws while it makes its service', 'fails-to-serve', { name: 'Error', message: 'not today', code: 'ENOTTODAY' }],
    ['does not serve', 'serves-nothing', { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringMatching(/serves-nothing\.js did not call serve/) as string }],
    ['serves twice', 'serves-twice', { name: 'TypeError' }],
    ['serves a number', 'serves-a-number', { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }],
    ['exits', 'exits-at-once', { code: 'ERR_SHARD_GONE' }],
    ['does not exist', 'nowhere', { code: expect.stringMatching(/MODULE_NOT_FOUND/) as string }],
    ['fails on one shard only', 'fails-on-one', { message: 'only here' }],
  ])('rejects when the module %s, and leaves no worker behind', async (_, module, error) => {
    expect(existsSync(workerModule(module))).toBe(module !== 'nowhere');
    const before = threads();
    await expect(ShardGroup.start(workerModule(module), { shards: 2, memory: '32MiB' })).rejects.toMatchObject(error);
    // Below it when one of the engine of another test has ended meanwhile.
    await until(() => threads() <= before, () => `there were ${before} threads, and are ${threads()}`);
    const next: Group = await startGroup(service);
    expect(await next.shard(0).echo('well')).toBe('well');
  });

  test('refuses options that are none', async () => {
    const start = (options: object): Promise<unknown> => ShardGroup.start(service, options);
    const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    for (const shards of [0, -1, 1.5, 256]) await expect(start({ shards })).rejects.toMatchObject(range);
    await expect(start({ shards: '2' })).rejects.toMatchObject(type);
    await expect(start({ shards: 2, memory: 1 })).rejects.toMatchObject(range);
    await expect(start({ shards: 1, memory: '1 parsec' })).rejects.toMatchObject(range);
    await expect(start({ shards: 1, memory: {} })).rejects.toMatchObject(type);
    await expect(start({ shards: 1, maxInFlight: 0 })).rejects.toMatchObject(range);
    await expect(start({ shards: 1, spin: -1 })).rejects.toMatchObject(range);
    await expect(start({ shards: 1, stallThreshold: 0.5 })).rejects.toMatchObject(range);
    await expect(start({ shards: 1, pin: 1 })).rejects.toMatchObject(type);
    await expect(ShardGroup.start(7 as never)).rejects.toMatchObject(type);
    await expect(ShardGroup.start(service, null as never)).rejects.toMatchObject(type);
    await expect(start({ shards: 1, workerData: () => 1 })).rejects.toMatchObject({ name: 'DataCloneError' });
  });
});

describe('a group', () => {
  test('offers only what is served, and is no thenable', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const remote = group.shard(0) as unknown as Record<string, unknown>;
    expect(remote['unserved']).toBeUndefined();
    expect(remote['then']).toBeUndefined();
    expect(await Promise.resolve(remote)).toBe(remote);
    expectRangeError(() => group.shard(1));
    expectRangeError(() => group.shard(-1));
  });

  test('reports each exit, with the error of a shard that died of one', async () => {
    const group = await startGroup<{ throwLater(): void; end(code: number): void }>(workerModule('dies'), { shards: 2 });
    const exits: ShardExit[] = [];
    const errors: unknown[][] = [];
    group.addListener('exit', (exit: ShardExit) => exits.push(exit));
    group.addListener('error', (...args: unknown[]) => errors.push(args));
    await group.shard(0).throwLater();
    await until(() => exits.length === 1, () => 'no shard has ended');
    expect(exits[0]).toMatchObject({ index: 0, code: 1, error: { message: 'uncaught' } });
    expect(errors).toEqual([[exits[0]!.error, 0]]);
    await expect(group.shard(1).end(3)).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    await until(() => exits.length === 2, () => 'the other has not ended');
    expect(exits[1]).toEqual({ index: 1, code: 3, error: undefined, restarting: false });
    await expect(group.shard(0).throwLater()).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
  });

  test('releases the chains of a call to a shard that has ended', async () => {
    const group: Group = await startGroup(service);
    await group.terminate(0);
    const before = liveHere();
    const chain = IoBuf.from('lost');
    await expect(group.shard(0).text(chain)).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    expect(chain.released).toBe(true);
    expect(liveHere()).toBe(before);
    expect(await group.shard(1).echo('the other lives')).toBe('the other lives');
  });
});

describe('close', () => {
  test('waits for the calls that are under way', async () => {
    const group: Group = await startGroup(service);
    const calls = [group.shard(0).echoLater('a'), group.shard(1).relay(0, 'echo', 'b'), group.shard(1).text(IoBuf.from('c'))];
    await group.close();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
  });

  test('is idempotent, and ends every worker', async () => {
    // The first group also begins threads that stay, such as the stall watch's.
    await (await startGroup(service, { shards: 1 })).close();
    const before = threads();
    const group: Group = await startGroup(service, { shards: 3 });
    expect(threads()).toBeGreaterThan(before);
    await Promise.all([group.close(), group.close()]);
    await group.close();
    await group[Symbol.asyncDispose]();
    // Below it when one of the engine of another test has ended meanwhile.
    await until(() => threads() <= before, () => `there were ${before} threads, and are ${threads()}`);
  });

  test('makes later calls throw ERR_CLOSED', async () => {
    const group: Group = await startGroup(service);
    const closing = group.close();
    expectCode(() => group.shard(0), 'ERR_CLOSED');
    expectCode(() => group.all, 'ERR_CLOSED');
    await expect(group.stats()).rejects.toEqual(corebufError('ERR_CLOSED'));
    await closing;
    expectCode(() => group.shard(0), 'ERR_CLOSED');
  });

  test('does not wait for calls to another group', async () => {
    const one: Group = await startGroup(service, { shards: 1 });
    const other: Group = await startGroup(service, { shards: 1 });
    const call = other.shard(0).wait('still there');
    await one.close();
    await other.shard(0).letGo();
    expect(await call).toBe('still there');
  });

  test('waits for calls that wait for maxInFlight', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const calls = Array.from({ length: 20 }, (_, at) => group.shard(0).echoLater(at));
    await group.close();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  });

  test('waits for calls between shards that nobody waits for', async () => {
    const group: Group = await startGroup(service, { shards: 2, maxInFlight: 2 });
    const exits: ShardExit[] = [];
    group.addListener('exit', (exit: ShardExit) => exits.push(exit));
    await group.shard(0).begin(1, 50);
    await group.close();
    expect(exits.map(({ code, error }) => ({ code, error }))).toEqual(Array(2).fill({ code: 0, error: undefined }));
  });

  test('gives back what the shards still hold', async () => {
    const group: Group = await startGroup(service, { shards: 2 });
    await group.shard(0).hold(IoBuf.from('held for ever'));
    await group.shard(1).hold(DmaBuffer.alloc(4096));
    await group.shard(1).hold((await group.shard(0).make('held elsewhere')));
    await group.close();
  });

  test('leaves memory of ended shards readable for who still holds it', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = await group.shard(0).makeLarge(300_000, 0x41);
    const [view] = [...chain];
    await group.close();
    expect(chain.toBuffer().equals(Buffer.alloc(300_000, 0x41))).toBe(true);
    expect(view![0]).toBe(0x41);
    expect(chain.append('more').length).toBe(300_004);
  });
});

/** Threads of this process; those of workers are gone when start() or close() has settled. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

test("addListener('leak') hears of what its shards forget", async () => {
  const group = await startGroup<Forgetful>(workerModule('forgetful-shard'));
  const heard: [LeakReport, number][] = [];
  group.addListener('leak', (report: LeakReport, shard: number) => heard.push([report, shard]));
  await group.shard(1).forget();
  await until(
    async () => {
      await group.shard(1).collect();
      return heard.length > 0;
    },
    () => 'a leak',
  );
  expect(heard[0]).toEqual([{ kind: 'IoBuf', bytes: 9, madeAt: undefined }, 1]);
  await group.close(); // Objects in its last block are never collected.
});
