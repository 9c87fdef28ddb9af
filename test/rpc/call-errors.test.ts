// Values that nobody should throw: the caller hears of them, and nobody else.
import type { ShardExit, ShardGroup } from 'corebuf';
import type { Detail, Odd } from '../workers/odd-errors';
import { corebufError } from '../support/errors';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

let group: ShardGroup<Odd>;

beforeEach(async () => {
  group = await startGroup<Odd>(workerModule('odd-errors'), { shards: 1 });
});

test.each(['throwRevoked', 'rejectRevoked', 'getterOfResult'] as const)('%s: the call fails, and those beside it do not', async (method) => {
  const shard = group.shard(0);
  const ends = await Promise.allSettled([shard.echo(1), shard[method](), shard.echo(2)]);
  expect(ends).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: corebufError('ERR_REMOTE') },
    { status: 'fulfilled', value: 2 },
  ]);
  await group.close();
});

test.each(['toString', 'valueOf', 'constructor', '__proto__', 'hasOwnProperty'])('an error may be named %s', async (name) => {
  const error: unknown = await group.shard(0).throwNamed(name).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, message: 'hello' });
});

test.each<Detail>(['detached', 'getter', 'proxy', 'cause', 'star'])('a detail that cannot travel (%s) stays behind, and the error comes', async (detail) => {
  const error: unknown = await group.shard(0).throwWith(detail).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ message: 'hello', plain: 'kept' });
});

test('what leads back to itself ends there, and the rest comes', async () => {
  const error: unknown = await group.shard(0).throwWith('star').catch((reason: unknown) => reason);
  const { star, long } = error as { star: { children: object[] }; long: object[] };
  expect(star.children).toHaveLength(2000);
  expect(star.children[1999]).toEqual({ parent: undefined });
  expect(long[4999]).toEqual({ at: 4999 });
});

test('a stack that is no text does no harm', async () => {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  try {
    const error: unknown = await group.shard(0).throwNamed('Odd').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'Odd', message: 'hello' });
  } finally {
    Error.prepareStackTrace = before;
  }
});

test('a shard that dies of nothing dies of an error', async () => {
  const exits: ShardExit[] = [];
  group.addListener('exit', (exit: ShardExit) => exits.push(exit));
  await group.shard(0).throwNothing();
  await until(() => exits.length > 0, () => 'the exit');
  expect(exits[0]!.error).toEqual(corebufError('ERR_REMOTE'));
  expect(exits[0]!.error!.message).toBe('a shard threw null');
});
