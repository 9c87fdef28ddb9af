import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DmaBuffer, DmaFile, IoBuf, ShardGroup, thisShard } from 'corebuf';
import type { ShardExit } from 'corebuf';
import type { ServiceUnderTest } from './fixtures/service';
import { corebufError, expectCode, expectRangeError } from './support/errors';
import { removeScratchAfterEach, scratchPath } from './support/scratch';
import { expectNothingLeaked, fixture, liveHere, startGroup } from './support/shards';
import { turn, until } from './support/turns';

expectNothingLeaked();
removeScratchAfterEach();

type Group = ShardGroup<ServiceUnderTest>;
const service = fixture('service');

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
    ['an object', 'service', (group: Group) => group.on(1).echo('here'), 'here'],
    ['a function', 'serve-function', (group: Group) => group.on(1).echo('here'), 'here, shard'],
    ['an async function', 'serve-async', (group: Group) => group.on(1).echo('here'), 'here, later'],
  ])('serves %s', async (_, module, call, answer) => {
    expect(await call(await startGroup(fixture(module)))).toBe(answer);
  });

  test('takes a CommonJS path, a path from the current folder, a URL object and a URL string', async () => {
    const url = pathToFileURL(service);
    for (const module of [service, url, url.href]) {
      const group = await ShardGroup.start<ServiceUnderTest>(module, { shards: 1, memory: '16MiB' });
      expect(await group.on(0).echo(1)).toBe(1);
      await group.close();
    }
  });

  test('takes an ES module, which shares its classes with CommonJS', async () => {
    const group: Group = await startGroup(join(__dirname, 'fixtures/serve-esm.mjs'));
    using answer = (await group.on(0).echo(IoBuf.from('x'))) as IoBuf;
    expect(answer).toBeInstanceOf(IoBuf);
    expect(answer.toString()).toBe('x from esm');
  });

  test('hands workerData to the module', async () => {
    const group = await startGroup<{ data(): unknown }>(fixture('serve-worker-data'), { workerData: { some: ['data'] } });
    expect(await group.on(1).data()).toEqual({ some: ['data'] });
  });

  test.each([
    ['throws while it loads', 'fails-to-load', { name: 'RangeError', message: 'no such luck' }],
    ['throws while it makes its service', 'fails-to-serve', { name: 'Error', message: 'not today', code: 'ENOTTODAY' }],
    ['does not serve', 'serves-nothing', { message: expect.stringMatching(/serves-nothing\.js did not call serve/) as string }],
    ['serves twice', 'serves-twice', { name: 'TypeError' }],
    ['serves a number', 'serves-a-number', { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }],
    ['exits', 'exits-at-once', { code: 'ERR_SHARD_GONE' }],
    ['does not exist', 'nowhere', { code: expect.stringMatching(/MODULE_NOT_FOUND/) as string }],
    ['fails on one shard only', 'fails-on-one', { message: 'only here' }],
  ])('rejects when the module %s, and leaves no worker behind', async (_, module, error) => {
    expect(existsSync(fixture(module))).toBe(module !== 'nowhere');
    const before = threads();
    await expect(ShardGroup.start(fixture(module), { shards: 2, memory: '32MiB' })).rejects.toMatchObject(error);
    await until(() => threads() === before, () => `there were ${before} threads, and are ${threads()}`);
    const next: Group = await startGroup(service);
    expect(await next.on(0).echo('well')).toBe('well');
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

describe('values', () => {
  const sparse: unknown[] = [];
  sparse[2] = 'end';
  const nullish: unknown = Object.assign(Object.create(null) as object, { a: 1 });

  test.each<[string, unknown, unknown?]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['true', true],
    ['zero', 0],
    ['negative zero', -0],
    ['a large integer', 2 ** 31],
    ['the least int32', -(2 ** 31)],
    ['a fraction', 0.1],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER],
    ['NaN', NaN],
    ['infinity', -Infinity],
    ['a small bigint', 5n],
    ['a negative bigint', -(2n ** 200n)],
    ['no text', ''],
    ['text', 'é€😀\0'],
    ['a long text', 'añb'.repeat(50_000)],
    ['bytes', Buffer.from('bytes')],
    ['no bytes', Buffer.alloc(0)],
    ['a Uint8Array', new Uint8Array([1, 2, 3]), Buffer.of(1, 2, 3)],
    ['part of a buffer', Buffer.from('abcdef').subarray(2, 4)],
    ['a Date', new Date(1_234_567_890_123)],
    ['an array', [1, [2, ['three']], []]],
    ['a sparse array', sparse, [undefined, undefined, 'end']],
    ['an object', { a: 1, b: { c: [null, undefined, { d: 'x' }] }, '': 0 }],
    ['an object without prototype', nullish, { a: 1 }],
    ['an object with a key __proto__', JSON.parse('{"__proto__": {"admin": true}}') as unknown],
    ['an object with a key then', { then: 1 }],
    ['65 KiB', Buffer.alloc(65 * 1024, 7)],
    ['2 MiB in one object', { text: 'x'.repeat(2 ** 20), bytes: Buffer.alloc(2 ** 20, 9), list: Array.from({ length: 1000 }, (_, at) => at) }],
  ])('of kind %s arrive as they are', async (_, value, expected = value) => {
    const group: Group = await startGroup(service, { shards: 1 });
    for (const call of [group.on(0).echo(value), group.on(0).echoLater(value)]) expect(await call).toStrictEqual(expected);
  });

  test('of every encoded size around the limits arrive as they are', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    for (const middle of [64, 128, 256, 65_536 - 64, 65_536]) {
      for (let length = middle - 40; length < middle + 8; length++) {
        const bytes = Buffer.alloc(length, length);
        const answer = (await group.on(0).echo(bytes)) as Buffer;
        expect(answer.equals(bytes)).toBe(true);
      }
    }
  });

  test('an invalid Date stays one', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const answer = (await group.on(0).echo(new Date(NaN))) as Date;
    expect(answer).toBeInstanceOf(Date);
    expect(answer.getTime()).toBeNaN();
  });

  test('a key __proto__ never becomes a prototype', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const answer = (await group.on(0).echo(JSON.parse('{"__proto__": {"admin": true}}'))) as { admin?: boolean };
    expect(answer.admin).toBeUndefined();
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
  });

  test('errors travel as values too', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const sent = Object.assign(new RangeError('far'), { code: 'EFAR' });
    const answer = (await group.on(0).echo({ error: sent })) as { error: Error };
    expect(answer.error).toBeInstanceOf(RangeError);
    expect(answer.error).toMatchObject({ message: 'far', code: 'EFAR', name: 'RangeError' });
  });

  test.each<[string, () => unknown]>([
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('s')],
    ['a Map', () => new Map()],
    ['a Set', () => new Set()],
    ['a RegExp', () => /x/],
    ['a Float64Array', () => new Float64Array(2)],
    ['a class of ours', () => thisShard],
    ['a promise', () => Promise.resolve(1)],
    ['a function deep inside', () => ({ list: [{ run: () => 1 }] })],
    ['a circle', circular],
  ])('that cannot travel are a TypeError at the caller: %s', async (_, make) => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = IoBuf.from('stays');
    await expect(group.on(0).echoAll(chain, make())).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(chain.toString()).toBe('stays');
  });

  test.each(['function', 'map', 'symbol', 'instance', 'circular', 'twice'])('that cannot travel are a TypeError of the callee: %s', async (kind) => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.on(0).untravellable(kind)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('the error names the place of what cannot travel', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.on(0).echoAll(1, { list: [0, () => 1] })).rejects.toThrow('arguments[1].list[1]');
  });
});

describe('chains', () => {
  test('among the arguments move there, and those of the result move here', async () => {
    const group: Group = await startGroup(service);
    const chain = IoBuf.from('to and fro');
    const call = group.on(0).echo({ deep: [chain] });
    expect(chain.released).toBe(true);
    const { deep } = (await call) as { deep: [IoBuf] };
    using back = deep[0];
    expect(back).toBeInstanceOf(IoBuf);
    expect(back.toString()).toBe('to and fro');
  });

  test('made elsewhere keep their home, and go back to it', async () => {
    const group: Group = await startGroup(service);
    const [there] = await group.stats();
    const block = await group.on(0).makeDma(8192, 0x5a);
    expect(block.home).toBe(there!.id);
    expect(block.bytes.equals(Buffer.alloc(8192, 0x5a))).toBe(true);
    expect((await group.on(0).stats()).memory.liveObjects).toBeGreaterThan(there!.memory.liveObjects);
    block.release();
    await until(
      async () => (await group.on(0).stats()).memory.liveObjects === there!.memory.liveObjects,
      () => 'the block has not come home',
    );
    expect((await group.on(0).stats()).memory.remoteFreesReceived).toBeGreaterThan(there!.memory.remoteFreesReceived);
  });

  test('of both homes may be mixed in one', async () => {
    const group: Group = await startGroup(service);
    const mixed = IoBuf.from('here ');
    mixed.take(await group.on(0).make('zero ')).take(await group.on(1).make('one ')).append('and here');
    expect(mixed.toString()).toBe('here zero one and here');
    expect(await group.on(1).text(mixed.share(2))).toBe('re zero one and here');
    using rest = (await group.on(0).echo(mixed)) as IoBuf;
    using front = rest.takeFront(7);
    expect(`${front.toString()}|${rest.toString()}`).toBe('here ze|ro one and here');
  });

  test('DmaBuffers keep their alignment', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using back = (await group.on(0).echo(DmaBuffer.alloc(512, { alignment: 512 }))) as DmaBuffer;
    expect(back).toBeInstanceOf(DmaBuffer);
    expect(back).toMatchObject({ length: 512, alignment: 512, home: thisShard.id });
  });

  test('that are empty arrive empty', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const [first, none, last] = (await group.on(0).echoAll(IoBuf.from('a'), new IoBuf(), IoBuf.from('b'))) as IoBuf[];
    expect([first, none, last].map(String)).toEqual(['a', '', 'b']);
    for (const chain of [first!, none!, last!]) chain.release();
  });

  test('many in one call arrive in their order, beside values large and small', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const many = Array.from({ length: 4096 }, (_, at) => IoBuf.from(`${at}`));
    const [answer, text] = (await group.on(0).echoAll(many, 'x'.repeat(100_000))) as [IoBuf[], string];
    expect(answer.map(String)).toEqual(Array.from({ length: 4096 }, (_, at) => `${at}`));
    expect(text).toHaveLength(100_000);
    for (const chain of answer) chain.release();
  });

  test('more than a message carries are refused, and stay', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const many = Array.from({ length: 4097 }, () => IoBuf.from('x'));
    await expect(group.on(0).echo(many)).rejects.toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    expect(many.every((chain) => !chain.released)).toBe(true);
    for (const chain of many) chain.release();
  });

  test('the same one twice is a TypeError, and stays', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = IoBuf.from('once');
    await expect(group.on(0).echoAll(chain, chain)).rejects.toMatchObject({ name: 'TypeError' });
    expect(chain.toString()).toBe('once');
  });

  test('that are released cannot be sent', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const gone = IoBuf.from('gone');
    gone.release();
    await expect(group.on(0).echo(gone)).rejects.toEqual(corebufError('ERR_RELEASED'));
    await expect(group.on(0).untravellable('released')).rejects.toEqual(corebufError('ERR_RELEASED'));
  });

  test('given to all are shared with each, and stay', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    using chain = IoBuf.from('for all');
    expect(await group.all.text(chain)).toEqual(['for all', 'for all', 'for all']);
    expect(chain.toString()).toBe('for all');
    const answers = (await group.all.echo({ in: [chain] })) as { in: IoBuf[] }[];
    for (const answer of answers) {
      expect(answer.in[0]!.toString()).toBe('for all');
      answer.in[0]!.release();
    }
  });

  test('are seen by the receiver as they were when they were sent', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = IoBuf.from('first');
    const call = group.on(0).text(chain.share());
    chain.append(' second');
    expect(await call).toBe('first');
  });

  test('can be written to a file over there', async () => {
    const group: Group = await startGroup(service);
    const path = scratchPath();
    expect(await group.on(1).persist(path, IoBuf.from('persisted'))).toBe(4096);
    await using file = await DmaFile.open(path);
    using read = await file.read(0, 9);
    expect(read.toString()).toBe('persisted');
  });
});

describe('errors', () => {
  test('come back with name, message, code, details and the stack of where they were thrown', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.on(0).throwError('RangeError', 'too far', { code: 'EFAR', errno: -5, syscall: 'go', path: '/far' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'EFAR', errno: -5, syscall: 'go', path: '/far' });
    expect(error.stack).toMatch(/RangeError: too far\n\s+at .*throwError.*service\.js[^]*--- on another shard/);
  });

  test('keep a name that is their own', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.on(0).throwError('Error', 'odd', { name: 'OddError' }));
    expect(error).toMatchObject({ name: 'OddError', message: 'odd' });
  });

  test('of rejected promises come back with their cause', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.on(0).rejectLater('later'));
    expect(error.message).toBe('later');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: 'the cause' });
  });

  test('of this package are CorebufErrors with the same code', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.on(0).useReleased()).rejects.toEqual(corebufError('ERR_RELEASED'));
    const spent = await rejection(group.on(0).spendAll());
    expect(spent).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    expect((spent as { report?: string }).report).toMatch(/^shard \d+: .* used of 64 MiB/);
    expect(await group.on(0).echo('works again')).toBe('works again');
  });

  test.each<[unknown, string]>([
    ['text', "'text'"],
    [5, '5'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ an: 'object' }, 'object'],
  ])('that are none, such as %p, become ERR_REMOTE', async (value, described) => {
    const group: Group = await startGroup(service, { shards: 1 });
    const error = await rejection(group.on(0).throwValue(value));
    expect(error).toEqual(corebufError('ERR_REMOTE'));
    expect(error.message).toContain(described);
  });

  test.each(['function', 'map', 'symbol'])('that are a %s become ERR_REMOTE', async (kind) => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.on(0).throwUntravellable(kind)).rejects.toEqual(corebufError('ERR_REMOTE'));
  });

  test('leave the chains of the arguments to the method that threw', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await group.on(0).hold(IoBuf.from('kept'));
    await expect(group.on(0).throwError('Error', 'no', {})).rejects.toThrow('no');
    expect(await group.on(0).dropAll()).toBe(1);
  });
});

describe('order', () => {
  test('between a pair is the order of the calls', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const calls: Promise<unknown>[] = [];
    for (let number = 0; number < 5000; number++) {
      // Large ones among them take another way.
      calls.push(group.on(0).note(number % 100 === 0 ? { number, large: Buffer.alloc(70_000) } : { number }));
    }
    await Promise.all(calls);
    const notes = (await group.on(0).notes()) as { number: number }[];
    expect(notes.map(({ number }) => number)).toEqual(Array.from({ length: 5000 }, (_, number) => number));
  });

  test('stays when calls wait for maxInFlight', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 3 });
    const calls: Promise<unknown>[] = [];
    for (let number = 0; number < 500; number++) {
      calls.push(group.on(0).note(number), group.on(0).release(IoBuf.from(`${number}`)));
      if (number % 50 === 0) await turn();
    }
    await Promise.all(calls);
    expect(await group.on(0).notes()).toEqual(Array.from({ length: 500 }, (_, number) => number));
  });
});

describe('maxInFlight', () => {
  test('lets no more than that many be under way', async () => {
    const group: Group = await startGroup(service, { shards: 2, maxInFlight: 2 });
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => group.on(0).wait(name));
    // The other shard asks and lets go: to it, the first one's calls from here do not count.
    const waiting = (): Promise<unknown> => group.on(1).relay(0, 'waiting');
    for (const left of [2, 2, 1]) {
      await until(async () => (await waiting()) === left, () => `never were ${left} under way`);
      for (let round = 0; round < 20; round++) await turn();
      expect(await waiting()).toBe(left);
      await group.on(1).relay(0, 'letGo');
    }
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('takes the chains of a waiting call over at once', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const chain = IoBuf.from('waits');
    const bytes = Buffer.from('as it was');
    const calls = [group.on(0).echoLater(1), group.on(0).text(chain), group.on(0).echo(bytes)];
    expect(chain.released).toBe(true);
    bytes.fill(0);
    expect(await Promise.all(calls)).toEqual([1, 'waits', Buffer.from('as it was')]);
  });

  test('waiting calls of any size and many chains go out well', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const chains = Array.from({ length: 3000 }, (_, at) => IoBuf.from(`${at}`));
    const calls = [group.on(0).echoLater(0), group.on(0).echo(chains), group.on(0).echo('y'.repeat(64_000)), group.on(0).echo('z'.repeat(200_000))];
    const [, back, y, z] = (await Promise.all(calls)) as [number, IoBuf[], string, string];
    expect(back.map(String)).toEqual(chains.map((_, at) => `${at}`));
    expect([y.length, z.length]).toEqual([64_000, 200_000]);
    for (const chain of back) chain.release();
  });

  test('waiting calls with arguments that cannot travel fail at once and leave their chains', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const first = group.on(0).echoLater(1);
    using chain = IoBuf.from('stays');
    await expect(group.on(0).echoAll(chain, () => 1)).rejects.toMatchObject({ name: 'TypeError' });
    expect(chain.toString()).toBe('stays');
    expect(await first).toBe(1);
  });
});

describe('shards of a group', () => {
  test('call each other through thisShard.group', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    const ids = await group.all.id();
    expect(await group.all.groupSize()).toEqual([3, 3, 3]);
    expect(await group.on(0).relay(2, 'id')).toBe(ids[2]);
    expect(await group.on(1).relay(1, 'id')).toBe(ids[1]);
    expect(await group.on(2).relayAll('id')).toEqual(ids);
    expect(await group.on(1).relay(0, 'echo', { deep: [1n, 'x'] })).toEqual({ deep: [1n, 'x'] });
  });

  test('pass chains on, and the bytes still go home', async () => {
    const group: Group = await startGroup(service, { shards: 3 });
    using back = await group.on(0).pass(IoBuf.from('round and round'), 10);
    expect(back.toString()).toBe('round and round');
    using made = (await group.on(0).relay(1, 'make', 'from one through zero')) as IoBuf;
    expect(made.toString()).toBe('from one through zero');
  });

  test('hand errors through', async () => {
    const group: Group = await startGroup(service);
    await expect(group.on(0).relay(1, 'throwError', 'TypeError', 'deep down', { code: 'EDEEP' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'deep down',
      code: 'EDEEP',
    });
  });

  test('in two groups do not mix', async () => {
    const one: Group = await startGroup(service, { shards: 2 });
    const other: Group = await startGroup(service, { shards: 1 });
    await one.on(0).note('one');
    await other.on(0).note('other');
    expect(await one.on(0).notes()).toEqual(['one']);
    expect(await other.on(0).notes()).toEqual(['other']);
  });
});

describe('a group', () => {
  test('offers only what is served, and is no thenable', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const remote = group.on(0) as unknown as Record<string, unknown>;
    expect(remote['unserved']).toBeUndefined();
    expect(remote['then']).toBeUndefined();
    expect(await remote).toBe(remote);
    expectRangeError(() => group.on(1));
    expectRangeError(() => group.on(-1));
  });

  test('reports each exit, with the error of a shard that died of one', async () => {
    const group = await startGroup<{ throwLater(): void; end(code: number): void }>(fixture('dies'), { shards: 2 });
    const exits: ShardExit[] = [];
    const errors: unknown[][] = [];
    group.addListener('exit', (exit: ShardExit) => exits.push(exit));
    group.addListener('error', (...args: unknown[]) => errors.push(args));
    await group.on(0).throwLater();
    await until(() => exits.length === 1, () => 'no shard has ended');
    expect(exits[0]).toMatchObject({ shard: 0, code: 1, error: { message: 'uncaught' } });
    expect(errors).toEqual([[exits[0]!.error, 0]]);
    await expect(group.on(1).end(3)).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    await until(() => exits.length === 2, () => 'the other has not ended');
    expect(exits[1]).toEqual({ shard: 1, code: 3, error: undefined });
    await expect(group.on(0).throwLater()).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
  });

  test('releases the chains of a call to a shard that has ended', async () => {
    const group: Group = await startGroup(service);
    await group.terminate(0);
    const before = liveHere();
    const chain = IoBuf.from('lost');
    await expect(group.on(0).text(chain)).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    expect(chain.released).toBe(true);
    expect(liveHere()).toBe(before);
    expect(await group.on(1).echo('the other lives')).toBe('the other lives');
  });
});

describe('close', () => {
  test('waits for the calls that are under way', async () => {
    const group: Group = await startGroup(service);
    const calls = [group.on(0).echoLater('a'), group.on(1).relay(0, 'echo', 'b'), group.on(1).text(IoBuf.from('c'))];
    await group.close();
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
  });

  test('is idempotent, and ends every worker', async () => {
    const before = threads();
    const group: Group = await startGroup(service, { shards: 3 });
    expect(threads()).toBe(before + 3);
    await Promise.all([group.close(), group.close()]);
    await group.close();
    await group[Symbol.asyncDispose]();
    await until(() => threads() === before, () => `there were ${before} threads, and are ${threads()}`);
  });

  test('makes later calls throw ERR_CLOSED', async () => {
    const group: Group = await startGroup(service);
    const closing = group.close();
    expectCode(() => group.on(0), 'ERR_CLOSED');
    expectCode(() => group.all, 'ERR_CLOSED');
    await expect(group.stats()).rejects.toEqual(corebufError('ERR_CLOSED'));
    await closing;
    expectCode(() => group.on(0), 'ERR_CLOSED');
  });

  test('does not wait for calls to another group', async () => {
    const one: Group = await startGroup(service, { shards: 1 });
    const other: Group = await startGroup(service, { shards: 1 });
    const call = other.on(0).wait('still there');
    await one.close();
    await other.on(0).letGo();
    expect(await call).toBe('still there');
  });

  test('waits for calls that wait for maxInFlight', async () => {
    const group: Group = await startGroup(service, { shards: 1, maxInFlight: 1 });
    const calls = Array.from({ length: 20 }, (_, at) => group.on(0).echoLater(at));
    await group.close();
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  });

  test('gives back what the shards still hold', async () => {
    const group: Group = await startGroup(service, { shards: 2 });
    await group.on(0).hold(IoBuf.from('held for ever'));
    await group.on(1).hold(DmaBuffer.alloc(4096));
    await group.on(1).hold((await group.on(0).make('held elsewhere')));
    await group.close();
  });

  test('leaves memory of ended shards readable for who still holds it', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = await group.on(0).makeLarge(300_000, 0x41);
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

async function rejection(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it went well');
}

function circular(): unknown {
  const circle: unknown[] = [];
  circle.push({ circle });
  return circle;
}
