// Work in slices: what it comes to, how long it holds the event loop up, and what happens when somebody else uses the chain
// meanwhile.
import { setTimeout as after } from 'node:timers/promises';
import { IoBuf, thisShard } from 'corebuf';
import type { SliceOptions } from 'corebuf';
import { failIn } from '../support/fail-in';
import type { ServiceUnderTest } from '../workers/service';
import { chainOf } from '../support/chains';
import { corebufError, expectCode } from '../support/errors';
import { expectNothingLeaked, workerModule, liveHere, startGroup } from '../support/shards';
import { turn, until } from '../support/turns';
import { sanitized } from '../support/sanitized';

expectNothingLeaked();

const KiB = 1024;
const MiB = 1024 * KiB;

/** µs that a slice may take in the median; the design says about 300, on a machine that does nothing else. Sanitizers do more for each byte. */
const SLICE_MOST = sanitized ? 2000 : 750;
const TIMES_MOST = 12;

/** 2 ** `doublings` references to the same `length` bytes, or to the fragments that hold them. */
function longChain(doublings: number, length: number): IoBuf {
  const chain = IoBuf.from(Buffer.alloc(length, 'abcdefg'));
  for (let count = 0; count < doublings; count++) chain.take(chain.share());
  return chain;
}

const largeChain = (): IoBuf => longChain(8, 1 * MiB);
const tinyFragments = (): IoBuf => longChain(20, 3);

/** The operations that work in slices on one chain, with their results. */
interface SlicedWork {
  start(chain: IoBuf, options?: SliceOptions): Promise<unknown>;
  sync(chain: IoBuf): unknown;
}

const works: Record<string, SlicedWork> = {
  crc32cAsync: { start: (chain, options) => chain.crc32cAsync(7, options), sync: (chain) => chain.crc32c(7) },
  xxhash64Async: { start: (chain, options) => chain.xxhash64Async(9n, options), sync: (chain) => chain.xxhash64(9n) },
  equalsAsync: {
    async start(chain, options) {
      using same = chain.share();
      return await chain.equalsAsync(same, options);
    },
    sync: () => true,
  },
  copyAsync: {
    async start(chain, options) {
      using copy = await chain.copyAsync(options);
      return copy.crc32c();
    },
    sync: (chain) => chain.crc32c(),
  },
};

const names = Object.keys(works);

test.each(names)('%s comes to what the synchronous method does', async (name) => {
  using empty = new IoBuf();
  using small = chainOf('ab', 'c', 'def').append('g');
  using large = longChain(5, 1 * MiB);
  for (const chain of [empty, small, large]) expect(await works[name]!.start(chain)).toBe(works[name]!.sync(chain));
});

describe('equalsAsync', () => {
  test('compares with chains and bytes', async () => {
    using chain = chainOf('ab', 'cd');
    using same = chainOf('abc', 'd');
    using other = chainOf('abc', 'x');
    expect(await chain.equalsAsync(same)).toBe(true);
    expect(await chain.equalsAsync(other)).toBe(false);
    expect(await chain.equalsAsync(chain)).toBe(true);
    expect(await chain.equalsAsync(Buffer.from('abcd'))).toBe(true);
    expect(await chain.equalsAsync(Buffer.from('abcx'))).toBe(false);
    expect(await chain.equalsAsync(new SharedArrayBuffer(5))).toBe(false);
  });

  test('finds the one byte that differs at the end', async () => {
    using chain = longChain(6, 1 * MiB);
    const bytes = chain.toBuffer();
    expect(await chain.equalsAsync(bytes)).toBe(true);
    bytes[bytes.length - 1]! ^= 1;
    expect(await chain.equalsAsync(bytes)).toBe(false);
    using other = chain.copy();
    other.trimBack(1).append('#');
    expect(await chain.equalsAsync(other)).toBe(false);
  });

  test('rejects when the bytes are taken away or the other chain is changed meanwhile', async () => {
    using chain = longChain(6, 1 * MiB);
    const bytes = new Uint8Array(chain.toBuffer());
    const comparing = chain.equalsAsync(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await expect(comparing).rejects.toEqual(corebufError('ERR_CHANGED'));
    using other = chain.share();
    const second = chain.equalsAsync(other);
    other.trimFront(1);
    await expect(second).rejects.toEqual(corebufError('ERR_CHANGED'));
  });
});

test('copyAsync makes no large fragment', async () => {
  using chain = longChain(3, 1 * MiB);
  using copy = await chain.copyAsync();
  expect(copy.equals(chain)).toBe(true);
  expect([...copy].every((view) => view.length <= 128 * KiB)).toBe(true);
});

describe('clearAsync', () => {
  test('empties at once, and all memory has gone back when it resolves', async () => {
    const before = liveHere();
    using chain = longChain(14, 10);
    const clearing = chain.clearAsync();
    expect([chain.length, chain.fragmentCount]).toEqual([0, 0]);
    chain.append('again');
    await clearing;
    expect(chain.toString()).toBe('again');
    chain.clear();
    expect(liveHere()).toBe(before);
  });

  test('gives back when nobody waits any more, and when the chain is released', async () => {
    const before = liveHere();
    const chain = longChain(16, 10);
    const controller = new AbortController();
    const clearing = chain.clearAsync({ signal: controller.signal });
    chain.release();
    controller.abort(new Error('enough'));
    await expect(clearing).rejects.toThrow('enough');
    await until(() => liveHere() === before, () => `${liveHere()} objects live, not ${before}`);
  });
});

describe.each(names)('%s and what happens meanwhile', (name) => {
  const { start, sync } = works[name]!;
  /** More than one slice, so that there is a meanwhile. */
  const chainAtWork = (): IoBuf => longChain(18, 100);

  test('appends and shares do not disturb it', async () => {
    using chain = chainAtWork();
    const expected = sync(chain);
    const working = start(chain);
    const { length } = chain;
    let settled = false;
    void working.finally(() => (settled = true));
    for (let turns = 0; !settled; turns++) {
      chain.append('more').append(Buffer.alloc(700));
      chain.share(turns * 100, turns * 100 + 5000).release();
      await turn();
    }
    expect(await working).toBe(expected);
    expect(chain.length).toBeGreaterThan(length);
  });

  test.each([
    ['trimFront', (chain: IoBuf) => chain.trimFront(1)],
    ['trimBack', (chain: IoBuf) => chain.trimBack(1)],
    ['takeFront', (chain: IoBuf) => chain.takeFront(1).release()],
    ['clear', (chain: IoBuf) => chain.clear()],
    ['clearAsync', (chain: IoBuf) => void chain.clearAsync()],
  ])('%s makes it reject with ERR_CHANGED', async (_, change) => {
    for (const turns of [0, 1]) {
      using chain = chainAtWork();
      const working = start(chain);
      for (let count = 0; count < turns; count++) await turn();
      change(chain);
      chain.append('other bytes in the same place');
      await expect(working).rejects.toEqual(corebufError('ERR_CHANGED'));
    }
  });

  test.each([
    ['release', (chain: IoBuf) => chain.release()],
    ['being taken', (chain: IoBuf) => new IoBuf().take(chain).release()],
  ])('%s makes it reject with ERR_RELEASED', async (_, end) => {
    const chain = chainAtWork();
    const working = start(chain);
    await turn();
    end(chain);
    using next = IoBuf.from('in the memory that came free');
    await expect(working).rejects.toEqual(corebufError('ERR_RELEASED'));
    expectCode(() => chain.length + chain.at(0)!, 'ERR_RELEASED');
    expect(next.toString()).toContain('memory');
  });

  test('a signal makes it reject with its reason, before and meanwhile', async () => {
    using chain = chainAtWork();
    const reason = new Error('enough');
    await expect(start(chain, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const working = start(chain, { signal: controller.signal });
    await turn();
    controller.abort(reason);
    await expect(working).rejects.toBe(reason);
    expect(await start(chain, { signal: new AbortController().signal })).toBe(sync(chain));
  });

  test('timers run', async () => {
    using chain = tinyFragments();
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    await start(chain);
    clearInterval(timer);
    expect(fired).toBeGreaterThan(0);
  });

  test('what is wrong is a rejection', async () => {
    using chain = IoBuf.from('x');
    await expect(start(chain, 5 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(start(chain, { signal: {} as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

test('a chain of another shard may be shared while it is worked on', async () => {
  const group = await startGroup<ServiceUnderTest>(workerModule('service'), { memory: '256MiB' });
  using chain = new IoBuf();
  for (let count = 0; count < 40; count++) chain.take(await group.shard(0).makeLarge(1 * MiB, count));
  const expected = chain.crc32c();
  const working = chain.crc32cAsync();
  for (let count = 0; count < 20; count++) {
    await turn();
    // Everything up to the place, the place itself, and what comes behind it is replaced.
    chain.share(0, (count + 1) * 2 * MiB).release();
  }
  expect(await working).toBe(expected);
});

test('copyAsync without memory rejects and gives back what it had copied', async () => {
  using chain = longChain(6, 1 * MiB);
  const before = liveHere();
  let failures = 0;
  for (const point of [1, 2, 50, 400]) {
    failIn(point);
    const copied = await chain.copyAsync().catch((error: unknown) => error);
    failIn(0);
    if (copied instanceof IoBuf) copied.release();
    else failures += 1;
    if (!(copied instanceof IoBuf)) expect(copied).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    await until(() => liveHere() === before, () => `${liveHere()} objects live, not ${before}`);
  }
  expect(failures).toBeGreaterThan(0);
});

test('memory that a listener gives back lets a copy go on', async () => {
  using chain = longChain(4, 1 * MiB);
  let asked = 0;
  const stop = thisShard.memory.onPressure(() => {
    asked += 1;
    failIn(0);
  });
  failIn(30);
  using copy = await chain.copyAsync();
  stop();
  expect(asked).toBe(1);
  expect(copy.equals(chain)).toBe(true);
});

test('a listener that changes the chain ends the copy', async () => {
  using chain = longChain(4, 1 * MiB);
  const spare = IoBuf.from('12345');
  const stop = thisShard.memory.onPressure(() => {
    failIn(0);
    chain.trimFront(spare.length).take(spare);
  });
  failIn(30);
  await expect(chain.copyAsync()).rejects.toEqual(corebufError('ERR_CHANGED'));
  stop();
});

describe('the event loop is held up for a slice at a time', () => {
  afterEach(() => after(1));

  /**
   * µs between two turns of the loop, as long as `work` goes on. By the clock or by the processor, whichever says less: the one counts
   * what other programs take, the other what other threads of this one do.
   */
  async function turnsDuring(work: Promise<unknown>): Promise<number[]> {
    const durations: number[] = [];
    let over = false;
    void work.finally(() => (over = true)).catch(() => undefined);
    while (!over) {
      const [began, used] = [performance.now(), process.cpuUsage()];
      await turn();
      const { user, system } = process.cpuUsage(used);
      durations.push(Math.min((performance.now() - began) * 1000, user + system));
    }
    return durations;
  }

  function quantile(durations: readonly number[], at: number): number {
    return [...durations].sort((a, b) => a - b)[Math.floor(durations.length * at)]!;
  }

  /** Garbage is collected now and then: the best of a few times counts, and of its turns not the worst. */
  async function expectSlices(start: () => Promise<unknown>): Promise<void> {
    let best: number[] = [];
    for (let time = 0; time < TIMES_MOST && !(quantile(best, 0.5) < SLICE_MOST); time++) {
      const durations = await turnsDuring(start());
      if (best.length === 0 || quantile(durations, 0.5) < quantile(best, 0.5)) best = durations;
    }
    expect(best.length).toBeGreaterThan(3);
    expect(quantile(best, 0.5)).toBeLessThan(SLICE_MOST);
    expect(quantile(best, 0.8)).toBeLessThan(4 * SLICE_MOST);
  }

  test.each([
    ['256 MiB', largeChain],
    ['a million fragments', tinyFragments],
  ])('with %s', async (_, make) => {
    using chain = make();
    using same = chain.share();
    await expectSlices(() => chain.crc32cAsync());
    await expectSlices(() => chain.xxhash64Async());
    await expectSlices(() => chain.equalsAsync(same));
    await expectSlices(async () => {
      using copy = await chain.copyAsync();
      return copy.clearAsync();
    });
  });

  test('with a million fragments that are given back', async () => {
    await expectSlices(() => {
      using chain = tinyFragments();
      return chain.clearAsync();
    });
  });

  test('however much is to be done at the same time', async () => {
    using chain = longChain(6, 1 * MiB);
    await expectSlices(() => Promise.all(Array.from({ length: 8 }, () => chain.crc32cAsync())));
  });
});
