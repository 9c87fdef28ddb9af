// Reads, writes and syncs that fail, stop short, begin late and end late: what becomes of a DmaFile's promises and memory.
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { DmaBuffer, DmaFile, IoBuf, stats } from 'corebuf';
import { testWhere } from '../support/features';
import { injectFaults } from '../support/inject-faults';
import type { Fault } from '../support/inject-faults';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const KiB = 1024;
const BLOCK = 4096;

const LATE: Fault = { lateStart: 6, lateEnd: 6, random: true };

describe.each(engines)('a DmaFile by %s', (engine) => {
  /** Every file that is opened while faults are injected is under them. */
  const open = (path: string, direct: 'prefer' | 'off' = 'prefer'): Promise<DmaFile> => DmaFile.open(path, 'a+', { engine, direct });

  test.each(['EIO', 'ENOSPC', 'EDQUOT', 'ENOMEM'] as const)('each call tells of %s with what was asked and of which file', async (errno) => {
    const path = scratchPath();
    injectFaults([{ errno }]);
    await using file = await open(path);
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    const calls: [string, () => Promise<unknown>][] = [
      ['read', () => file.read(0, 100)],
      ['write', () => file.write(0, block)],
      ['fdatasync', () => file.datasync()],
      ['fsync', () => file.sync()],
      ['fallocate', () => file.allocate(0, BLOCK)],
      ['fallocate', () => file.punch(0, BLOCK)],
    ];
    for (const [syscall, call] of calls) {
      await expect(call()).rejects.toMatchObject({ name: 'CorebufError', code: 'ERR_IO', errno: -constants.errno[errno], syscall, path });
    }
    expect(injectFaults([])).toBe(calls.length);
    expect(await file.write(0, block)).toBe(BLOCK);
  });

  testWhere('allocation', 'what is interrupted or must wait is asked again, and nobody hears of it', async () => {
    const path = scratchPath();
    const passing: Fault[] = [
      { errno: 'EINTR', times: 20, chance: 0.5 },
      { errno: 'EAGAIN', times: 20, chance: 0.5 },
    ];
    injectFaults(passing.flatMap((fault) => (['read', 'write', 'allocate', 'punch'] as const).map((op) => ({ ...fault, op }))), 7);
    await using file = await open(path);
    using block = DmaBuffer.alloc(64 * KiB);
    block.bytes.set(counting(64 * KiB));
    for (let round = 0; round < 10; round++) {
      await file.allocate(0, 128 * KiB);
      expect(await file.write(0, block)).toBe(64 * KiB);
      await file.punch(64 * KiB, BLOCK);
      using read = await file.read(1, 64 * KiB - 1);
      expect(read.equals(counting(64 * KiB - 1, 1))).toBe(true);
    }
    expect(injectFaults([])).toBeGreaterThan(40);
  });

  test('what is interrupted for ever is an error in the end', async () => {
    injectFaults([{ errno: 'EINTR' }]);
    await using file = await open(scratchPath());
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    for (const call of [file.read(0, 1), file.write(0, block), file.allocate(0, 1)]) await expect(call).rejects.toMatchObject({ errno: -constants.errno.EINTR });
    expect(injectFaults([])).toBe(3 * 64);
  });

  test.each(['EINTR', 'EAGAIN'] as const)('a sync that ends with %s is not asked again, because the second could succeed for nothing', async (errno) => {
    injectFaults([{ errno, times: 1 }]);
    await using file = await open(scratchPath());
    await expect(file.datasync()).rejects.toMatchObject({ errno: -constants.errno[errno], syscall: 'fdatasync' });
    expect(injectFaults([])).toBe(1);
  });

  test.each(['prefer', 'off'] as const)('short reads and writes go on where they stopped (direct: %s)', async (direct) => {
    const path = scratchPath();
    injectFaults([
      { op: 'write', bytesMost: 50_000, random: true, chance: 0.8 },
      { op: 'read', bytesMost: 50_000, random: true, chance: 0.8 },
    ]);
    await using file = await open(path, direct);
    using data = DmaBuffer.alloc(200 * KiB);
    data.bytes.set(counting(200 * KiB));
    expect(await file.write(BLOCK, data)).toBe(200 * KiB);
    expect(readFileSync(path).equals(Buffer.concat([Buffer.alloc(BLOCK), counting(200 * KiB)]))).toBe(true);
    for (const [position, length] of [[BLOCK, 200 * KiB], [BLOCK + 1, 199 * KiB], [BLOCK + 77_777, 2], [BLOCK + 100_000, 10_000_000]] as const) {
      using read = await file.read(position, length);
      expect(read.equals(counting(Math.min(length, 200 * KiB + BLOCK - position), position - BLOCK))).toBe(true);
    }
    expect(injectFaults([])).toBeGreaterThan(5);
  });

  test('a disk that takes nothing at all is an error, not an endless loop', async () => {
    injectFaults([{ op: 'write', bytesMost: 0 }]);
    await using file = await open(scratchPath());
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    await expect(file.write(0, block)).rejects.toMatchObject({ errno: -constants.errno.EIO, syscall: 'write' });
  });

  test('close() waits for what is late, and a signal does not wait', async () => {
    const path = scratchPath();
    writeFileSync(path, counting(64 * KiB));
    injectFaults([{ lateStart: 50, lateEnd: 50, random: true }]);
    const file = await open(path);
    let settled = 0;
    const block = DmaBuffer.alloc(BLOCK, { zero: true });
    const calls = Array.from({ length: 16 }, (_, at) => [
      file.write((16 + at) * BLOCK, block).then(() => settled++),
      file.read(at * BLOCK, 100).then((read) => {
        expect(read.equals(counting(100, at * BLOCK))).toBe(true);
        read.release();
        settled++;
      }),
    ]).flat();
    // The kernel still has to read it.
    block.release();
    const abort = new AbortController();
    const aborted = file.read(0, 64 * KiB, { signal: abort.signal });
    const closing = file.close().then(() => expect(stats().io.inFlight).toBe(0));
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(settled).toBe(0);
    expect(stats().io.inFlight).toBe(33);
    await Promise.all([...calls, closing]);
    expect(settled).toBe(32);
    expect(readFileSync(path).subarray(64 * KiB).equals(Buffer.alloc(64 * KiB))).toBe(true);
  });

  test('whatever happens, each promise settles once, and a region that was written holds the last of its writes that succeeded', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const path = scratchPath();
    injectFaults(
      [
        LATE,
        { op: 'write', bytesMost: 60_000, random: true, chance: 0.3 },
        { op: 'read', bytesMost: 60_000, random: true, chance: 0.3 },
        { errno: 'EINTR', chance: 0.05 },
        { errno: 'EIO', chance: 0.05 },
      ],
      random.upTo(2 ** 31),
    );
    const file = await open(path, random.pick(['prefer', 'off']));
    /** By region of 64 KiB: what is there, or undefined when a write of it has failed, and nobody knows. */
    const regions: (Buffer | undefined)[] = Array.from({ length: 8 }, () => Buffer.alloc(64 * KiB));
    writeFileSync(path, Buffer.alloc(8 * 64 * KiB));
    let fulfilled = 0;
    let rejected = 0;
    const failed = (error: unknown): void => {
      expect(error).toMatchObject({ code: 'ERR_IO', path });
      rejected++;
    };
    const work = async (region: number): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        if (random.upTo(1) === 0) {
          using data = DmaBuffer.alloc(64 * KiB);
          const bytes = random.bytes(64 * KiB);
          data.bytes.set(bytes);
          regions[region] = await file.write(region * 64 * KiB, data).then(() => bytes, (error: unknown) => void failed(error));
          fulfilled += regions[region] === undefined ? 0 : 1;
        } else {
          const from = random.upTo(64 * KiB - 1);
          const length = random.upTo(64 * KiB - 1 - from);
          const read = await file.read(region * 64 * KiB + from, length).catch((error: unknown) => void failed(error));
          if (read === undefined) continue;
          const wanted = regions[region]?.subarray(from, from + length);
          if (wanted !== undefined) expect(read.equals(wanted)).toBe(true);
          read.release();
          fulfilled++;
        }
      }
    };
    await Promise.all(regions.map((_, region) => work(region)));
    await file.close();
    expect(fulfilled + rejected).toBe(8 * 25);
    expect(rejected).toBeGreaterThan(0);
    expect(stats().io.inFlight).toBe(0);
    const content = readFileSync(path);
    for (const [region, bytes] of regions.entries()) {
      if (bytes !== undefined) expect(content.subarray(region * 64 * KiB, (region + 1) * 64 * KiB).equals(bytes)).toBe(true);
    }
  });
});

test('files that were opened before are spared', async () => {
  await using file = await DmaFile.open(scratchPath(), 'w+');
  injectFaults([{ errno: 'EIO' }]);
  await file.datasync();
  expect(injectFaults([])).toBe(0);
  using chain = IoBuf.from('');
  expect(await file.write(0, chain)).toBe(0);
});
