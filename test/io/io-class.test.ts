import { writeFileSync } from 'node:fs';
import { capabilities, DmaBuffer, DmaFile, ioClass, SegmentAppender, stats } from 'corebuf';
import type { IoClass, IoClassStats } from 'corebuf';
import { expectWell } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;
const BLOCK = 4096;
const engines: DmaFile['engine'][] = capabilities().ioUring === true ? ['io_uring', 'threads'] : ['threads'];

const background = ioClass('background', { shares: 20 });

function countsOf(name: string): IoClassStats {
  return stats().io.classes.find((one) => one.name === name)!;
}

describe.each(engines)('by %s', (engine) => {
  /** Writes much in one class, then in the same turn reads a little in 'default': how many writes were over when the last read was. */
  async function writesBeforeReads(writes: number, of: IoClass): Promise<number> {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(64 * BLOCK, 'r'));
    await using file = await DmaFile.open(path, 'r+', { engine });
    using data = DmaBuffer.alloc(16 * KiB, { zero: true });
    let written = 0;
    const writing = Array.from({ length: writes }, async (_, at) => {
      await file.write(64 * BLOCK + at * data.length, data, { class: of });
      written++;
    });
    await Promise.all(Array.from({ length: 10 }, async (_, at) => (await file.read(at * BLOCK, BLOCK)).release()));
    const before = written;
    await Promise.all(writing);
    return before;
  }

  test('what comes behind many writes of another class is not behind them', async () => {
    expect(await writesBeforeReads(1000, ioClass('default'))).toBeGreaterThan(700);
    expect(await writesBeforeReads(1000, background)).toBeLessThan(500);
  });

  test('of two classes without a goal, the one with nine tenths of the shares is done first', async () => {
    const [more, less] = [ioClass('more', { shares: 900, latencyGoal: 0 }), ioClass('less', { shares: 100, latencyGoal: 0 })];
    await using file = await DmaFile.open(scratchPath(), 'w+', { engine });
    using data = DmaBuffer.alloc(16 * KiB, { zero: true });
    const done = { more: 0, less: 0 };
    const write = async (at: number, of: IoClass): Promise<void> => {
      await file.write(at * data.length, data, { class: of });
      done[of.name as 'more']++;
    };
    // The class with fewer shares asks first.
    const lesser = Promise.all(Array.from({ length: 1000 }, (_, at) => write(at, less)));
    await Promise.all(Array.from({ length: 1000 }, (_, at) => write(1000 + at, more)));
    expect(done.more).toBe(1000);
    expect(done.less).toBeLessThan(450);
    await lesser;
  });

  test('everything is counted in its class', async () => {
    const path = scratchPath();
    await using file = await DmaFile.open(path, 'w+', { engine, class: background });
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    const before = [countsOf('background'), countsOf('default')] as const;
    await file.write(0, block);
    await file.write(0, block, { class: ioClass('default') });
    (await file.read(0, BLOCK)).release();
    await file.datasync();
    const after = [countsOf('background'), countsOf('default')] as const;
    expect(after.map(({ completed }, at) => completed - before[at]!.completed)).toEqual([2, 1]);
    expect(after.map(({ bytes }, at) => bytes - before[at]!.bytes)).toEqual([2 * BLOCK, BLOCK]);
    for (const { queued, inFlight } of after) expect([queued, inFlight]).toEqual([0, 0]);
  });

  test('what waits is seen waiting, and how long', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { engine });
    using data = DmaBuffer.alloc(16 * KiB, { zero: true });
    const before = countsOf('background');
    const writing = Array.from({ length: 1000 }, (_, at) => file.write(at * data.length, data, { class: background }));
    expect(countsOf('background')).toMatchObject({ queued: 1000, inFlight: 0 });
    await turn(); // which ends with the flush
    await turn();
    const { queued, inFlight } = countsOf('background');
    expect(queued).toBeGreaterThan(0);
    expect(inFlight).toBeGreaterThan(0);
    expect(inFlight).toBeLessThanOrEqual(256);
    await Promise.all(writing);
    expect(countsOf('background').waitedMicroseconds).toBeGreaterThan(before.waitedMicroseconds);
  });

  test('beside reads with a goal, large reads and writes of a lower class are done in pieces, and what they wait is counted', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { engine });
    using chunk = DmaBuffer.alloc(1024 * KiB);
    chunk.bytes.forEach((_, at, bytes) => (bytes[at] = (at >> 9) * 31 + at));
    const before = [stats().io, countsOf('background')] as const;
    const higher = (async () => {
      for (let at = 0; at < 50; at++) (await file.read(0, BLOCK)).release();
    })();
    await turn();
    await Promise.all(Array.from({ length: 16 }, (_, at) => file.write(at * chunk.length, chunk, { class: background })));
    const read = await file.read(3 * chunk.length, chunk.length, { class: background });
    expect(Buffer.compare(read.toBuffer(), chunk.bytes)).toBe(0);
    read.release();
    await higher;
    const after = countsOf('background');
    expect(stats().io.writes - before[0].writes).toBeGreaterThan(16 * 2);
    expect(after.completed - before[1].completed).toBe(17);
    expect(after.waitedMicroseconds).toBeGreaterThan(before[1].waitedMicroseconds);
    expect(after.latencyP50).toBeGreaterThan(0);
    expect(after.latencyP99).toBeGreaterThanOrEqual(after.latencyP50);
  });

  test('beside reads without a goal, large writes of a lower class stay whole', async () => {
    const ours = ioClass('default');
    await using file = await DmaFile.open(scratchPath(), 'w+', { engine });
    using chunk = DmaBuffer.alloc(1024 * KiB, { zero: true });
    await file.write(0, chunk);
    /** Number of writes that one chunk takes while the other class reads. */
    const piecesBesideReads = async (): Promise<number> => {
      const before = stats().io.writes;
      const reads = Array.from({ length: 8 }, async () => (await file.read(0, BLOCK)).release());
      await Promise.all([...reads, file.write(0, chunk, { class: background })]);
      return stats().io.writes - before;
    };
    expect(await piecesBesideReads()).toBeGreaterThan(1);
    [ours.latencyGoal, background.latencyGoal] = [0, 0];
    try {
      // The goal that there was is remembered for half a second.
      await until(async () => (await piecesBesideReads()) === 1, () => 'a write stayed whole');
    } finally {
      [ours.latencyGoal, background.latencyGoal] = [1000, 1000];
    }
    expect(await piecesBesideReads()).toBeGreaterThan(1);
  });

  test('an appender writes in the class that it is given', async () => {
    const log = await SegmentAppender.open(scratchPath(), { engine, class: background });
    const before = countsOf('background');
    await log.append(Buffer.alloc(BLOCK, 'l'));
    await log.flush();
    expect(countsOf('background').bytes - before.bytes).toBe(BLOCK);
    await log.close();
  });
});

test('a name has one class, whose shares may change', () => {
  const again = ioClass('background');
  expect(again).toBe(background);
  expect(again).toMatchObject({ name: 'background', shares: 20 });
  ioClass('background', { shares: 30 });
  expect(countsOf('background').shares).toBe(30);
  background.shares = 20;
  expect(countsOf('background').shares).toBe(20);
  expect(stats().io.classes[0]).toMatchObject({ name: 'default', shares: 100, latencyGoal: 1000 });
});

test('a latency goal may change, and may be none', () => {
  expect(background.latencyGoal).toBe(1000);
  expect(ioClass('background', { latencyGoal: 250 }).latencyGoal).toBe(250);
  expect(countsOf('background').latencyGoal).toBe(250);
  background.latencyGoal = 0;
  expect(background).toMatchObject({ latencyGoal: 0, shares: 20 });
  background.latencyGoal = 1000;
});

test('arguments that are none are refused', async () => {
  const type = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }) as Error;
  const range = expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }) as Error;
  expect(() => ioClass(1 as never)).toThrow(type);
  expect(() => ioClass('')).toThrow(range);
  expect(() => ioClass('x'.repeat(65))).toThrow(range);
  expect(() => ioClass('none', null as never)).toThrow(type);
  for (const shares of [0, 1001, 1.5, -1]) expect(() => ioClass('none', { shares })).toThrow(range);
  expect(() => (background.shares = '9' as never)).toThrow(type);
  for (const latencyGoal of [-1, 0.5, 10_000_001, Infinity]) {
    expect(() => ioClass('none', { latencyGoal })).toThrow(range);
    expect(() => (background.latencyGoal = latencyGoal)).toThrow(range);
  }
  expect(() => ioClass('none', { latencyGoal: '9' as never })).toThrow(type);
  expect(stats().io.classes.some(({ name }) => name === 'none')).toBe(false);

  const path = scratchPath();
  for (const none of ['background', {}, null, Object.create(background)]) {
    await expect(DmaFile.open(path, 'w', { class: none as never })).rejects.toEqual(type);
  }
  await using file = await DmaFile.open(path, 'w+');
  using block = DmaBuffer.alloc(BLOCK, { zero: true });
  await expect(file.read(0, 1, { class: 'background' as never })).rejects.toEqual(type);
  await expect(file.write(0, block, { class: 1 as never })).rejects.toEqual(type);
});

test('there are at most sixteen', () => expectWell('many-classes'));
