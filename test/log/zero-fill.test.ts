// Zeros that an appender writes ahead of its data, while small syncs come one after the other.
import { readFileSync } from 'node:fs';
import { SegmentAppender } from 'corebuf';
import { testWhere } from '../support/features';
import { injectFaults } from '../support/inject-faults';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
/** Small syncs, until they are known to be small: the zeros begin after the last of them. */
const SYNCS = 8;

describe.each(engines)('by %s', (engine) => {
  async function flushed(log: SegmentAppender, bytes: number, times: number): Promise<void> {
    for (let left = times; left > 0; left--) {
      await log.append(counting(bytes, log.position));
      await log.flush();
    }
  }

  /** A log whose first zeros reach the kernel so late that everything that does not wait for them overtakes them. */
  async function withLateZeros(path: string, errno?: 'EIO'): Promise<SegmentAppender> {
    injectFaults([{ times: 0 }]);
    const log = await SegmentAppender.open(path, { engine, writeBehind: 2 * MiB });
    await flushed(log, BLOCK, SYNCS - 1);
    injectFaults([{ op: 'write', skip: 1, times: 1, lateStart: 50, ...(errno === undefined ? {} : { errno }) }]);
    await flushed(log, BLOCK, 1);
    return log;
  }

  testWhere('allocation', 'are written while small syncs go on, and what is behind the data is zeros', async () => {
    const path = scratchPath();
    await using log = await SegmentAppender.open(path, { engine });
    await flushed(log, 1000, 600);
    const { bytesZeroed, bytesWritten, bytesAccepted, amplification } = log.stats();
    expect(bytesZeroed).toBe(MiB);
    expect(amplification).toBe((bytesZeroed + bytesWritten) / bytesAccepted);
    const file = readFileSync(path);
    expect(file.subarray(0, log.position).equals(counting(log.position))).toBe(true);
    expect(file.subarray(log.position).every((byte) => byte === 0)).toBe(true);
    await log.close();
    expect(readFileSync(path).equals(counting(600_000))).toBe(true);
  });

  test('are not written for large syncs', async () => {
    await using log = await SegmentAppender.open(scratchPath(), { engine });
    await flushed(log, 256 * KiB, 12);
    expect(log.stats().bytesZeroed).toBe(0);
  });

  test('are not written without direct I/O, nor where the file does not grow ahead', async () => {
    await using buffered = await SegmentAppender.open(scratchPath(), { engine, direct: 'off' });
    await using step = await SegmentAppender.open(scratchPath(), { engine, preallocate: 0 });
    for (const log of [buffered, step]) {
      await flushed(log, BLOCK, 3 * SYNCS);
      expect(log.stats().bytesZeroed).toBe(0);
    }
  });

  testWhere('allocation', 'never fall on data: what comes to them waits', async () => {
    const path = scratchPath();
    await using log = await withLateZeros(path);
    await log.append(counting(1.5 * MiB, log.position));
    expect(log.stats().bytesZeroed).toBe(0);
    await log.flush();
    expect(injectFaults([])).toBe(1);
    expect(log.stats().bytesZeroed).toBe(MiB);
    expect(readFileSync(path).subarray(0, log.position).equals(counting(log.position))).toBe(true);
  });

  for (const how of ['truncate', 'close'] as const) testWhere('allocation', `never make a file longer that ${how}() has cut`, async () => {
    const path = scratchPath();
    const log = await withLateZeros(path);
    if (how === 'truncate') await log.truncate(BLOCK + 1);
    await log.close();
    expect(injectFaults([])).toBe(1);
    expect(readFileSync(path).equals(counting(how === 'truncate' ? BLOCK + 1 : SYNCS * BLOCK))).toBe(true);
  });

  testWhere('allocation', 'fail for themselves only', async () => {
    const path = scratchPath();
    await using log = await withLateZeros(path, 'EIO');
    await log.append(counting(1.5 * MiB, log.position));
    await flushed(log, BLOCK, 3 * SYNCS);
    expect(log.stats().bytesZeroed).toBe(0);
    await log.close();
    expect(readFileSync(path).equals(counting(log.position))).toBe(true);
  });
});
