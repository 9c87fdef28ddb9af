// Methods that are async generators: their values arrive one by one, within a bound, and whatever ends the reading ends the generator.
import type { IoBuf, ShardGroup } from 'corebuf';
import type { Streams } from '../workers/streams-shard';
import { corebufError } from '../support/errors';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();

let group: ShardGroup<Streams>;

beforeEach(async () => {
  group = await startGroup<Streams>(workerModule('streams-shard'));
});

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

function generatorEnded(shard = 0): Promise<void> {
  return until(async () => (await group.shard(shard).counts()).running === 0, () => 'the end of the generator');
}

describe('a stream', () => {
  test.each([0, 1, 7, 8, 9, 1000])('of %d values arrives in order, and ends', async (count) => {
    expect(await allOf(await group.shard(0).count(count))).toEqual(Array.from({ length: count }, (_, at) => at));
    expect(await group.shard(0).counts()).toMatchObject({ running: 0 });
  });

  test('may be the result of a promise', async () => {
    expect(await allOf(await group.shard(0).later(3))).toEqual([0, 1, 2]);
  });

  test('brings chains, which are the reader\'s to release', async () => {
    const texts: string[] = [];
    for await (const { at, chain } of await group.shard(0).chains(20)) {
      texts.push(`${at}: ${chain.toString()}`);
      chain.release();
    }
    expect(texts).toEqual(Array.from({ length: 20 }, (_, at) => `${at}: record ${at}`));
  });

  test('does not begin before it is read, and has at most 8 values under way', async () => {
    const stream = await group.shard(0).count(1000);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(await group.shard(0).counts()).toEqual({ yielded: 0, running: 0 });
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    for (let turns = 0; turns < 20; turns++) await turn();
    expect((await group.shard(0).counts()).yielded).toBeLessThanOrEqual(8);
    await stream.return!();
    await generatorEnded();
  });

  test('gives each of several next() a value of its own', async () => {
    const stream = await group.shard(0).count(20);
    const results = await Promise.all(Array.from({ length: 22 }, () => stream.next()));
    expect(results.map(({ value }) => value as unknown)).toEqual([...Array.from({ length: 20 }, (_, at) => at), undefined, undefined]);
  });

  test('fails as its generator does, after the values before, and has ended then', async () => {
    const stream = await group.shard(0).failsAfter(2);
    expect([await stream.next(), await stream.next()].map(({ value }) => value as unknown)).toEqual([0, 1]);
    await expect(stream.next()).rejects.toMatchObject({ name: 'RangeError', message: 'no more of it' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('fails where a value cannot travel', async () => {
    const stream = await group.shard(0).notSerializable();
    expect((await stream.next()).value).toBe(1);
    await expect(stream.next()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await stream.return!();
  });

  test('of every shard comes with `all`', async () => {
    const both = await group.all.count(3);
    expect(await Promise.all(both.map(allOf))).toEqual([[0, 1, 2], [0, 1, 2]]);
  });

  test('goes from shard to shard', async () => {
    expect(await group.shard(1).readFrom(0, 12)).toEqual(Array.from({ length: 12 }, (_, at) => at));
    await generatorEnded();
  });
});

describe('the generator ends, and what is under way is released, after', () => {
  test('break', async () => {
    for await (const { at, chain } of await group.shard(0).chains(1e9)) {
      chain.release();
      if (at === 3) break;
    }
  });

  test('an error in the loop', async () => {
    const read = async (): Promise<void> => {
      for await (const value of await group.shard(0).count(1e9)) if (value === 2) throw new Error('enough');
    };
    await expect(read()).rejects.toThrow('enough');
    await generatorEnded();
  });

  test('return() while values are under way, and before the first', async () => {
    const stream = await group.shard(0).chains(1e9);
    const first = stream.next();
    await stream.return!();
    const result = (await first) as IteratorResult<{ chain: IoBuf }, undefined>;
    result.value?.chain.release();
    await (await group.shard(0).count(1e9)).return!();
    await generatorEnded();
  });

  test('return() of a generator that hangs: the reader does not wait for it, nor does close()', async () => {
    const stream = await group.shard(0).hangs();
    expect((await stream.next()).value).toBe('first');
    await stream.return!();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await group.close();
  });

  test('an abort of the call, which fails the reader with its reason', async () => {
    const controller = new AbortController();
    const stream = await group.shard(0).waits({ signal: controller.signal });
    expect((await stream.next()).value).toBe('first');
    const waiting = stream.next();
    controller.abort(new RangeError('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(stream.next()).rejects.toThrow('enough');
    await generatorEnded();
    expect(await group.shard(0).reasons()).toMatchObject([{ message: 'enough' }]);
  });

  test('an abort that comes before the stream has', async () => {
    const controller = new AbortController();
    const call = group.shard(0).waits({ signal: controller.signal });
    controller.abort('at once');
    await expect(call).rejects.toBe('at once');
    await generatorEnded();
  });

  test('the end of the shard that reads it', async () => {
    await group.shard(1).keepOpen(0);
    expect(await group.shard(0).counts()).toMatchObject({ running: 1 });
    await group.terminate(1);
    await generatorEnded();
  });

  test('the end of the shard that serves it, which fails the reader', async () => {
    const stream = await group.shard(1).count(1e9);
    await stream.next();
    await expect(group.shard(1).exit()).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
    await expect(allOf(stream)).rejects.toEqual(corebufError('ERR_SHARD_GONE'));
  });
});
