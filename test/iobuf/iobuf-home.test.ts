// The shard whose memory a chain is: IoBuf.home says it, and IoBuf.adopt() changes it.
import { IoBuf, thisShard } from 'corebuf';
import type { ShardGroup } from 'corebuf';
import { chainOf, copied, fragmentsOf } from '../support/chains';
import { corebufError, expectCode, thrownBy } from '../support/errors';
import { failIn } from '../support/fail-in';
import { expectNothingLeaked, liveHere, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';
import type { ServiceUnderTest } from '../workers/service';

const here = thisShard.id;

expectNothingLeaked();
afterEach(() => failIn(0));

async function startService(shards = 1): Promise<ShardGroup<ServiceUnderTest>> {
  return startGroup<ServiceUnderTest>(workerModule('service'), { shards });
}

async function liveThere(group: ShardGroup<ServiceUnderTest>): Promise<number> {
  return (await group.stats())[0]!.memory.liveObjects;
}

describe('home', () => {
  test('is the number of the shard that made the bytes, and of this shard for an empty chain', async () => {
    const group = await startService();
    using empty = new IoBuf();
    using ours = IoBuf.from('ours');
    using theirs = await group.shard(0).make('theirs');
    expect([empty.home, ours.home, theirs.home]).toEqual([here, here, await group.shard(0).id()]);
  });

  test('is a list, in the order of the fragments, when several shards own some of the bytes', async () => {
    const group = await startService(2);
    const [first, second] = [await group.shard(0).id(), await group.shard(1).id()];
    using mixed = await group.shard(1).make('b');
    mixed.take(await group.shard(0).make('a')).take(await group.shard(1).make('b')).take(IoBuf.from('c'));
    expect(mixed.home).toEqual([second, first, here]);
  });

  test('stays the home of the bytes when they are shared here, and when two other shards pass them on', async () => {
    const group = await startService(2);
    const there = await group.shard(0).id();
    using theirs = await group.shard(0).make('theirs');
    using shared = theirs.share(1, 3);
    using sharedAgain = shared.share(1);
    expect([theirs.home, shared.home, sharedAgain.home]).toEqual([there, there, there]);
    using passedOn = (await group.shard(1).echo(shared.share())) as IoBuf;
    expect(passedOn.home).toBe(there);
  });

  test('is the shard that wrapped the bytes', async () => {
    const group = await startService();
    using wrapped = IoBuf.wrap(new Uint8Array(new SharedArrayBuffer(8)));
    using back = (await group.shard(0).echo(wrapped.share())) as IoBuf;
    expect([wrapped.home, back.home]).toEqual([here, here]);
  });

  test('is refused once the chain is released', () => {
    const gone = IoBuf.from('gone');
    gone.release();
    expectCode(() => gone.home, 'ERR_RELEASED');
  });
});

describe('adopt', () => {
  test('copies foreign bytes once, gives them back, and leaves the content', async () => {
    const group = await startService();
    const before = await liveThere(group);
    using chain = await group.shard(0).makeLarge(300_000, 7);
    chain.append('end');
    expect(await liveThere(group)).toBeGreaterThan(before);
    const copiedBefore = copied()['append']!;
    expect(chain.adopt()).toBe(chain);
    expect(copied()['append']! - copiedBefore).toBe(300_000);
    expect(chain.home).toBe(here);
    expect(chain.equals(Buffer.concat([Buffer.alloc(300_000, 7), Buffer.from('end')]))).toBe(true);
    let live = 0;
    await until(async () => (live = await liveThere(group)) === before, () => `${live} of ${before} objects live there`);
  });

  test('moves no byte of a chain that is all of this shard', () => {
    using chain = chainOf('one', 'two');
    const [before, live] = [copied(), liveHere()];
    chain.adopt();
    expect([copied(), liveHere()]).toEqual([before, live]);
    expect(fragmentsOf(chain)).toEqual(['one', 'two']);
  });

  test('copies only the foreign parts of a mixed chain, whatever their order', async () => {
    const group = await startService();
    using chain = await group.shard(0).make('ab');
    chain.take(IoBuf.from('cd')).take(IoBuf.from('ef')).take(await group.shard(0).make('gh')).take(IoBuf.wrap(new Uint8Array(Buffer.from('ij'))));
    const before = copied()['append']!;
    expect(chain.adopt().toString()).toBe('abcdefghij');
    expect(copied()['append']! - before).toBe(4);
    expect(chain.home).toBe(here);
    chain.append('kl').prepend('-');
    expect(chain.toString()).toBe('-abcdefghijkl');
  });

  test('gives a foreign reference back that was shared here, once the last share is released', async () => {
    const group = await startService();
    const before = await liveThere(group);
    const shared = await group.shard(0).make('shared');
    using adopted = shared.share(2);
    expect(adopted.adopt().home).toBe(here);
    expect(shared.home).toBe(await group.shard(0).id());
    shared.release();
    let live = 0;
    await until(async () => (live = await liveThere(group)) === before, () => `${live} of ${before} objects live there`);
    expect(adopted.toString()).toBe('ared');
  });

  test('lets readers go on at their position, and closes placeholders', async () => {
    const group = await startService();
    using chain = await group.shard(0).make('abcdef');
    const reader = chain.reader().skip(3);
    const mark = chain.reserve(2);
    chain.adopt();
    expect(reader.readString(3)).toBe('def');
    expectCode(() => mark.write(Buffer.from('xy')), 'ERR_RELEASED');
  });

  test('fails without memory, at any point, and leaves the chain as it was', async () => {
    const group = await startService();
    const there = await group.shard(0).id();
    using chain = IoBuf.from('ours').take(await group.shard(0).makeLarge(200_000, 1)).take(IoBuf.from('too'));
    const digest = chain.crc32c();
    const live = liveHere();
    const failed = (allocation: number): boolean => {
      failIn(allocation);
      try {
        chain.adopt();
        return false;
      } catch (error) {
        expect(error).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
        return true;
      } finally {
        failIn(0);
      }
    };
    let allocation = 1;
    for (; failed(allocation); allocation++) expect([chain.crc32c(), chain.home, liveHere()]).toEqual([digest, [here, there], live]);
    expect(allocation).toBeGreaterThan(3);
    expect([chain.crc32c(), chain.home]).toEqual([digest, here]);
  });

  test.each<[string, (chain: IoBuf) => unknown]>([
    ['ERR_CHANGED', (chain) => chain.append('more')],
    ['ERR_CHANGED', (chain) => chain.trimFront(1)],
    ['ERR_RELEASED', (chain) => chain.release()],
  ])('throws %s when an onPressure listener changes the chain', async (code, change) => {
    const group = await startService();
    const chain = await group.shard(0).makeLarge(200_000, 1);
    const stop = thisShard.memory.onPressure(() => {
      failIn(0);
      change(chain);
    });
    failIn(2);
    const error = thrownBy(() => chain.adopt());
    stop();
    expect(error).toMatchObject({ code });
    chain.release();
  });
});
