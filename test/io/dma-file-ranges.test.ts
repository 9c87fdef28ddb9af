import { fstatSync, openSync, closeSync, readSync, truncateSync } from 'node:fs';
import { DmaFile, stats, thisShard } from 'corebuf';
import type { IoBuf, ReadManyOptions, ReadRange } from 'corebuf';
import { corebufError } from '../support/errors';
import { testWhere } from '../support/features';
import { engines, fileOf, holds } from '../support/files';
import { failIn } from '../support/fail-in';
import { Random } from '../support/random';
import { removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked, liveHere } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => failIn(0));

const KiB = 1024;
const MiB = 1024 * KiB;

const range = (position: number, length: number): ReadRange => ({ position, length });

/** Bytes that node:fs reads there. */
function byNode(path: string, { position, length }: ReadRange): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(length, fstatSync(fd).size));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, position));
  } finally {
    closeSync(fd);
  }
}

describe.each(engines)('readMany of a DmaFile by %s', (engine) => {
  const open = (path: string, flags = 'r'): Promise<DmaFile> => DmaFile.open(path, flags, { engine });

  /** How many reads these take, after looking at what they brought. */
  async function readsFor(file: DmaFile, content: Buffer, ranges: ReadRange[], options?: ReadManyOptions): Promise<number> {
    const before = stats().io.reads;
    const found = await file.readMany(ranges, options);
    expect(found.length).toBe(ranges.length);
    for (const [at, { position, length }] of ranges.entries()) expect(holds(found[at]!, content.subarray(position, position + length))).toBe(true);
    return stats().io.reads - before;
  }

  test('reads neighbours together, in the order in which they were asked for', async () => {
    const { path, content } = fileOf(3 * MiB);
    await using file = await open(path);
    const reads = (ranges: ReadRange[], options?: ReadManyOptions): Promise<number> => readsFor(file, content, ranges, options);
    expect(await reads([])).toBe(0);
    expect(await reads([range(5, 0), range(10 ** 12, 0)])).toBe(0);
    expect(await reads([range(77, 1000)])).toBe(1);
    expect(await reads([range(30_000, 100), range(0, 100), range(15_000, 1), range(100, 200)])).toBe(1);
    expect(await reads([range(0, 100), range(100 + 16 * KiB, 1)])).toBe(1);
    expect(await reads([range(0, 100), range(101 + 16 * KiB, 1)])).toBe(2);
    expect(await reads([range(0, 100), range(100, 100), range(201, 1)], { mergeGap: 0 })).toBe(2);
    expect(await reads([range(0, 512 * KiB), range(512 * KiB, 512 * KiB)])).toBe(1);
    expect(await reads([range(0, 512 * KiB), range(512 * KiB, 512 * KiB + 1)])).toBe(2);
    expect(await reads([range(0, 2 * MiB), range(0, 2 * MiB), range(500, 1), range(2 * MiB, 1)])).toBe(2);
    expect(await reads([range(0, 10), range(10, 10), range(20, 10)], { mergeLimit: 20 })).toBe(2);
    expect(await reads([range(0, 10), range(0, 10), range(3, 10)], { mergeLimit: 0 })).toBe(2);
  });

  testWhere('directIo', 'ends where the file ends', async () => {
    const { path, content } = fileOf(10_001);
    await using file = await open(path);
    expect(await readsFor(file, content, [range(10_000, 1), range(10_000, 2), range(10_001, 5), range(9000, 5000), range(10_100, 3)])).toBe(1);
    expect(await readsFor(file, content, [range(10 ** 9, 10), range(0, 1), range(2 ** 40, 1)])).toBe(3);
  });

  test('brings what node:fs reads, whatever it is asked for, with fewer reads', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const { path } = fileOf(500_000 + random.upTo(10_000));
    await using file = await open(path);
    const before = stats().io.reads;
    let asked = 0;
    for (let round = 0; round < 20; round++) {
      const ranges = Array.from({ length: random.upTo(60) }, () => range(random.upTo(520_000), random.size(40_000)));
      asked += ranges.length;
      const options = random.pick([{}, { mergeGap: 0 }, { mergeGap: random.size(100_000), mergeLimit: random.size(300_000) }]);
      const found = await file.readMany(ranges, options);
      for (const [at, chain] of found.entries()) expect(holds(chain, byNode(path, ranges[at]!))).toBe(true);
    }
    expect(stats().io.reads - before).toBeLessThan(0.8 * asked);
  });

  test('copies nothing, and keeps the memory of a read for as long as one range refers to it', async () => {
    const { path, content } = fileOf(64 * KiB);
    await using file = await open(path);
    const [copied, used] = [stats().ledger.copied, thisShard.memory.stats().used];
    const found = await file.readMany([range(0, 10), range(4 * KiB, 10), range(16 * KiB, 4 * KiB)]);
    expect(stats().ledger.copied).toEqual(copied);
    found[0]!.release();
    found[2]!.release();
    expect(thisShard.memory.stats().used - used).toBeGreaterThan(16 * KiB);
    expect(holds(found[1]!, content.subarray(4 * KiB, 4 * KiB + 10))).toBe(true);
    expect(thisShard.memory.stats().used).toBe(used);
  });

  test('rejects as a whole when a read fails, and nothing stays behind', async () => {
    const { path } = fileOf(64 * KiB);
    await using writeOnly = await open(path, 'a');
    await expect(writeOnly.readMany([range(0, 1), range(40 * KiB, 1)])).rejects.toMatchObject({ code: 'ERR_IO', errno: -9, syscall: 'read' });
    // A hole: reads of it need memory all the same.
    truncateSync(path, 2 ** 42);
    await using file = await open(path);
    const before = liveHere();
    await expect(file.readMany([range(0, 10), range(10, 10), range(2 ** 21, 2 ** 41)])).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    expect([liveHere(), stats().io.inFlight]).toEqual([before, 0]);
  });

  test('rejects when memory runs out at any point, and nothing stays behind', async () => {
    const { path, content } = fileOf(128 * KiB);
    await using file = await open(path);
    const ranges = [range(0, 10), range(5, 100), range(100 * KiB, 5000), range(40 * KiB, 0), range(101 * KiB, 4)];
    const before = liveHere();
    let failures = 0;
    for (let point = 1, done = false; !done; point++) {
      failIn(point);
      const found = await file.readMany(ranges).catch((error: unknown) => {
        expect(error).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
        return undefined;
      });
      failIn(0);
      done = found !== undefined;
      if (done) for (const [at, chain] of found!.entries()) expect(holds(chain, content.subarray(ranges[at]!.position, ranges[at]!.position + ranges[at]!.length))).toBe(true);
      else failures++;
      expect(liveHere()).toBe(before);
    }
    expect(failures).toBeGreaterThan(6);
  });

  test('a signal ends the waiting for all of them', async () => {
    const { path } = fileOf(4 * MiB);
    await using file = await open(path);
    const before = liveHere();
    const controller = new AbortController();
    const reads = file.readMany(Array.from({ length: 50 }, (_, at) => range(at * 64 * KiB, 100)), { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(reads).rejects.toBe(reason);
    await until(() => stats().io.inFlight === 0, () => 'reads are under way');
    expect(liveHere()).toBe(before);
    await expect(file.readMany([], { signal: controller.signal })).rejects.toBe(reason);
  });

  test('close() waits for it; later it is ERR_CLOSED', async () => {
    const { path, content } = fileOf(64 * KiB);
    const file = await open(path);
    const reads = file.readMany([range(0, 1), range(40 * KiB, 1)]);
    await file.close();
    const found: IoBuf[] = await reads;
    for (const [at, position] of [0, 40 * KiB].entries()) expect(holds(found[at]!, content.subarray(position, position + 1))).toBe(true);
    await expect(file.readMany([])).rejects.toEqual(corebufError('ERR_CLOSED'));
  });
});

test('refuses ranges and options that are none, and reads each property once', async () => {
  const { path, content } = fileOf(64 * KiB);
  await using file = await DmaFile.open(path);
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const outOfRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
  await expect(file.readMany(undefined as never)).rejects.toMatchObject(type);
  await expect(file.readMany({ length: 1 } as never)).rejects.toMatchObject(type);
  await expect(file.readMany([null as never])).rejects.toMatchObject(type);
  await expect(file.readMany(new Array(3) as never)).rejects.toMatchObject(type);
  await expect(file.readMany([{ position: 0 } as never])).rejects.toMatchObject(type);
  await expect(file.readMany([range(0, 1), range(-1, 1)])).rejects.toMatchObject({ ...outOfRange, message: expect.stringContaining('ranges[1].position') as string });
  await expect(file.readMany([range(Number.MAX_SAFE_INTEGER, 1)])).rejects.toMatchObject(outOfRange);
  await expect(file.readMany([], null as never)).rejects.toMatchObject(type);
  await expect(file.readMany([], { mergeGap: -1 })).rejects.toMatchObject(outOfRange);
  await expect(file.readMany([], { mergeLimit: 0.5 })).rejects.toMatchObject(outOfRange);
  await expect(file.readMany([], { signal: 'now' as never })).rejects.toMatchObject(type);

  let asked = 0;
  const changing = { get position() { return asked++ * 10; }, length: 10 };
  const [found] = await file.readMany([changing]);
  expect(asked).toBe(1);
  expect(holds(found!, content.subarray(0, 10))).toBe(true);
});
