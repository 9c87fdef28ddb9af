// From the start of a group to its end: limits of time, clean-up of services, reasons of death, references that keep the process alive.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { CorebufError, ShardGroup, stats } from 'corebuf';
import type { GroupOptions, ShardExit } from 'corebuf';
import type { Busy } from '../workers/busy-shard';
import type { LifecycleData, LifecycleService } from '../workers/lifecycle-shard';
import { corebufError } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectWell } from '../support/program';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

type Group = ShardGroup<LifecycleService>;
const worker = workerModule('lifecycle-shard');
let log: string;

beforeEach(() => {
  log = scratchPath();
  writeFileSync(log, '');
});

async function start(cleanUp: LifecycleData['cleanUp'] = 'none', options: GroupOptions = {}): Promise<Group> {
  return startGroup<LifecycleService>(worker, { workerData: { log, cleanUp } satisfies LifecycleData, ...options });
}

/** A group whose close() is to fail, so that nobody else may close it. */
async function startAlone(cleanUp: LifecycleData['cleanUp'], options: GroupOptions): Promise<Group> {
  const workerData = { log, cleanUp } satisfies LifecycleData;
  return ShardGroup.start<LifecycleService>(worker, { memory: '32MiB', pin: false, workerData, ...options });
}

function logged(): string[] {
  return readFileSync(log, 'utf8').split('\n').slice(0, -1).sort();
}

async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; cause?: Error }> {
  return promise.then(() => { throw new Error('it went well'); }, (error: unknown) => error as Error & { code?: string; cause?: Error });
}

describe('the clean-up of a service', () => {
  test.each<[LifecycleData['cleanUp'], string[]]>([
    ['dispose', ['disposed 0', 'disposed 1']],
    ['close', ['closed 0', 'closed 1']],
    ['both', ['disposed 0', 'disposed 1']],
    ['calls a sibling', ['0 hears inherited', '1 hears inherited']],
    ['none', []],
  ])('(%s) is awaited by close()', async (cleanUp, expected) => {
    await (await start(cleanUp)).close();
    expect(logged()).toEqual(expected);
  });

  test('is awaited by asyncDispose', async () => {
    const group = await start('close');
    await group[Symbol.asyncDispose]();
    expect(logged()).toEqual(['closed 0', 'closed 1']);
  });

  test('is awaited by restart(), for the one shard', async () => {
    const group = await start('dispose');
    await group.restart(1);
    expect(logged()).toEqual(['disposed 1']);
    expect(await group.shard(1).inherited()).toBe('inherited');
  });

  test('comes after the calls that are under way', async () => {
    const group = await start('close', { shards: 1 });
    const calls = Array.from({ length: 20 }, (_, at) => group.shard(0).note(`call ${10 + at}`));
    await group.close();
    await Promise.all(calls);
    expect(readFileSync(log, 'utf8')).toMatch(/call 29\nclosed 0\n$/);
  });

  test('that throws fails close(), and the shards have ended', async () => {
    const group = await startAlone('throws', { shards: 1 });
    const exit = once(group, 'exit');
    expect(await failure(group.close())).toMatchObject({ name: 'RangeError', message: 'the disk is full' });
    expect(await exit).toMatchObject([{ index: 0 }]);
  });

  test('that throws on several shards fails close() with all errors', async () => {
    const error = (await failure((await startAlone('throws', { shards: 2 })).close())) as unknown as AggregateError;
    expect(error.errors).toMatchObject([{ message: 'the disk is full' }, { message: 'the disk is full' }]);
  });

  test.each<LifecycleData['cleanUp']>(['hangs', 'blocks'])('that %s ends after closeTimeout, and is reported', async (cleanUp) => {
    const group = await startAlone(cleanUp, { shards: 1, closeTimeout: 100 });
    expect(await failure(group.close())).toEqual(corebufError('ERR_TIMEOUT'));
  });

  test('that hangs in restart() is reported as an error, and the shard comes back', async () => {
    const group = await startAlone('hangs', { shards: 2, closeTimeout: 100 });
    const errors: unknown[] = [];
    group.on('error', (error, index) => errors.push([error, index]));
    await group.restart(0);
    expect(errors).toEqual([[corebufError('ERR_TIMEOUT'), 0]]);
    expect(await group.shard(0).inherited()).toBe('inherited');
    await group.close().catch(() => undefined);
  });

  test('is not run by terminate()', async () => {
    const group = await start('close');
    await group.terminate(0);
    await group.close();
    expect(logged()).toEqual(['closed 1']);
  });
});

test('a method that never answers keeps close() for closeTimeout; then the clean-up still runs', async () => {
  const group = await startAlone('close', { shards: 1, closeTimeout: 100 });
  const call = failure(group.shard(0).never());
  expect(await failure(group.close())).toEqual(corebufError('ERR_TIMEOUT'));
  expect(await call).toEqual(corebufError('ERR_SHARD_GONE'));
  expect(logged()).toEqual(['closed 0']);
});

test('a shard that is blocked keeps close() for two closeTimeouts, and all that failed is told', async () => {
  const group = await ShardGroup.start<Busy>(workerModule('busy-shard'), { shards: 2, memory: '32MiB', pin: false, closeTimeout: 1000 });
  const call = failure(group.shard(0).work(60_000_000));
  const begun = performance.now();
  const error = await failure(group.close());
  expect(performance.now() - begun).toBeLessThan(2900);
  expect(error).toEqual(corebufError('ERR_TIMEOUT'));
  expect((error.cause as unknown as AggregateError).errors).toEqual([corebufError('ERR_TIMEOUT'), corebufError('ERR_TIMEOUT')]);
  expect(await call).toEqual(corebufError('ERR_SHARD_GONE'));
});

test('terminate() is possible while the group closes, and does nothing afterwards', async () => {
  const group = await startAlone('hangs', { closeTimeout: 10_000 });
  const closing = group.close();
  await Promise.all([group.terminate(0), group.terminate(1)]);
  await closing;
  await group.terminate(0);
});

test('an aborted signal ends the waiting, and nothing else', async () => {
  const group = await startAlone('close', { shards: 1 });
  const reason = new RangeError('enough');
  const signal = AbortSignal.abort(reason);
  expect(await failure(group.stats({ signal }))).toBe(reason);
  expect(await failure(group.restart(0, { signal }))).toBe(reason);
  const controller = new AbortController();
  const restarting = failure(group.restart(0, { signal: controller.signal }));
  controller.abort(reason);
  expect(await restarting).toBe(reason);
  await once(group, 'restart');
  expect(await failure(group.close({ signal }))).toBe(reason);
  await group.close();
  expect(logged()).toEqual(['closed 0', 'closed 0']);
});

test('stats() have the indexes of the shards that live', async () => {
  const group = await start('none', { shards: 3 });
  await group.terminate(1);
  expect((await group.stats()).map(({ index }) => index)).toEqual([0, 2]);
  expect(stats().index).toBeUndefined();
});

describe('a start', () => {
  const never = join(__dirname, '../workers/never-loads.mjs');

  test('fails after startTimeout when a module never finishes loading', async () => {
    expect(await failure(ShardGroup.start(never, { shards: 2, memory: '32MiB', startTimeout: 200 }))).toEqual(corebufError('ERR_TIMEOUT'));
  });

  test('fails with the reason of its signal', async () => {
    const controller = new AbortController();
    const starting = failure(ShardGroup.start(never, { shards: 2, memory: '32MiB', signal: controller.signal }));
    await turn();
    controller.abort(new RangeError('enough'));
    expect(await starting).toMatchObject({ message: 'enough' });
    expect(await failure(ShardGroup.start(never, { signal: AbortSignal.abort('before') }))).toBe('before');
  });

  test.each([['strtTimeout', { strtTimeout: 5 }], ['restart', { restart: { limits: 5 } }]])('refuses the unknown option in %s', async (_, options) => {
    expect(await failure(ShardGroup.start(worker, options as GroupOptions))).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/must have no property/) as string });
  });

  test.each([['startTimeout', 0], ['closeTimeout', 2 ** 31], ['signal', {}]])('refuses %s of %p', async (name, value) => {
    const error = await failure(ShardGroup.start(worker, { [name]: value }));
    expect(error.message).toMatch(new RegExp(`options\\.${name} must`));
  });
});

describe('a shard that dies', () => {
  test('of an error is the cause of calls under way, of calls that wait and of later calls', async () => {
    const group = await start('none', { maxInFlight: 2 });
    group.on('error', () => undefined);
    const calls = [group.shard(0).never(), group.shard(0).throwSoon('the reason'), group.shard(0).echo('waits')].map(failure);
    const errors = [...(await Promise.all(calls)), await failure(group.shard(0).echo('later'))];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_SHARD_GONE', cause: { name: 'RangeError', message: 'the reason' } });
      expect(error.message).toMatch(/^shard 0 of the group ended before it answered: the reason$/);
    }
  });

  test('tells its siblings why', async () => {
    const group = await start();
    group.on('error', () => undefined);
    const sibling = group.shard(1).callSibling(0, 'never', '');
    await failure(group.shard(0).throwSoon('the reason'));
    expect(await sibling).toBe('ERR_SHARD_GONE, because of the reason');
    expect(await group.shard(1).callSibling(0, 'never', '')).toBe('ERR_SHARD_GONE, because of the reason');
  });

  test('of process.exit() says with which code', async () => {
    const group = await start();
    const error = await failure(group.shard(0).exit(7));
    expect(error).toEqual(corebufError('ERR_SHARD_GONE'));
    expect(error.message).toBe('shard 0 of the group ended before it answered: its thread ended with code 7');
    expect(error).not.toHaveProperty('cause');
    expect(await failure(group.shard(0).echo('later'))).toMatchObject({ message: error.message });
    expect(await group.shard(1).callSibling(0, 'never', '')).toBe('ERR_SHARD_GONE, because of undefined');
  });

  test('of a CorebufError is told with its code', async () => {
    const group = await start();
    const told = once(group, 'error');
    const exited = once(group, 'exit') as Promise<[ShardExit]>;
    const { cause } = await failure(group.shard(0).throwSoon('the reason', 'ERR_CLOSED'));
    const [{ error }] = await exited;
    for (const each of [cause, error, (await told)[0]]) {
      expect(each).toBeInstanceOf(CorebufError);
      expect(each).toMatchObject({ name: 'CorebufError', code: 'ERR_CLOSED', message: 'the reason', stack: expect.stringMatching(/lifecycle-shard/) as string });
    }
    expect(await group.shard(1).callSibling(0, 'never', '')).toBe('ERR_SHARD_GONE, because of the reason');
  });

  test('is a warning with the stack where nobody listens to errors', async () => {
    const group = await start('none', { shards: 1 });
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await failure(group.shard(0).throwSoon('the reason'));
    await until(() => warn.mock.calls.length > 0, () => 'a warning');
    const [message, name] = warn.mock.calls[0]!;
    warn.mockRestore();
    expect(name).toBe('CorebufShardError');
    expect(message).toMatch(/^shard 0 of the group: RangeError: the reason\n\s+at .*lifecycle-shard/);
  });
});

describe('events', () => {
  test('are those of an EventEmitter', async () => {
    const group = await start('none', { restart: { delay: 0 } });
    const exit = once(group, 'exit') as Promise<[ShardExit]>;
    const restart = once(group, 'restart') as Promise<[number]>;
    const never = jest.fn();
    group.on('exit', never).off('exit', never);
    await failure(group.shard(1).exit(5));
    expect(await exit).toEqual([{ index: 1, code: 5, error: undefined, restarting: true }]);
    expect(await restart).toEqual([1]);
    expect(never).not.toHaveBeenCalled();
  });

  test('are not suppressed by a listener that throws; and a group without a reference lets the process end', async () => {
    const seen = ['exit', 'error', 'uncaught: of a listener', 'restart', 'ends by itself', ''];
    await expectWell('group-events', {}, seen.join('\n'));
  });
});

describe('a service', () => {
  test('may be an instance of a class: inherited methods, private state, and no getter is run', async () => {
    const group = await start();
    expect(await Promise.all([group.shard(0).inherited(), group.shard(1).privateState()])).toEqual(['inherited', 'private state']);
    expect((group.shard(0) as unknown as Record<string, unknown>)['constructor']).toBeUndefined();
    expect((group.shard(0) as unknown as Record<string, unknown>)['notCalled']).toBeUndefined();
  });

  test('with a generic method keeps its type', async () => {
    const group = await start();
    const answer: 'a literal' = await group.shard(0).identity('a literal' as const);
    expect(answer).toBe('a literal');
  });

  test.each([
    ['serves-no-method', /service must have at least one method/],
    ['serves-then', /service must have no method named 'then'/],
  ])('%s is refused', async (name, message) => {
    expect((await failure(ShardGroup.start(workerModule(name), { shards: 1, memory: '16MiB' }))).message).toMatch(message);
  });

  test('begins each call with an AsyncLocalStorage context of its own', async () => {
    const group = await start('none', { shards: 1 });
    const shard = group.shard(0);
    const seen = await Promise.all(['ann', 'bob', 'eve'].map((name) => shard.enter(name)));
    await turn();
    seen.push(await shard.enter('later'));
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
    expect(await Promise.all(['x', 'y'].map((name) => shard.enterAndWait(name)))).toEqual(['x', 'y']);
  });
});

test('an error of a method shows where the caller awaits it', async () => {
  const group = await start('none', { maxInFlight: 1 });
  async function theCaller(): Promise<unknown> {
    return (await group.shard(0).fail('no'));
  }
  for (const error of await Promise.all([failure(theCaller()), failure(theCaller())])) {
    expect(error.stack).toMatch(/^TypeError: no\n\s+at .*lifecycle-shard[^]*--- on another shard ---\n[^]*at (async )?theCaller/);
  }
  await group.terminate(0);
  expect((await failure(theCaller())).stack).toMatch(/^CorebufError: shard 0 [^\n]*\n[^]*at (async )?theCaller/);
});

test('an aborted call whose method never returns gives its place in maxInFlight back', async () => {
  const group = await startAlone('none', { shards: 1, maxInFlight: 1, closeTimeout: 100 });
  const controller = new AbortController();
  const stuck = failure(group.shard(0).never({ signal: controller.signal }));
  const next = group.shard(0).echo('next');
  controller.abort('enough');
  expect(await stuck).toBe('enough');
  expect(await next).toBe('next');
  expect(await failure(group.close())).toEqual(corebufError('ERR_TIMEOUT'));
});

test('arrays with named properties are refused, wherever they stand', async () => {
  const group = await start();
  const named = Object.assign([1, 2], { total: 3 });
  for (const value of [named, { deep: [named] }]) {
    expect(await failure(group.shard(0).echo(value))).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/its property "total" would be lost/) as string });
  }
  expect(await group.shard(0).echo(Object.assign([], { 4294967294: undefined, length: 2 }))).toEqual([undefined, undefined]);
});

test('console.log of a group says what it is', async () => {
  const group = await start();
  expect(inspect(group)).toMatch(/^ShardGroup \{\n? *size: 2,\s+alive: \[ 0, 1 \],\s+closed: false,\s+module: 'file:.*lifecycle-shard\.js',\s+methods: \[/);
  await group.terminate(1);
  expect(inspect(group)).toContain('alive: [ 0 ]');
});
