// How calls go: errors, order, queueing, and calls between the shards of a group.
import { DmaBuffer, IoBuf, stats } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { Caller } from '../workers/caller';
import type { ServiceUnderTest } from '../workers/service';
import { corebufError } from '../support/errors';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();

type Group = ShardGroup<ServiceUnderTest>;
const service = workerModule('service');

describe('errors', () => {
  test('come back with name, message, code, details and the stack of where they were thrown', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).throwError('RangeError', 'too far', { code: 'EFAR', errno: -5, syscall: 'go', path: '/far' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'EFAR', errno: -5, syscall: 'go', path: '/far' });
    expect(error.stack).toMatch(/RangeError: too far\n\s+at .*throwError.*service\.js[^]*--- on another shard/);
  });

  test('keep a name that is their own', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).throwError('Error', 'odd', { name: 'OddError' }));
    expect(error).toMatchObject({ name: 'OddError', message: 'odd' });
  });

  test('of rejected promises come back with their cause', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).rejectLater('later'));
    expect(error.message).toBe('later');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: 'the cause' });
  });

  test('of this package are CorebufErrors with the same code', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.shard(0).useReleased()).rejects.toEqual(corebufError('ERR_RELEASED'));
    const spent = await rejection(group.shard(0).spendAll());
    expect(spent).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    expect((spent as { report?: string }).report).toMatch(/^shard \d+: .* used of 64 MiB/);
    expect(await group.shard(0).echo('works again')).toBe('works again');
  });

  test.each<[unknown, string]>([
    ['text', "'text'"],
    [5, '5'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ an: 'object' }, 'object'],
  ])('that are none, such as %p, become ERR_REMOTE', async (value, described) => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).throwValue(value));
    expect(error).toEqual(corebufError('ERR_REMOTE'));
    expect(error.message).toContain(described);
  });

  test.each(['function', 'map', 'symbol'])('that are a %s become ERR_REMOTE', async (kind) => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.shard(0).throwUntravellable(kind)).rejects.toEqual(corebufError('ERR_REMOTE'));
  });

  test('of a class of its own become an Error with its name and what is plain of it', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).throwOdd('class'));
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error).toMatchObject({ name: 'QuotaError', message: 'over', left: 0, by: { user: 'u', tags: ['a', 1n], when: new Date(5) } });
    expect((error as unknown as { by: object }).by).toHaveProperty('run', undefined);
  });

  test('bring all that they hold: causes of causes, and the errors of an AggregateError', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const all = (await rejection(group.shard(0).throwOdd('aggregate'))) as AggregateError;
    expect(all).toBeInstanceOf(AggregateError);
    expect(all).toMatchObject({ message: 'all', cause: { plain: [1] } });
    const [one, two, three] = all.errors as [Error, string, AggregateError];
    expect(one).toBeInstanceOf(RangeError);
    expect(one.stack).toMatch(/RangeError: one\n.*service\.js[^]*--- on another shard/);
    expect(two).toBe('two');
    expect(three.errors[0]).toMatchObject({ name: 'TypeError', message: 'three' });
    const nested = await rejection(group.shard(0).throwOdd('nested'));
    expect(nested.cause).toBeInstanceOf(TypeError);
    expect(nested.cause).toMatchObject({ message: 'b', code: 'EB', cause: { name: 'RangeError', message: 'c', cause: 5 } });
  });

  test.each<[string, object]>([
    ['circle', { message: 'round' }],
    ['dom', { name: 'NotFoundError', message: 'gone', code: 8 }],
    ['numbered', { message: 'numbered', code: 7 }],
    ['changed', { name: 'CorebufError', code: 'ERR_CHANGED' }],
    ['chain', { message: 'with a chain', left: 1 }],
    ['proto', { message: 'proto' }],
    ['unreadable', { message: 'no message' }],
    ['throwsFunction', { code: 'ERR_REMOTE', message: 'a served method threw a value that cannot be read' }],
  ])('of the odd kind %s come as well as they can', async (kind, expected) => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.shard(0).throwOdd(kind));
    expect(error).toMatchObject(expected);
    expect((error as { polluted?: boolean }).polluted).toBeUndefined();
    expect(await group.shard(0).echo('well')).toBe('well');
  });

  test('do not come from what calls back twice: the first counts', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    expect(await group.shard(0).thenTwice()).toBe(1);
    expect(await group.shard(0).echo('well')).toBe('well');
  });

  test('leave the chains of the arguments to the method that threw', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await group.shard(0).hold(IoBuf.from('kept'));
    await expect(group.shard(0).throwError('Error', 'no', {})).rejects.toThrow('no');
    expect(await group.shard(0).dropAll()).toBe(1);
  });
});

describe('order', () => {
  test('between a pair is the order of the calls', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const calls: Promise<unknown>[] = [];
    for (let number = 0; number < 5000; number++) {
      // Large ones among them take another way.
      calls.push(group.shard(0).note(number % 100 === 0 ? { number, large: Buffer.alloc(70_000) } : { number }));
    }
    await Promise.all(calls);
    const notes = (await group.shard(0).notes()) as { number: number }[];
    expect(notes.map(({ number }) => number)).toEqual(Array.from({ length: 5000 }, (_, number) => number));
  });

  test('stays when calls wait for maxInFlight', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 3 });
    const calls: Promise<unknown>[] = [];
    for (let number = 0; number < 500; number++) {
      calls.push(group.shard(0).note(number), group.shard(0).release(IoBuf.from(`${number}`)));
      if (number % 50 === 0) await turn();
    }
    await Promise.all(calls);
    expect(await group.shard(0).notes()).toEqual(Array.from({ length: 500 }, (_, number) => number));
  });
});

describe('maxInFlight', () => {
  test('lets no more than that many be under way', async () => {
    const group: Group = await startGroup(service, { shards: 2, maxInFlight: 2 });
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => group.shard(0).wait(name));
    // The other shard asks and lets go: to it, the first one's calls from here do not count.
    const waiting = (): Promise<unknown> => group.shard(1).relay(0, 'waiting');
    for (const left of [2, 2, 1]) {
      await until(async () => (await waiting()) === left, () => `never were ${left} under way`);
      for (let round = 0; round < 20; round++) await turn();
      expect(await waiting()).toBe(left);
      await group.shard(1).relay(0, 'letGo');
    }
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('takes the chains of a waiting call over at once', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const chain = IoBuf.from('waits');
    const bytes = Buffer.from('as it was');
    const calls = [group.shard(0).echoLater(1), group.shard(0).text(chain), group.shard(0).echo(bytes)];
    expect(chain.released).toBe(true);
    bytes.fill(0);
    expect(await Promise.all(calls)).toEqual([1, 'waits', Buffer.from('as it was')]);
  });

  test('waiting calls of any size and many chains go out well', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const chains = Array.from({ length: 3000 }, (_, at) => IoBuf.from(`${at}`));
    const calls = [group.shard(0).echoLater(0), group.shard(0).echo(chains), group.shard(0).echo('y'.repeat(64_000)), group.shard(0).echo('z'.repeat(200_000))];
    const [, back, y, z] = (await Promise.all(calls)) as [number, IoBuf[], string, string];
    expect(back.map(String)).toEqual(chains.map((_, at) => `${at}`));
    expect([y.length, z.length]).toEqual([64_000, 200_000]);
    for (const chain of back) chain.release();
  });

  test('waiting calls with arguments that cannot travel fail at once and leave their chains', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const first = group.shard(0).echoLater(1);
    using chain = IoBuf.from('stays');
    await expect(group.shard(0).echoAll(chain, () => 1)).rejects.toMatchObject({ name: 'TypeError' });
    expect(chain.toString()).toBe('stays');
    expect(await first).toBe(1);
  });
});

describe('shards of a group', () => {
  test('call each other through thisShard.group', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    const ids = await group.all.id();
    expect(await group.all.groupSize()).toEqual([3, 3, 3]);
    expect(await group.shard(0).relay(2, 'id')).toBe(ids[2]);
    expect(await group.shard(1).relay(1, 'id')).toBe(ids[1]);
    expect(await group.shard(2).relayAll('id')).toEqual(ids);
    expect(await group.shard(1).relay(0, 'echo', { deep: [1n, 'x'] })).toEqual({ deep: [1n, 'x'] });
  });

  test('pass chains on, and the bytes still go home', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    using back = await group.shard(0).pass(IoBuf.from('round and round'), 10);
    expect(back.toString()).toBe('round and round');
    using made = (await group.shard(0).relay(1, 'make', 'from one through zero')) as IoBuf;
    expect(made.toString()).toBe('from one through zero');
  });

  test('hand errors through', async () => {
    const group: Group = await startGroup(service);
    await expect(group.shard(0).relay(1, 'throwError', 'TypeError', 'deep down', { code: 'EDEEP' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'deep down',
      code: 'EDEEP',
    });
  });

  test('in two groups do not mix', async () => {
    const one: Group = await startGroup(service, { shards: 2 });
    const other: Group = await startGroup(service, { shards: 1 });
    await one.shard(0).note('one');
    await other.shard(0).note('other');
    expect(await one.shard(0).notes()).toEqual(['one']);
    expect(await other.shard(0).notes()).toEqual(['other']);
  });
});

async function rejection(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it went well');
}


test('what messages copy counts as such in the ledger, once, however large they are', async () => {
  const group: Group = await startGroup(service, { shards: 1 });
  for (const length of [10, 1000, 200_000]) {
    const before = stats().ledger.copied;
    await group.shard(0).lengthOf(Buffer.alloc(length));
    const after = stats().ledger.copied;
    expect(after['append']).toBe(before['append']);
    expect(after['message']! - before['message']!).toBeGreaterThanOrEqual(length);
    expect(after['message']! - before['message']!).toBeLessThan(length + 100);
  }
});

describe('all', () => {
  test('shares bytes and copies none, and reads getters once', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    using chain = IoBuf.from(Buffer.alloc(100_000, 1));
    using block = DmaBuffer.alloc(8192, { alignment: 512 });
    let reads = 0;
    const before = stats().ledger;
    const answers = await group.all.echoAll(chain, { deep: [block, chain], get once(): number { return ++reads; } });
    const after = stats().ledger;
    expect(reads).toBe(1);
    expect(after.copied['message']! - before.copied['message']!).toBeLessThan(1000);
    expect({ ...after.copied, message: 0 }).toEqual({ ...before.copied, message: 0 });
    expect(after.shared - before.shared).toBe(3 * (2 * 100_000 + 8192));
    expect([chain.length, block.length]).toEqual([100_000, 8192]);
    expect(answers).toHaveLength(3);
    for (const [whole, { deep, once }] of answers as [IoBuf, { deep: [DmaBuffer, IoBuf]; once: number }][]) {
      expect([whole.length, deep[0].length, deep[0].alignment, deep[1].length, once]).toEqual([100_000, 8192, 512, 100_000, 1]);
      for (const one of [whole, ...deep]) one.release();
    }
  });

  test.each(['throw', 'end'] as const)('fails when one shard does (%s), once all have answered, and keeps nothing of the others', async (how) => {
    const group: ShardGroup<Caller> = await startGroup(workerModule('caller'), { shards: 3 });
    const before = liveHere();
    let ended = false;
    group.addListener('exit', () => (ended = true));
    const error = await rejection(group.all.allBut(1, how));
    expect(error).toMatchObject(how === 'end' ? { code: 'ERR_SHARD_GONE' } : { name: 'RangeError', message: 'not shard 1' });
    await until(() => liveHere() === before && ended === (how === 'end'), () => 'what the others answered goes back');
  });

  test('fails for a shard that has ended, and the arguments stay', async () => {
    const group: Group = await startGroup(service, { shards: 2 });
    await group.terminate(1);
    using chain = IoBuf.from('stays');
    await expect(group.all.echo([chain])).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    expect(chain.toString()).toBe('stays');
  });
});
