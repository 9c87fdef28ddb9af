import { writeFileSync } from 'node:fs';
import { capabilities, DmaBuffer, DmaFile, ioClass, SegmentAppender, stats } from 'corebuf';
import type { IoClass, IoClassStats } from 'corebuf';
import { expectWell } from './support/program';
import { removeScratchAfterEach, scratchPath } from './support/scratch';
import { expectNothingLeaked } from './support/shards';
import { turn } from './support/turns';

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
  expect(stats().io.classes[0]).toMatchObject({ name: 'default', shares: 100 });
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
