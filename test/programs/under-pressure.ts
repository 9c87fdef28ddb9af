// A budget that is spent, and listeners that give something back. Runs the case that is named.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attach, CorebufError, DmaBuffer, DmaFile, IoBuf, ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';

const [, , which, path] = process.argv;
const { memory } = attach({ memory: '16MiB' });
const spent = { name: 'CorebufError', code: 'ERR_OUT_OF_MEMORY' };

let cache: DmaBuffer[] = [];

/** Takes all there is, in ever smaller blocks. */
function spendAll(): void {
  for (let size = 1 << 20; size >= 16; size /= 2) fillCache(() => DmaBuffer.alloc(size, { alignment: 1 }));
  fillCache(() => cache[0]!.share());
}

function fillCache(make: () => DmaBuffer): void {
  try {
    for (;;) cache.push(make());
  } catch (error) {
    assert.ok(error instanceof CorebufError && error.code === 'ERR_OUT_OF_MEMORY');
  }
}

function evict(): void {
  for (const block of cache.splice(0)) block.release();
}

/** Spends all, then evicts when `run` meets pressure: it must succeed, and the listener hear of at least `least` bytes once. */
async function relieved(least: number, run: () => unknown): Promise<void> {
  spendAll();
  const wanted: number[] = [];
  const stop = memory.onPressure((bytes) => {
    wanted.push(bytes);
    evict();
  });
  try {
    await run();
  } finally {
    stop();
    evict();
  }
  assert.equal(wanted.length, 1, `${wanted.length} calls of the listener`);
  assert.ok(wanted[0]! >= least, `${wanted[0]} bytes wanted`);
}

/** The listener releases the object of the operation, as a cache may do: that is an error, not a crash. */
function betrayed(prepare: () => IoBuf, betray: (chain: IoBuf) => void, use: (chain: IoBuf) => IoBuf): void {
  const chain = prepare();
  const made: IoBuf[] = [];
  spendAll();
  let told = 0;
  const stop = memory.onPressure(() => {
    told += 1;
    betray(chain);
    evict();
  });
  assert.throws(() => {
    for (;;) made.push(use(chain));
  }, spent);
  assert.equal(told, 1);
  stop();
  for (const one of made) one.release();
  chain.release();
}

const cases: Record<string, () => void | Promise<void>> = {
  async everywhere() {
    const before = memory.stats().liveObjects;
    await relieved(1 << 20, () => DmaBuffer.alloc(1 << 20).release());
    await relieved(1 << 20, () => DmaBuffer.alloc(1 << 20, { alignment: 2 << 20, zero: true }).release());
    const chain = IoBuf.from('kept');
    await relieved(1000, () => chain.append(Buffer.alloc(300_000, 'a')));
    await relieved(16, () => {
      using copy = new IoBuf().append(chain);
      assert.equal(copy.length, 300_004);
    });
    await relieved(16, () => {
      const fronts: IoBuf[] = [];
      for (let count = 0; count < 2000; count++) fronts.push(chain.takeFront(2));
      assert.equal(fronts[0]!.toString(), 'ke');
      for (const front of fronts) front.release();
    });
    const reader = chain.reader();
    await relieved(16, () => {
      const shares: IoBuf[] = [];
      for (let count = 0; count < 2000; count++) shares.push(count % 2 === 0 ? chain.share(0, 10) : reader.share(1));
      for (const share of shares) share.release();
    });
    chain.release();
    const block = DmaBuffer.alloc(4096);
    await relieved(16, () => {
      const shares = Array.from({ length: 2000 }, () => block.share());
      for (const share of shares) share.release();
    });
    block.release();
    assert.equal(memory.stats().liveObjects, before);
  },

  async file() {
    writeFileSync(path!, Buffer.alloc(1 << 20, 'f'));
    await using file = await DmaFile.open(path!, 'r+');
    await relieved(16, async () => {
      using read = await file.read(0, 1 << 20);
      assert.ok(read.toBuffer().equals(Buffer.alloc(1 << 20, 'f')));
    });
  },

  async call() {
    const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 1, memory: '32MiB' });
    const text = 'x'.repeat(2 << 20);
    await relieved(16, async () => assert.equal(await group.shard(0).echo(text), text));
    await group.close();
  },

  report() {
    spendAll();
    assert.throws(() => DmaBuffer.alloc(1 << 20), (error: unknown) => {
      assert.ok(error instanceof CorebufError);
      assert.match(error.report!, /^shard \d+: .* used of 16 MiB/);
      assert.match(error.report!, /in spans of their own: 1/);
      assert.match(error.report!, /\n +32 +[1-9]/);
      return true;
    });
    evict();
  },

  removed() {
    const calls: string[] = [];
    const same = (): void => void calls.push('same');
    const stopFirst = memory.onPressure(same);
    const stopSecond = memory.onPressure(same);
    const stopThird = memory.onPressure(() => calls.push('third'));
    const fail = (): void => assert.throws(() => DmaBuffer.alloc(32 << 20), spent);
    fail();
    assert.deepEqual(calls.splice(0), ['same', 'same', 'third']);
    stopFirst();
    stopFirst();
    fail();
    assert.deepEqual(calls.splice(0), ['same', 'third']);
    stopSecond();
    stopThird();
    fail();
    assert.deepEqual(calls, []);
  },

  async throwing() {
    spendAll();
    const uncaught: unknown[] = [];
    const hear = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', hear);
    const stop = memory.onPressure(() => {
      throw new Error('of the listener');
    });
    const stopSecond = memory.onPressure(evict);
    DmaBuffer.alloc(1 << 20).release();
    assert.deepEqual(uncaught, []);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('uncaughtException', hear); // Errors from here on are this program's own.
    assert.deepEqual(uncaught.map((error) => (error as Error).message), ['of the listener']);
    stop();
    stopSecond();
  },

  allocating() {
    spendAll();
    let depth = 0;
    let told = 0;
    const listener = (): void => {
      told += 1;
      depth += 1;
      assert.throws(() => DmaBuffer.alloc(1 << 20), spent);
      evict();
      cache = [DmaBuffer.alloc(1 << 20)];
      depth -= 1;
      assert.equal(depth, 0, 'the listener was called while it ran');
    };
    for (let round = 1; round <= 3; round++) {
      spendAll();
      const stop = memory.onPressure(listener);
      DmaBuffer.alloc(1 << 20).release();
      stop();
      assert.equal(told, round);
    }
    evict();
  },

  betrayed() {
    const thousand = (): IoBuf => IoBuf.from(Buffer.alloc(1000, 'c'));
    for (const betray of [(chain: IoBuf) => chain.release(), (chain: IoBuf) => void (chain.length > 100 && chain.trimFront(950))]) {
      betrayed(thousand, betray, (chain) => chain.share(0, 900));
      betrayed(thousand, betray, (chain) => chain.takeFront(1).append(chain.length < 51 ? '' : 'x'));
      betrayed(thousand, betray, (chain) => chain.reader().skip(50).share(900));
      betrayed(thousand, betray, (chain) => {
        chain.append(Buffer.alloc(100_000));
        return new IoBuf();
      });
    }
    // A chain that was given up must not come back in another's slot.
    const many = Array.from({ length: 1000 }, () => new IoBuf());
    assert.ok(many.every(({ length }) => length === 0));
  },
};

void cases[which!]!();
