import { once } from 'node:events';
import { inspect } from 'node:util';
import { attach, capabilities, CorebufError, DmaBuffer, IoBuf, Shard, ShardMemory, stats, thisShard } from 'corebuf';
import { corebufError, thrownBy } from '../support/errors';
import type { LeakReport } from 'corebuf';
import { runProgram } from '../support/program';
import { expectNothingLeaked } from '../support/shards';
import { turn } from '../support/turns';

expectNothingLeaked();

describe('thisShard', () => {
  test('has a number, a memory, and no group on the thread that starts groups', () => {
    expect(thisShard).toBeInstanceOf(Shard);
    expect(thisShard.id).toBeGreaterThanOrEqual(0);
    expect(thisShard.memory).toBeInstanceOf(ShardMemory);
    expect(thisShard.memory.budget).toBeGreaterThan(2 ** 20);
    expect(thisShard.group).toBeUndefined();
  });

  test('cannot be attached a second time', () => {
    expect(thisShard.id).toBeDefined();
    expect(thrownBy(() => attach({ memory: '1GiB' }))).toEqual(corebufError('ERR_CLOSED'));
  });

  test('is an EventEmitter', async () => {
    const report: LeakReport = { kind: 'IoBuf', bytes: 1, madeAt: undefined };
    const heard = once(thisShard, 'leak');
    const listener = jest.fn<undefined, [LeakReport]>();
    expect(thisShard.on('leak', listener)).toBe(thisShard);
    thisShard.emit('leak', report);
    expect(await heard).toEqual([report]);
    thisShard.off('leak', listener).emit('leak', report);
    expect(listener.mock.calls).toEqual([[report]]);
    expect(thrownBy(() => thisShard.on('leak', 'listener' as never))).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('has a position only in a group', () => {
    expect(thisShard.index).toBeUndefined();
  });

  test('is shown with what people want to know of it', () => {
    expect(inspect(thisShard)).toMatch(/^Shard \{\s+id: \d+,\s+index: undefined,/);
    expect(inspect({ thisShard }, { depth: 0 })).toBe('{ thisShard: [Shard] }');
  });
});

describe('memory', () => {
  test('counts what is taken and given back', () => {
    const before = thisShard.memory.stats();
    const block = DmaBuffer.alloc(1 << 20);
    const during = thisShard.memory.stats();
    block.release();
    const after = thisShard.memory.stats();
    expect(during.liveObjects).toBeGreaterThan(before.liveObjects);
    expect(during.used - before.used).toBeGreaterThanOrEqual(1 << 20);
    expect(during.allocations).toBeGreaterThan(before.allocations);
    expect(after.liveObjects).toBe(before.liveObjects);
    expect(after.used).toBe(before.used);
    expect(after.frees - before.frees).toBe(after.allocations - before.allocations);
  });

  test('keeps its equations: used and free are the budget, slots are used or free', () => {
    using chain = IoBuf.from('x'.repeat(10_000));
    expect(chain.length).toBe(10_000);
    const counted = thisShard.memory.stats();
    expect(counted.budget).toBe(thisShard.memory.budget);
    expect(counted.used + counted.free).toBeLessThanOrEqual(counted.budget);
    expect(counted.liveObjects).toBe(counted.allocations - counted.frees);
    for (const { size, used, free, slabs } of counted.classes) {
      expect(size).toBeGreaterThan(0);
      expect(slabs).toBeGreaterThan(0);
      expect(used + free).toBeGreaterThanOrEqual(slabs);
    }
  });

  test('shows a size class for what is live in it', () => {
    const sizes = (): number => thisShard.memory.stats().classes.find(({ size }) => size === 4096)?.used ?? 0;
    const before = sizes();
    const blocks = Array.from({ length: 9 }, () => DmaBuffer.alloc(4096));
    expect(sizes() - before).toBe(9);
    for (const block of blocks) block.release();
    expect(sizes()).toBe(before);
  });

  test('reports a table for people', () => {
    using block = DmaBuffer.alloc(4096);
    expect(block.length).toBe(4096);
    const lines = thisShard.memory.report().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^shard ${thisShard.id}: .* used of .* live objects$`));
    expect(lines.some((line) => /^\s+4096\s+[1-9]/.test(line))).toBe(true);
  });

  test('shows a small share that holds a large buffer, until it is copied', () => {
    const before = thisShard.memory.stats();
    const since = (): { pinned: number; referenced: number } => {
      const { pinned, referenced } = thisShard.memory.stats();
      return { pinned: pinned - before.pinned, referenced: referenced - before.referenced };
    };
    const large = IoBuf.from(Buffer.alloc(128 << 10));
    expect(since()).toEqual({ pinned: 128 << 10, referenced: 128 << 10 });
    const small = large.share(1000, 1010);
    large.release();
    expect(since()).toEqual({ pinned: 128 << 10, referenced: 10 });
    expect(thisShard.memory.report()).toMatch(/buffers hold .* of slabs and .* of JavaScript's memory; chains refer to /);
    using copy = new IoBuf().append(small);
    small.release();
    expect(copy.length).toBe(10);
    expect(since()).toEqual({ pinned: 512, referenced: 10 });
    copy.append('behind it');
    expect(copy.crc32c()).not.toBe(0); // C++ hears of bytes in slack with the next native call.
    expect(since()).toEqual({ pinned: 512, referenced: 19 });
  });

  test('gives unused pages back to the system', () => {
    const blocks = Array.from({ length: 8 }, () => DmaBuffer.alloc(4 << 20, { zero: true }));
    for (const block of blocks) block.release();
    const before = thisShard.memory.stats();
    const trimmed = thisShard.memory.trim();
    expect(trimmed).toBeGreaterThanOrEqual(32 << 20);
    expect(before.committed - thisShard.memory.stats().committed).toBe(trimmed);
    using again = DmaBuffer.alloc(4 << 20);
    again.bytes.fill(1);
    expect(again.bytes[again.length - 1]).toBe(1);
  });
});

describe('stats', () => {
  test('has every counter of this shard', async () => {
    const counted = stats();
    expect(counted).toMatchObject({ id: thisShard.id, memory: { budget: thisShard.memory.budget }, stalls: expect.any(Number) as number });
    expect(Object.keys(counted.ledger.copied).sort()).toEqual(['append', 'copyTo', 'message', 'receive', 'toBuffer']);
    expect(counted.io).toMatchObject({ inFlight: 0 });
    await turn();
    await turn();
    expect(stats().turns).toBeGreaterThan(counted.turns);
  });

  test('counts a turn that blocks for longer than the threshold as a stall', async () => {
    await turn();
    const before = stats();
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        const end = performance.now() + 5;
        while (performance.now() < end);
        setImmediate(resolve);
      });
    });
    await turn();
    const after = stats();
    expect(after.stalls).toBeGreaterThan(before.stalls);
    expect(after.longestTurn).toBeGreaterThanOrEqual(5000);
  });
});

test('capabilities() says what is to be had here, or why not', () => {
  const { backend, engine, poller, ioUring, registeredBuffers, wrapping, cpus, numaNodes, ...flags } = capabilities();
  expect(['linux', 'posix', 'darwin']).toContain(backend);
  expect([engine, poller]).toEqual([process.env.COREBUF_ENGINE !== 'threads' && ioUring === true ? 'io_uring' : 'threads', backend === 'linux' ? 'epoll' : 'poll']);
  for (const answer of [ioUring, registeredBuffers, wrapping]) expect(answer === true || typeof answer === 'string').toBe(true);
  for (const flag of Object.values(flags)) expect(typeof flag).toBe('boolean');
  expect(Object.keys(flags).sort()).toEqual(['allocation', 'directIo', 'durableWrites', 'externalBuffers', 'hugePages', 'pinning', 'sharedPorts', 'stallStacks']);
  expect(cpus).toBeGreaterThanOrEqual(1);
  expect(numaNodes).toBeGreaterThanOrEqual(1);
});

test('attach() takes its options, and refuses what is none, in a thread that is not attached', async () => {
  expect(await runProgram('attach-options')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

test('CorebufError is an Error with a name of its own', () => {
  const error = new CorebufError('ERR_CLOSED', 'shut');
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toBe('CorebufError: shut');
});
