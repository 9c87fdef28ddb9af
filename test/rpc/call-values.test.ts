// Values that can travel between shards, and how they arrive.
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { DmaBuffer, DmaFile, IoBuf, ShardedValue, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';
import { corebufError } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

type Group = ShardGroup<ServiceUnderTest>;
const service = workerModule('service');

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
    ['half a surrogate pair', 'a\ud800b'],
    ['the other half, at the end', '\u00e9\udc00'],
    ['a key that is half a surrogate pair', { 'é\udfff': '\ud83d\ude00\ud83d' }],
    ['many halves', '\ud800'.repeat(100_000)],
    ['an empty sparse array', new Array(5), [undefined, undefined, undefined, undefined, undefined]],
    ['negative zero deep inside', { a: [-0, NaN] }],
    ['bytes of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(3)).fill(7), Buffer.of(7, 7, 7)],
    ['bytes that say they are more', Object.defineProperty(new Uint8Array(3), 'length', { value: 1 << 30 }), Buffer.alloc(3)],
    ['a Date that says it is another', Object.assign(new Date(5), { getTime: () => 7 }), new Date(5)],
    ['a key that is a place', { 'a.b[0]': 1 }],
    ['65 KiB', Buffer.alloc(65 * 1024, 7)],
    ['2 MiB in one object', { text: 'x'.repeat(2 ** 20), bytes: Buffer.alloc(2 ** 20, 9), list: Array.from({ length: 1000 }, (_, at) => at) }],
  ])('of kind %s arrive as they are', async (_, value, expected = value) => {
    const group: Group = await startGroup(service, { shards: 1 });
    for (const call of [group.shard(0).echo(value), group.shard(0).echoLater(value)]) expect(await call).toStrictEqual(expected);
  });

  test('of every encoded size around the limits arrive as they are', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    for (const middle of [64, 128, 256, 65_536 - 64, 65_536]) {
      for (let length = middle - 40; length < middle + 8; length++) {
        const bytes = Buffer.alloc(length, length);
        const answer = (await group.shard(0).echo(bytes)) as Buffer;
        expect(answer.equals(bytes)).toBe(true);
      }
    }
  });

  test('an invalid Date stays one', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const answer = (await group.shard(0).echo(new Date(NaN))) as Date;
    expect(answer).toBeInstanceOf(Date);
    expect(answer.getTime()).toBeNaN();
  });

  test('a key __proto__ never becomes a prototype', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const answer = (await group.shard(0).echo(JSON.parse('{"__proto__": {"admin": true}}'))) as { admin?: boolean };
    expect(answer.admin).toBeUndefined();
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
  });

  test('errors travel as values too', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const sent = Object.assign(new RangeError('far'), { code: 'EFAR' });
    const answer = (await group.shard(0).echo({ error: sent })) as { error: Error };
    expect(answer.error).toBeInstanceOf(RangeError);
    expect(answer.error).toMatchObject({ message: 'far', code: 'EFAR', name: 'RangeError' });
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a generator', () => (function* () { yield 1; })(), /arguments\[0\] must .* a generator: collect them first/],
    ['an async generator', () => (async function* () { yield 1; })(), /a generator: collect them first/],
    ['a stream', () => Readable.from(['x']), /Readable, which gives its items one by one: collect/],
    ['a web stream', () => new ReadableStream(), /ReadableStream, which gives its items one by one/],
    ['a plain iterable', () => ({ [Symbol.asyncIterator]: () => 1 }), /gives its items one by one/],
    ['a promise', () => ({ a: [Promise.resolve(1)] }), /arguments\[0\]\.a\[0\] must .* a promise: await it first/],
    ['a Map', () => new Map(), /a Map: pass \[\.\.\.map\]/],
    ['a Float64Array', () => ({ 'odd key': new Float64Array(2) }), /arguments\[0\]\["odd key"\] must .* Float64Array: pass its bytes/],
    ['a DataView', () => new DataView(new ArrayBuffer(2)), /DataView: pass its bytes/],
    ['an ArrayBuffer', () => new ArrayBuffer(2), /pass a Uint8Array of it/],
    ['an object of this package', () => ShardedValue.of('cannot travel', 1), /instance of ShardedValue: call ShardedValue\.of\(name, initial\) in the other shard/],
    ['an emitter', () => new EventEmitter(), /instance of EventEmitter: it belongs to this thread/],
    ['a symbol for a key', () => ({ [Symbol('s')]: 1 }), /only strings travel as keys/],
    ['toJSON', () => ({ toJSON: () => 1 }), /arguments\[0\]\.toJSON must .* a function/],
    ['a number object', () => new Number(1), /instance of Number/],
    ['an array of another class', () => new (class Rows extends Array<number> {})(), /pass an Array/],
    ['an object of a class', () => new (class Row {})(), /instance of Row: pass a plain object/],
    ['a Proxy that throws', () => new Proxy({}, throwsAlways()), /a Proxy/],
    ['a Proxy of an array', () => [new Proxy([1], {})], /arguments\[0\]\[0\] must .* a Proxy/],
    ['an object of a Proxy', () => Object.create(new Proxy({}, throwsAlways())) as unknown, /trapped/],
    ['what only looks like a chain', () => Object.create(IoBuf.prototype) as unknown, /arguments\[0\] must/],
    ['a Proxy of a chain', () => new Proxy(new IoBuf(), {}), /a Proxy/],
    ['detached bytes', detached, /has been detached/],
    ['a getter that throws', () => ({ get a(): number { throw new TypeError('from a getter'); } }), /from a getter/],
    ['a circle of objects', () => { const circle: Record<string, unknown> = {}; circle['self'] = circle; return circle; }, /self\.self must .*nested more than 64 levels, or circular/],
  ])('are refused with what to do instead: %s', async (_, make, message) => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = IoBuf.from('stays');
    const value = make();
    for (const call of [group.shard(0).echoAll(value, chain), group.all.echoAll(value, chain)]) {
      await expect(call).rejects.toMatchObject({ name: 'TypeError', message: expect.stringMatching(message) as string });
    }
    expect(chain.toString()).toBe('stays');
  });

  test('are refused as results: a generator', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.shard(0).untravellable('generator')).rejects.toMatchObject({ name: 'TypeError', message: expect.stringMatching(/^result must .*collect them first/) as string });
  });

  test('larger than any message are refused, and the shard lives on', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const endless: unknown[] = [];
    endless.length = 2 ** 32 - 1;
    await expect(group.shard(0).echo([endless])).rejects.toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    await expect(group.shard(0).echo('é'.repeat(300_000_000))).rejects.toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    expect(await group.shard(0).echo('well')).toBe('well');
  });

  describe('with getters', () => {
    test('that release or change a chain of the same call are a TypeError, and nothing has moved', async () => {
      const group: Group = await startGroup(service, { shards: 1 });
      const first = IoBuf.from('first');
      using second = IoBuf.from('second');
      const releasing = { get now(): number { first.release(); return 1; } };
      await expect(group.shard(0).echoAll(first, second, releasing)).rejects.toThrow('arguments[0] was released by a getter');
      const appending = { get now(): number { second.append('!'); return 1; } };
      await expect(group.shard(0).echo({ deep: [second], appending })).rejects.toThrow('arguments[0].deep[0] was changed by a getter');
      expect(second.toString()).toBe('second!');
      expect(await group.shard(0).echo('idle')).toBe('idle');
    });

    test('that make calls and read chains of their own do not disturb the outer call', async () => {
      const group: Group = await startGroup(service, { shards: 1 });
      const inner: Promise<unknown>[] = [];
      using read = IoBuf.from('some bytes').append('and more');
      const busy = {
        before: 'before',
        get now(): string {
          inner.push(group.shard(0).echo({ inner: 'x'.repeat(100), get deeper(): number { inner.push(group.shard(0).echo(1)); return 2; } }));
          return read.reader().readString(4) + read.toString().length;
        },
        after: ['after', Buffer.from('bytes')],
      };
      const chain = IoBuf.from('goes along');
      const [outer, back] = (await group.shard(0).echoAll(busy, chain)) as [unknown, IoBuf];
      expect(outer).toEqual({ before: 'before', now: 'some18', after: ['after', Buffer.from('bytes')] });
      expect(back.toString()).toBe('goes along');
      back.release();
      expect(await Promise.all(inner)).toEqual([1, { inner: 'x'.repeat(100), deeper: 2 }]);
    });
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
    await expect(group.shard(0).echoAll(chain, make())).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(chain.toString()).toBe('stays');
  });

  test.each(['function', 'map', 'symbol', 'instance', 'circular', 'twice'])('that cannot travel are a TypeError of the callee: %s', async (kind) => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.shard(0).untravellable(kind)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('the error names the place of what cannot travel', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    await expect(group.shard(0).echoAll(1, { list: [0, () => 1] })).rejects.toThrow('arguments[1].list[1]');
  });
});

describe('chains', () => {
  test('among the arguments move there, and those of the result move here', async () => {
    const group: Group = await startGroup(service);
    const chain = IoBuf.from('to and fro');
    const call = group.shard(0).echo({ deep: [chain] });
    expect(chain.released).toBe(true);
    const { deep } = (await call) as { deep: [IoBuf] };
    using back = deep[0];
    expect(back).toBeInstanceOf(IoBuf);
    expect(back.toString()).toBe('to and fro');
  });

  test('made elsewhere keep their home, and go back to it', async () => {
    const group: Group = await startGroup(service);
    const [there] = await group.stats();
    const block = await group.shard(0).makeDma(8192, 0x5a);
    expect(block.home).toBe(there!.id);
    expect(block.bytes.equals(Buffer.alloc(8192, 0x5a))).toBe(true);
    expect((await group.shard(0).stats()).memory.liveObjects).toBeGreaterThan(there!.memory.liveObjects);
    block.release();
    await until(
      async () => (await group.shard(0).stats()).memory.liveObjects === there!.memory.liveObjects,
      () => 'the block has not come home',
    );
    expect((await group.shard(0).stats()).memory.remoteFreesReceived).toBeGreaterThan(there!.memory.remoteFreesReceived);
  });

  test('of both homes may be mixed in one', async () => {
    const group: Group = await startGroup(service);
    const mixed = IoBuf.from('here ');
    mixed.take(await group.shard(0).make('zero ')).take(await group.shard(1).make('one ')).append('and here');
    expect(mixed.toString()).toBe('here zero one and here');
    expect(await group.shard(1).text(mixed.share(2))).toBe('re zero one and here');
    using rest = (await group.shard(0).echo(mixed)) as IoBuf;
    using front = rest.takeFront(7);
    expect(`${front.toString()}|${rest.toString()}`).toBe('here ze|ro one and here');
  });

  test('DmaBuffers keep their alignment', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using back = (await group.shard(0).echo(DmaBuffer.alloc(512, { alignment: 512 }))) as DmaBuffer;
    expect(back).toBeInstanceOf(DmaBuffer);
    expect(back).toMatchObject({ length: 512, alignment: 512, home: thisShard.id });
  });

  test('that are empty arrive empty', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const [first, none, last] = (await group.shard(0).echoAll(IoBuf.from('a'), new IoBuf(), IoBuf.from('b'))) as IoBuf[];
    expect([first, none, last].map(String)).toEqual(['a', '', 'b']);
    for (const chain of [first!, none!, last!]) chain.release();
  });

  test('many in one call arrive in their order, beside values large and small', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const many = Array.from({ length: 4096 }, (_, at) => IoBuf.from(`${at}`));
    const [answer, text] = (await group.shard(0).echoAll(many, 'x'.repeat(100_000))) as [IoBuf[], string];
    expect(answer.map(String)).toEqual(Array.from({ length: 4096 }, (_, at) => `${at}`));
    expect(text).toHaveLength(100_000);
    for (const chain of answer) chain.release();
  });

  test('more than a message carries are refused, and stay', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const many = Array.from({ length: 4097 }, () => IoBuf.from('x'));
    await expect(group.shard(0).echo(many)).rejects.toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    expect(many.every((chain) => !chain.released)).toBe(true);
    for (const chain of many) chain.release();
  });

  test('the same one twice is a TypeError, and stays', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    using chain = IoBuf.from('once');
    await expect(group.shard(0).echoAll(chain, chain)).rejects.toMatchObject({ name: 'TypeError' });
    expect(chain.toString()).toBe('once');
  });

  test('that are released cannot be sent', async () => {
    const group: Group = await startGroup(service, { shards: 1 });
    const gone = IoBuf.from('gone');
    gone.release();
    await expect(group.shard(0).echo(gone)).rejects.toEqual(corebufError('ERR_RELEASED'));
    await expect(group.shard(0).untravellable('released')).rejects.toEqual(corebufError('ERR_RELEASED'));
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
    const call = group.shard(0).text(chain.share());
    chain.append(' second');
    expect(await call).toBe('first');
  });

  test('can be written to a file over there', async () => {
    const group: Group = await startGroup(service);
    const path = scratchPath();
    expect(await group.shard(1).persist(path, IoBuf.from('persisted'))).toBe(4096);
    await using file = await DmaFile.open(path);
    using read = await file.read(0, 9);
    expect(read.toString()).toBe('persisted');
  });
});

function throwsAlways(): ProxyHandler<object> {
  const trap = (): never => {
    throw new TypeError('trapped');
  };
  return { get: trap, getPrototypeOf: trap, ownKeys: trap, has: trap };
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function circular(): unknown {
  const circle: unknown[] = [];
  circle.push({ circle });
  return circle;
}
