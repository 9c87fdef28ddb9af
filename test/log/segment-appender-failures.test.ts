// An appender when memory runs out, and on a device that takes nothing. (Disks that fill up: file-systems.test.ts.)
import { readFileSync } from 'node:fs';
import { IoBuf, SegmentAppender, thisShard } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { failIn } from '../support/fail-in';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { corebufError, thrownBy } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => failIn(0));

const KiB = 1024;
const MiB = 1024 * KiB;

describe.each(engines)('a SegmentAppender by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, preallocate: MiB, ...options });

  test('memory that runs out anywhere is an error that changes nothing, and nothing is lost', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 100_000 });
    let model = Buffer.alloc(0);
    let failures = 0;
    const orShortage = async (call: () => Promise<unknown>): Promise<boolean> => {
      try {
        await call();
        return true;
      } catch (error) {
        expect(error).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
        failures++;
        return false;
      }
    };
    for (let point = 1; point < 40; point++) {
      const bytes = counting(30_011, model.length);
      using chain = IoBuf.from(bytes);
      for (const data of [bytes, chain]) {
        const before = log.position;
        thisShard.memory.stats(); // Chunks that lie ready would hide it.
        failIn(point);
        const accepted = await orShortage(() => log.append(data));
        expect(log.position - before).toBe(accepted ? 30_011 : 0);
        if (accepted) model = Buffer.concat([model, bytes]);
        await orShortage(() => log.flush());
        failIn(0);
      }
      if (point % 3 === 0) {
        failIn(point);
        const size = Math.max(0, model.length - 11);
        const cut = await orShortage(() => log.truncate(size));
        failIn(0);
        // When only the sync found no memory, the cut is made.
        expect(cut ? [size] : [size, model.length]).toContain(log.position);
        model = model.subarray(0, log.position);
      }
    }
    expect(failures).toBeGreaterThan(20);
    await log.flush();
    expect(log.durable).toBe(model.length);
    await log.close();
    expect(readFileSync(path).equals(model)).toBe(true);
  });

  test('a pressure listener may append: it gets its turn after the append that it came from', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 100_000 });
    const nested: Promise<number>[] = [];
    const remove = thisShard.memory.onPressure(() => {
      failIn(0);
      nested.push(log.append(Buffer.from('from the listener')));
    });
    thisShard.memory.stats();
    failIn(1);
    const start = await log.append(counting(50_000));
    remove();
    expect(nested).toHaveLength(1);
    expect([start, await nested[0]]).toEqual([0, 50_000]);
    await log.close();
    expect(readFileSync(path).toString('latin1', 50_000)).toBe('from the listener');
  });

  test('a write that fails is the end: every call tells its error, and only what was durable is', async () => {
    // Takes no byte, ever.
    const log = await open('/dev/full', { writeBehind: 50_000 });
    const full = { code: 'ERR_IO', errno: -28, syscall: 'write', path: '/dev/full' };
    const appends = Array.from({ length: 10 }, () => log.append(counting(20_000)));
    const flush = log.flush();
    using chain = IoBuf.from('waits');
    const last = log.append(chain);
    expect((await Promise.allSettled(appends)).map(({ status }) => status)).toEqual([...Array<string>(2).fill('fulfilled'), ...Array<string>(8).fill('rejected')]);
    for (const call of [...appends.slice(2), last, flush, log.append(Buffer.alloc(1)), log.flush(), log.truncate(0)]) await expect(call).rejects.toMatchObject(full);
    expect(thrownBy(() => log.tryAppend(Buffer.alloc(1)))).toMatchObject(full);
    expect(log.durable).toBe(0);
    await expect(log.close()).rejects.toMatchObject(full);
    await expect(log.append(Buffer.alloc(1))).rejects.toEqual(corebufError('ERR_CLOSED'));
  });
});
