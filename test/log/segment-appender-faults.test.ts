// An appender whose writes and syncs fail, stop short, begin late and end late: nothing is reported durable that is not on the disk.
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { DmaFile, SegmentAppender, stats } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { injectFaults } from '../support/inject-faults';
import type { Fault } from '../support/inject-faults';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
const CHUNK = 16 * KiB;

const fault = (errno: keyof typeof constants.errno, syscall: string, path: string) => ({ code: 'ERR_IO', errno: -constants.errno[errno], syscall, path });

/** The error that a call ends with; it must. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([call]);
  expect(outcome.status).toBe('rejected');
  return (outcome as PromiseRejectedResult).reason;
}

/** All calls that there are, after a failure: the same error, each time the same object. */
async function expectOver(log: SegmentAppender, error: unknown): Promise<void> {
  const { position, durable } = log;
  for (const call of [log.append(Buffer.alloc(1)), log.append(Buffer.alloc(100_000)), log.flush(), log.truncate(0), log.flush()]) expect(await errorOf(call)).toBe(error);
  expect(() => log.tryAppend(Buffer.alloc(1))).toThrow(error as Error);
  expect([log.position, log.durable]).toEqual([position, durable]);
  expect(await errorOf(log.close())).toBe(error);
  expect(await errorOf(log.close())).toBe(error);
  expect(log.durable).toBe(durable);
}

describe.each(engines)('a SegmentAppender by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, preallocate: MiB, ...options });

  test.each(['lateStart', 'lateEnd'] as const)('a write that is overtaken by all others holds back durable, and nothing else (%s)', async (late) => {
    const path = scratchPath();
    injectFaults([{ op: 'write', skip: 1, times: 1, [late]: 60 }]);
    await using log = await open(path, { preallocate: 0 });
    await log.append(counting(CHUNK));
    await log.flush();
    let flushed = 0;
    for (let at = 1; at < 6; at++) {
      await log.append(counting(CHUNK, at * CHUNK));
      void log.flush().then(() => flushed++);
      await turn();
    }
    const seen = new Set<number>();
    while (flushed < 5) {
      seen.add(log.durable);
      expect(readFileSync(path).subarray(0, log.durable).equals(counting(log.durable))).toBe(true);
      if (log.stats().writes === 5) expect(log.durable).toBe(CHUNK); // All but the late one are done.
      await turn();
    }
    expect([...seen][0]).toBe(CHUNK);
    expect(log.durable).toBe(6 * CHUNK);
    expect(injectFaults([])).toBe(1);
  });

  test('writes that begin late find the bytes that they were given', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'write', lateStart: 9, random: true }, { op: 'write', bytesMost: 3 * BLOCK, random: true, chance: 0.5 }, { lateEnd: 3, random: true }], 3);
    const log = await open(path, { chunk: BLOCK, writeBehind: 64 * KiB });
    let length = 0;
    for (let at = 0; at < 300; at++) {
      const size = (at * 379) % 1500;
      await log.append(counting(size, length));
      length += size;
      if (at % 3 === 0) void log.flush();
      if (at % 10 === 0) await turn();
    }
    await log.close();
    expect(readFileSync(path).equals(counting(length))).toBe(true);
  });

  test.each(['EIO', 'ENOSPC'] as const)('a write that fails with %s among others is the end, with that error for all', async (errno) => {
    const path = scratchPath();
    injectFaults([{ op: 'write', skip: 3, times: 1, errno, lateEnd: 5 }, { lateEnd: 3, random: true }]);
    const log = await open(path, { chunk: BLOCK, writeBehind: 8 * BLOCK });
    await log.append(counting(2 * BLOCK + 5));
    await log.flush();
    const durable = log.durable;
    expect(durable).toBe(2 * BLOCK + 5);
    const calls: Promise<unknown>[] = [];
    for (let at = 0; at < 20; at++) {
      calls.push(log.append(counting(BLOCK, durable + at * BLOCK)));
      if (at % 5 === 0) calls.push(log.flush());
      for (const call of calls) call.catch(() => undefined); // They are looked at below.
      await turn();
    }
    const error = await errorOf(Promise.all(calls));
    const refused = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    for (const { reason } of refused) expect(reason).toBe(error);
    expect(error).toMatchObject(fault(errno, 'write', path));
    expect(log.durable).toBeGreaterThanOrEqual(durable);
    await expectOver(log, error);
    expect(readFileSync(path).subarray(0, log.durable).equals(counting(log.durable))).toBe(true);
    expect(stats().io.inFlight).toBe(0);
  });

  test.each(['EIO', 'EINTR'] as const)('a sync that fails with %s is never asked again, and nothing that it was about is durable', async (errno) => {
    const path = scratchPath();
    injectFaults([{ op: 'datasync', skip: 1, times: 1, errno }]);
    const log = await open(path);
    // More than one write takes, and so a sync of its own.
    const length = 300_000;
    await log.append(counting(length));
    await log.flush();
    await log.append(counting(length, length));
    const { syncs } = stats().io;
    const flushes = [log.flush(), log.flush()];
    const error = await errorOf(flushes[0]!);
    expect(error).toMatchObject(fault(errno, 'fdatasync', path));
    expect(await errorOf(flushes[1]!)).toBe(error);
    expect([log.position, log.durable]).toEqual([2 * length, length]);
    await expectOver(log, error);
    expect(stats().io.syncs - syncs).toBe(1);
  });

  test('a write that was to be durable and fails is the end as well', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'write', skip: 1, times: 1, errno: 'EIO' }]);
    const log = await open(path);
    await log.append(counting(1000));
    await log.flush();
    expect(log.stats()).toMatchObject({ writes: 1, syncs: 1 });
    await log.append(counting(1000, 1000));
    const error = await errorOf(log.flush());
    expect(error).toMatchObject(fault('EIO', 'write', path));
    expect([log.position, log.durable]).toEqual([2000, 1000]);
    await expectOver(log, error);
  });

  test('a sync that fails under a cut or a close is the end as well', async () => {
    for (const end of [(log: SegmentAppender) => log.truncate(10), (log: SegmentAppender) => log.close()]) {
      const path = scratchPath();
      injectFaults([{ op: 'datasync', errno: 'EIO', times: 1 }]);
      const log = await open(path);
      await log.append(counting(1000));
      const error = await errorOf(end(log));
      expect(error).toMatchObject(fault('EIO', 'fdatasync', path));
      expect(log.durable).toBe(0);
      expect(await errorOf(log.close())).toBe(error);
    }
  });

  test.each([
    ['datasync', 'fdatasync'],
    ['read', 'read'],
  ] as const)('open() fails when its %s does, and leaves nothing open', async (op, syscall) => {
    const path = scratchPath();
    writeFileSync(path, counting(1000));
    injectFaults([{ op, errno: 'EIO', times: 1 }]);
    const { inFlight } = stats().io;
    expect(await errorOf(open(path))).toMatchObject(fault('EIO', syscall, path));
    expect(stats().io.inFlight).toBe(inFlight);
    const log = await open(path);
    expect([log.position, log.durable]).toEqual([1000, 1000]);
    await log.close();
  });

  test.each(['ENOSPC', 'EOPNOTSUPP'] as const)('allocating ahead that ends with %s is given up, and writing goes on', async (errno) => {
    const path = scratchPath();
    injectFaults([{ op: 'allocate', errno }]);
    const log = await open(path);
    await log.append(counting(100_000));
    await log.flush();
    expect(injectFaults([])).toBe(1);
    await log.close();
    expect(readFileSync(path).equals(counting(100_000))).toBe(true);
  });

  test('allocating ahead that the disk fails is the end', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'allocate', errno: 'EIO', lateEnd: 3 }]);
    const log = await open(path);
    await log.append(counting(100_000));
    const error = await errorOf(log.flush());
    expect(error).toMatchObject(fault('EIO', 'fallocate', path));
    await expectOver(log, error);
  });

  test('close() waits for writes that are late, though another has failed', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'write', times: 1, errno: 'EIO' }, { op: 'write', lateStart: 40, lateEnd: 40 }]);
    const log = await open(path, { preallocate: 0 });
    for (let at = 0; at < 8; at++) {
      await log.append(counting(CHUNK, at * CHUNK));
      await turn();
    }
    const error = await errorOf(log.close());
    expect(error).toMatchObject(fault('EIO', 'write', path));
    expect(stats().io.inFlight).toBe(0);
    expect(log.durable).toBe(0);
  });

  test('random work under random faults: nothing that was reported durable is ever missing', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const path = scratchPath();
    let model = Buffer.alloc(0);
    let failures = 0;
    let cleanEnds = 0;
    for (let round = 0; round < 25; round++) {
      const deadly = random.pick([0, 0.01, 0.03]);
      const faults: Fault[] = [
        { lateStart: 5, lateEnd: 5, random: true },
        { op: 'write', lateStart: 40, chance: 0.1 },
        { op: 'write', bytesMost: 100_000, random: true, chance: 0.3 },
        { op: 'read', bytesMost: 5000, random: true, chance: 0.3 },
        { op: 'write', errno: 'EINTR', chance: 0.05 },
        { op: 'write', errno: random.pick(['EIO', 'ENOSPC']), chance: deadly },
        { op: 'datasync', errno: 'EIO', chance: deadly },
        { op: 'allocate', errno: random.pick(['EIO', 'ENOSPC', 'EINTR']), chance: deadly },
      ];
      injectFaults([{ lateEnd: 2, random: true }]);
      const log = await open(path, {
        position: model.length,
        chunk: random.pick([BLOCK, CHUNK]),
        preallocate: random.pick([0, 64 * KiB]),
        writeBehind: random.pick([1000, 100_000, MiB]),
        direct: random.pick(['prefer', 'off']),
      });
      injectFaults(faults, random.upTo(2 ** 31));
      let checked = -1;
      const check = (): void => {
        if (log.durable === checked) return;
        checked = log.durable;
        expect(readFileSync(path).subarray(0, checked).equals(model.subarray(0, checked))).toBe(true);
      };
      let error: unknown;
      const failed = (reason: unknown): void => {
        error ??= reason;
        expect(reason).toBe(error);
      };
      const pending: Promise<unknown>[] = [];
      for (let operation = 0; operation < 60 && error === undefined; operation++) {
        const kind = random.upTo(19);
        if (kind < 11) {
          const bytes = random.bytes(random.size(30_000));
          // The model learns of it when it is accepted, which may be later, but in this order.
          pending.push(
            log.append(bytes).then((start) => {
              expect(start).toBe(model.length);
              model = Buffer.concat([model, bytes]);
            }, failed),
          );
        } else if (kind < 14) {
          pending.push(log.flush().then(check, failed));
        } else if (kind < 19) {
          await turn();
          check();
        } else {
          await Promise.all(pending.splice(0));
          const size = Math.max(0, model.length - random.size(model.length));
          await log.truncate(size).catch(failed);
          model = model.subarray(0, log.position);
          check();
        }
      }
      await Promise.all(pending);
      check();
      await log.close().catch(failed);
      if (error === undefined) cleanEnds++;
      else failures++;
      expect(stats().io.inFlight).toBe(0);
      expect(error === undefined ? readFileSync(path).length : model.length).toBe(model.length);
      checked = -1;
      check();
      // A program that goes on after a failure begins behind the durable bytes.
      model = model.subarray(0, log.durable);
    }
    expect([failures > 0, cleanEnds > 0]).toEqual([true, true]);
  });
});

test('a file that is closed is not one that failed', async () => {
  injectFaults([{ op: 'datasync', errno: 'EIO' }]);
  await using file = await DmaFile.open(scratchPath(), 'w+');
  for (let at = 0; at < 2; at++) await expect(file.datasync()).rejects.toMatchObject({ code: 'ERR_IO' });
});
