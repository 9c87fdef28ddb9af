// Files and appenders on each file system that can be mounted here; and disks that are full.
import { closeSync, constants, fsyncSync, openSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { capabilities, DmaBuffer, DmaFile, SegmentAppender, stats } from 'corebuf';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { corebufError } from '../support/errors';
import { describeFileSystem, fileSystems, mountsAfterEach } from '../support/file-systems';
import { expectNothingLeaked } from '../support/shards';

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
const CHUNK = 16 * KiB;
const { allocation, directIo } = capabilities();
const testAllocation = allocation ? test : test.skip;

function block(length: number, from = 0): DmaBuffer {
  const made = DmaBuffer.alloc(length);
  made.bytes.set(counting(length, from));
  return made;
}

/** Whether O_DIRECT is on, for each of this process's open files of that path. */
function directHere(path: string): boolean[] {
  const open = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd) === path);
  return open.map((fd) => (parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8) & constants.O_DIRECT) !== 0);
}

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // It is the folder that was listed.
  }
}

for (const kind of fileSystems) {
  describeFileSystem(kind, () => {
    expectNothingLeaked();
    const mount = mountsAfterEach(kind);
    const isBuffered = kind.buffered === true || !directIo;

    test("the alignment is the device's, and the kernel has said so", async () => {
      const path = `${mount().folder}/file`;
      await using file = await DmaFile.open(path, 'w+');
      if (isBuffered) {
        expect(file).toMatchObject({ direct: false, alignment: { offset: 1, source: 'buffered' } });
        expect(directHere(path)).toEqual([false]);
      } else if (kind.sector !== undefined) {
        expect(file).toMatchObject({ direct: true, alignment: { offset: kind.sector } });
        expect(['statx', 'block device']).toContain(file.alignment.source);
      }
      await using buffered = await DmaFile.open(path, 'r', { direct: 'off' });
      expect(buffered.direct).toBe(false);
      if (file.direct) await (await DmaFile.open(path, 'r', { direct: 'require' })).close();
      else await expect(DmaFile.open(path, 'r', { direct: 'require' })).rejects.toEqual(corebufError('ERR_IO'));
    });

    test.each(engines)('files of any length are read at any place (%s)', async (engine) => {
      const path = `${mount().folder}/file`;
      for (const direct of ['prefer', 'off'] as const) {
        await using file = await DmaFile.open(path, 'w+', { engine, direct });
        using data = block(80 * KiB);
        expect(await file.write(0, data)).toBe(80 * KiB);
        for (const size of [80 * KiB, 79 * KiB + 1, 70_001, 4097, 511, 1, 0]) {
          await file.truncate(size);
          expect(await file.size()).toBe(size);
          for (const [position, length] of [[0, size], [0, 1], [1, 4096], [size, 10], [Math.max(0, size - 7), 100], [513, 40_000], [100_000, 5]] as const) {
            using read = await file.read(position, length);
            expect(read.equals(counting(Math.max(0, Math.min(length, size - position)), position))).toBe(true);
          }
        }
      }
    });

    test.each(engines)('space that cannot be allocated ahead is left to others (%s)', async (engine) => {
      const { folder } = mount(32 * MiB);
      fillUp(folder, 8 * MiB);
      const left = (): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
      const before = left();
      const logs = await Promise.all([0, 1].map((number) => SegmentAppender.open(`${folder}/log${number}`, { engine })));
      for (const log of logs) {
        await log.append(counting(100));
        await log.flush();
        expect(log.durable).toBe(100);
      }
      expect(left()).toBeGreaterThan(before - MiB);
      for (const log of logs) await log.close();
      for (const { path } of logs) expect(readFileSync(path).equals(counting(100))).toBe(true);
    });

    test.each(engines)('what is aligned to the sector is written, what is not is refused (%s)', async (engine) => {
      const path = `${mount().folder}/file`;
      await using file = await DmaFile.open(path, 'w+', { engine });
      const sector = file.alignment.offset;
      using whole = block(8 * BLOCK);
      await file.write(0, whole);
      using one = DmaBuffer.alloc(sector, { zero: true });
      await file.write(3 * sector, one);
      await file.datasync();
      const expected = counting(8 * BLOCK).fill(0, 3 * sector, 4 * sector);
      expect(readFileSync(path).equals(expected)).toBe(true);
      if (!file.direct) return;
      using odd = DmaBuffer.alloc(sector - 1);
      for (const call of [file.write(1, one), file.write(sector / 2, whole), file.write(0, odd)]) await expect(call).rejects.toEqual(corebufError('ERR_MISALIGNED'));
      expect(readFileSync(path).equals(expected)).toBe(true);
    });

    testAllocation.each(engines)('blocks are allocated and given back (%s)', async (engine) => {
      const path = `${mount().folder}/file`;
      await using file = await DmaFile.open(path, 'w+', { engine });
      await file.allocate(MiB, MiB - 5);
      expect(statSync(path)).toMatchObject({ size: 2 * MiB - 5 });
      const { blocks } = statSync(path);
      expect(blocks * 512).toBeGreaterThanOrEqual(MiB - 5);
      using data = block(MiB);
      await file.write(MiB, data);
      await file.punch(MiB + 100, MiB / 2);
      await file.datasync();
      expect(statSync(path).blocks).toBeLessThan(blocks);
      const expected = Buffer.concat([Buffer.alloc(MiB), counting(MiB).fill(0, 100, 100 + MiB / 2)]);
      expect(readFileSync(path).equals(expected)).toBe(true);
    });

    test.each(engines)('an appender goes on at any position (%s)', async (engine) => {
      const path = `${mount().folder}/log`;
      for (const preallocate of [0, 256 * KiB]) {
        for (const position of [0, 1, 511, 512, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK, 3 * CHUNK + 77]) {
          writeFileSync(path, counting(60_000));
          const log = await SegmentAppender.open(path, { engine, preallocate, position });
          expect([log.position, log.durable, log.direct]).toEqual([position, position, kind.sector === undefined ? log.direct : !isBuffered]);
          await log.append(counting(50_000, position));
          await log.flush();
          await log.append(counting(9, position + 50_000));
          await log.truncate(position + 40_001);
          await log.append(counting(5000, position + 40_001));
          await log.close();
          expect(readFileSync(path).equals(counting(position + 45_001))).toBe(true);
        }
      }
    });

    test.each(engines)('a full disk is ENOSPC, and does no harm (%s)', async (engine) => {
      const { folder } = mount(32 * MiB);
      const path = `${folder}/file`;
      fillUp(folder, 3 * MiB);
      const { inFlight } = stats().io;
      const file = await DmaFile.open(path, 'w+', { engine });
      const full = (syscall: string): unknown => expect.objectContaining({ code: 'ERR_IO', errno: -28, syscall, path });
      if (allocation) await expect(file.allocate(0, 64 * MiB)).rejects.toEqual(full('fallocate'));
      await file.truncate(0); // Some of it may have been found.
      using data = block(64 * KiB);
      const written = (): Promise<number> => file.write(0, data);
      expect(await written()).toBe(64 * KiB);
      const rest = Array.from({ length: 160 }, (_, at) => file.write((at + 1) * 64 * KiB, data));
      const outcomes = await Promise.allSettled(rest);
      const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      expect(refused.length).toBeGreaterThan(100);
      for (const { reason } of refused) expect(reason).toEqual(full('write'));
      for (const [at, { status }] of outcomes.entries()) {
        if (status === 'rejected') continue;
        using read = await file.read((at + 1) * 64 * KiB, 64 * KiB);
        expect(read.equals(data.bytes)).toBe(true);
      }
      await file.truncate(0);
      expect(await written()).toBe(64 * KiB);
      await file.close();
      expect(stats().io.inFlight).toBe(inFlight);
    });

    test.each(
      engines.flatMap((engine) =>
        ([[0, 'prefer'], [MiB, 'prefer'], [0, 'off']] as const).map(([preallocate, direct]) => ({ engine, preallocate, direct })),
      ),
    )('an appender on a disk that fills up keeps what was durable, and another one goes on when there is space: %j', async ({ engine, preallocate, direct }) => {
      const mounted = mount(32 * MiB);
      const path = `${mounted.folder}/log`;
      const ballast = fillUp(mounted.folder, 3 * MiB);
      const log = await SegmentAppender.open(path, { engine, preallocate, direct });
      let error: unknown;
      for (let at = 0; error === undefined && at < 1000; at++) {
        await log.append(counting(10_007, log.position)).catch((reason: unknown) => (error = reason));
        if (at % 10 === 0) await log.flush().catch((reason: unknown) => (error ??= reason));
      }
      expect(error).toMatchObject({ code: 'ERR_IO', errno: -28, path });
      const { durable } = log;
      expect(durable).toBeGreaterThan(MiB);
      expect(durable).toBeLessThan(log.position);
      await expect(log.flush()).rejects.toBe(error);
      await expect(log.close()).rejects.toBe(error);
      if (kind.sector !== undefined) await mounted.remount();
      expect(readFileSync(path).subarray(0, durable).equals(counting(durable))).toBe(true);

      await using file = await DmaFile.open(ballast, 'r+');
      await file.truncate(0);
      const again = await SegmentAppender.open(path, { engine, preallocate, direct, position: durable });
      await again.append(counting(4 * MiB, durable));
      await again.flush();
      expect(again.durable).toBe(durable + 4 * MiB);
      await again.close();
      await file.close();
      if (kind.sector !== undefined) await mounted.remount();
      expect(readFileSync(path).equals(counting(durable + 4 * MiB))).toBe(true);
    });
  });
}

/** Leaves so many bytes. Returns the file that takes up the rest. */
function fillUp(folder: string, left: number): string {
  const path = `${folder}/ballast`;
  const { bavail, bsize } = statfsSync(folder);
  const fd = openSync(path, 'w');
  for (let rest = bavail * bsize - left; rest > 0; rest -= MiB) writeSync(fd, Buffer.alloc(Math.min(rest, MiB), 1));
  fsyncSync(fd);
  closeSync(fd);
  return path;
}
