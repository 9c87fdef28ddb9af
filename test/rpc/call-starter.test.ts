// The thread that starts groups is called by their shards. It serves once, so the tests of this file come in an order.
import { IoBuf, serve, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import type { Caller } from '../workers/caller';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';

expectNothingLeaked();

type Group = ShardGroup<Caller>;
const caller = workerModule('caller');
const noted: unknown[] = [];
const groups = new Map<string, Group>();

test('a thread that serves nothing cannot be called, and says so', async () => {
  const group: Group = await startGroup(caller, { shards: 1 });
  await expect(group.shard(0).callStarter('echo', 1)).rejects.toMatchObject({ name: 'TypeError', message: expect.stringContaining('has not called serve()') as string });
  expect(await group.shard(0).starterIsThenable()).toBe(false);
  expect(group.starter).toBeUndefined();
  expect(thisShard.group).toBeUndefined();
});

test('serve() after start() is heard of, and calls made before it is done wait, in order', async () => {
  const group: Group = await startGroup(caller, { shards: 1 });
  let ready!: () => void;
  const service = {
    note: (value: unknown) => void noted.push(value),
    echo: (value: unknown) => value,
    text(chain: IoBuf): string {
      using mine = chain;
      return mine.toString();
    },
    chain: (text: string) => IoBuf.from(text),
    callBack: async (group: string, shard: number) => groups.get(group)!.shard(shard).id(),
    fail(message: string): never {
      throw Object.assign(new RangeError(message), { code: 'EHERE' });
    },
  };
  serve(async () => {
    await new Promise<void>((resolve) => (ready = resolve));
    return service;
  });
  const calls = [1, 2, 3].map((number) => group.shard(0).callStarter('note', number));
  setImmediate(() => setImmediate(ready));
  await Promise.all(calls);
  await group.shard(0).callStarter('note', 4);
  expect(noted).toEqual([1, 2, 3, 4]);
});

test('shards call it with chains and all, and hear its errors', async () => {
  const group: Group = await startGroup(caller, { shards: 2 });
  expect(await group.all.textByStarter('to the first thread')).toEqual(['to the first thread', 'to the first thread']);
  using made = (await group.shard(1).callStarter('chain', 'made here')) as IoBuf;
  expect(made.toString()).toBe('made here');
  await expect(group.shard(0).callStarter('fail', 'no')).rejects.toMatchObject({ name: 'RangeError', message: 'no', code: 'EHERE' });
  await expect(group.shard(0).callStarter('toString')).rejects.toMatchObject({ name: 'TypeError', message: expect.stringContaining("serves no method 'toString'") as string });
});

test('two groups call it at once, and it calls them back', async () => {
  const one: Group = await startGroup(caller, { shards: 1, maxInFlight: 1 });
  const other: Group = await startGroup(caller, { shards: 2, maxInFlight: 2 });
  const [counted, countedThere, text] = await Promise.all([one.shard(0).floodStarter(300), other.shard(1).floodStarter(300), other.shard(0).textByStarter('x')]);
  expect([counted, countedThere, text]).toEqual([300, 300, 'x']);
  groups.set('one', one).set('other', other);
  const back = [one.shard(0).callStarter('callBack', 'one', 0), one.shard(0).callStarter('callBack', 'other', 1), other.shard(1).callStarter('callBack', 'other', 1)];
  const [first, second, third] = await Promise.all(back);
  expect([first, second, third]).toEqual([await one.shard(0).id(), await other.shard(1).id(), await other.shard(1).id()]);
  await one.close();
  expect(await other.shard(0).callStarter('echo', { still: 'there' })).toEqual({ still: 'there' });
});
