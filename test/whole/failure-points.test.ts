// Memory runs out at every point where it can: each operation is repeated with its first allocation failing, then its second, …
// until it gets through. Each failure is ERR_OUT_OF_MEMORY, nothing has changed, and nothing is lost.
import { DmaBuffer, DmaFile, IoBuf, ShardGroup, stats } from 'corebuf';
import type { FailingShard } from '../workers/failing-shard';
import { corebufError } from '../support/errors';
import { failIn } from '../support/fail-in';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { workerModule } from '../support/shards';

const POINTS_MOST = 200;

function live(): number {
  return stats().memory.liveObjects;
}

/** Returns how many failures there were. `run` gives back what it makes. */
async function walk(run: () => unknown): Promise<number> {
  for (let point = 1; point <= POINTS_MOST; point++) {
    const before = live();
    failIn(point);
    let failed: unknown;
    try {
      await run();
    } catch (error) {
      failed = error;
    } finally {
      failIn(0);
    }
    expect(live()).toBe(before);
    if (failed === undefined) return point - 1;
    expect(failed).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
  }
  throw new Error(`still failing after ${POINTS_MOST} points`);
}

afterEach(() => failIn(0));
removeScratchAfterEach();

test('allocating aligned memory', async () => {
  expect(await walk(() => DmaBuffer.alloc(5000).release())).toBe(3);
});

test('appending many fragments: all of the bytes or none', async () => {
  const bytes = Buffer.alloc(400_000, 'b');
  const chain = IoBuf.from('kept');
  const failures = await walk(() => {
    const part = chain.share();
    try {
      part.append(bytes);
    } finally {
      expect([4, 400_004]).toContain(part.length);
      part.release();
    }
  });
  expect(failures).toBeGreaterThan(6);
  expect(chain.toString()).toBe('kept');
  chain.release();
});

test('appending a copy of a chain, sharing, and taking the front', async () => {
  const chain = IoBuf.from(Buffer.alloc(300_000, 'c'));
  const copies = await walk(() => {
    const copy = new IoBuf();
    try {
      copy.append(chain);
    } finally {
      copy.release();
    }
  });
  expect(copies).toBeGreaterThan(3);
  expect(await walk(() => chain.share(10, 290_000).release())).toBeGreaterThan(0);
  const failures = await walk(() => {
    const source = chain.share();
    try {
      const front = source.takeFront(200_001);
      expect([front.length, source.length]).toEqual([200_001, 99_999]);
      front.release();
    } catch (error) {
      expect(source.length).toBe(300_000);
      throw error;
    } finally {
      source.release();
    }
  });
  expect(failures).toBeGreaterThan(0);
  chain.release();
});

test('prepending, reserving, coalescing and appending numbers: all or nothing, and once more when there is memory', async () => {
  using source = IoBuf.from(Buffer.alloc(300_000, 's'));
  using kept = IoBuf.from(Buffer.alloc(512, 'a')).append(Buffer.alloc(768, 'b'));
  const changes: [string, (chain: IoBuf) => unknown, number][] = [
    ['prepend', (chain) => chain.prepend(Buffer.alloc(400_000, 'p')), 400_000],
    ['prepend a chain', (chain) => chain.prepend(source), 300_000],
    ['reserve', (chain) => chain.reserve(100_000), 100_000],
    ['coalesce', (chain) => chain.coalesce(), 0],
    ['appendUInt32BE', (chain) => chain.appendUInt32BE(0x61626364), 4],
    ['appendUVarlong', (chain) => chain.appendUVarlong(1n << 63n), 10],
  ];
  for (const [name, change, added] of changes) {
    const failures = await walk(() => {
      using chain = kept.share();
      const before = chain.toString();
      try {
        change(chain);
      } catch (error) {
        expect([name, chain.toString() === before, chain.fragmentCount]).toEqual([name, true, 2]);
        throw error;
      }
      expect([name, chain.length]).toEqual([name, 1280 + added]);
    });
    // Two of them are the share's.
    expect([name, failures >= 5]).toEqual([name, true]);
  }
});

test('taking copies only where there is memory: it cannot fail', () => {
  using chain = IoBuf.from(Buffer.alloc(512, 'a'));
  const small = IoBuf.from('small');
  const before = live();
  failIn(1);
  chain.take(small, { copyBelow: 100 });
  failIn(0);
  expect(live()).toBe(before);
  expect(chain.fragmentCount).toBe(2);
  expect(chain.toString('latin1', 510)).toBe('aasmall');
});

test('reading, writing and syncing a file', async () => {
  const file = await DmaFile.open(scratchPath(), 'w+');
  const block = DmaBuffer.alloc(256 * 1024, { zero: true });
  expect(await walk(() => file.write(0, block))).toBeGreaterThan(0);
  expect(await walk(async () => (await file.read(100, 200_000)).release())).toBeGreaterThan(3);
  expect(await walk(() => file.datasync())).toBe(1);
  block.release();
  await file.close();
});

describe('calls', () => {
  let group: ShardGroup<FailingShard>;

  beforeAll(async () => {
    group = await ShardGroup.start<FailingShard>(workerModule('failing-shard'), { shards: 1, memory: '64MiB' });
  });
  afterAll(() => group.close());

  test('at the caller: the arguments stay the caller’s', async () => {
    const failures = await walk(async () => {
      const data = IoBuf.from(Buffer.alloc(1000, 'd'));
      try {
        expect(await group.shard(0).shareOf(data)).toBe(998);
      } catch (error) {
        expect(data.released).toBe(false);
        throw error;
      } finally {
        data.release();
      }
    });
    expect(failures).toBeGreaterThan(0);
  });

  test.each(['large', 'made', 'aligned', 'shareOf'] as const)('at the callee: %s', async (method) => {
    const before = await group.shard(0).live();
    let failures = 0;
    for (let point = 1; point <= POINTS_MOST; point++) {
      await group.shard(0).failIn(point);
      const outcome = await callOf(method).then(release, (error: unknown) => error);
      await group.shard(0).failIn(0);
      if (outcome === undefined) break;
      expect(outcome).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
      failures += 1;
    }
    expect(failures).toBeGreaterThan(0);
    // Memory that this side has released is on its way.
    for (let turn = 0; turn < 100 && (await group.shard(0).live()) > before; turn++);
    expect(await group.shard(0).live()).toBe(before);
  });

  function callOf(method: 'large' | 'made' | 'aligned' | 'shareOf'): Promise<unknown> {
    const shard = group.shard(0);
    if (method === 'large') return shard.large();
    if (method === 'made') return shard.made(100_000);
    if (method === 'aligned') return shard.aligned(4096);
    return shard.shareOf(IoBuf.from('to be shared'));
  }

  function release(result: unknown): undefined {
    if (result instanceof IoBuf || result instanceof DmaBuffer) result.release();
    return undefined;
  }
});
