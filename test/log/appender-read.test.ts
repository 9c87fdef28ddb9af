// Reading what an appender has accepted, wherever it is, and writing to it as a stream.
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { SegmentAppender } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { alignedCounting, counting } from '../support/counting';
import { corebufError } from '../support/errors';
import { engines, fileOf, holds } from '../support/files';
import { injectFaults } from '../support/inject-faults';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const KiB = 1024;
const MiB = 1024 * KiB;

describe.each(engines)('an appender by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, preallocate: MiB, ...options });

  test('reads bytes that are in no file yet, and writes nothing for it', async () => {
    await using log = await open(scratchPath());
    await log.append(counting(5000));
    expect(holds(await log.read(0, 5000), counting(5000))).toBe(true);
    expect(holds(await log.read(4090, 20), counting(20, 4090))).toBe(true);
    expect(holds(await log.read(4999, 100), counting(1, 4999))).toBe(true);
    expect(holds(await log.read(5000, 100), Buffer.alloc(0))).toBe(true);
    expect(holds(await log.read(0, 0), Buffer.alloc(0))).toBe(true);
    expect(log.stats().writes).toBe(0);
  });

  test('reads across bytes that are written, under way, and in memory, at every moment', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    injectFaults([{ op: 'write', lateStart: 20, lateEnd: 20, random: true }, { op: 'read', lateEnd: 5, random: true }], random.seed);
    const log = await open(scratchPath(), { chunk: 4096, writeBehind: 512 * KiB });
    const reads: Promise<boolean>[] = [];
    for (let round = 0; round < 300; round++) {
      const length = random.upTo(6000);
      if (random.upTo(19) === 0) {
        using chain = alignedCounting(64 * KiB, log.position);
        await log.append(chain);
      } else await log.append(counting(length, log.position));
      if (random.upTo(3) === 0) void log.flush();
      const position = random.upTo(log.position);
      const wanted = random.upTo(30_000);
      const expected = counting(Math.min(wanted, log.position - position), position);
      reads.push(log.read(position, wanted).then((chain) => holds(chain, expected)));
      if (random.upTo(2) === 0) await turn();
    }
    expect((await Promise.all(reads)).every(Boolean)).toBe(true);
    await log.close();
  });

  test('reads what was in the file before, and what a cut has left', async () => {
    const path = scratchPath();
    writeFileSync(path, counting(10_000));
    await using log = await open(path, { position: 6000 });
    await log.append(counting(100));
    expect(holds(await log.read(5990, 20), Buffer.concat([counting(10, 5990), counting(10)]))).toBe(true);
    await log.truncate(6001);
    expect(holds(await log.read(5990, 20), Buffer.concat([counting(10, 5990), counting(1)]))).toBe(true);
  });

  test('reads no more once it is closed or has failed', async () => {
    const path = scratchPath();
    injectFaults([{ op: 'write', errno: 'EIO' }]);
    const log = await open(path);
    await log.append(counting(10));
    await expect(log.flush()).rejects.toMatchObject({ errnoName: 'EIO' });
    await expect(log.read(0, 1)).rejects.toMatchObject({ errnoName: 'EIO' });
    await expect(log.close()).rejects.toMatchObject({ errnoName: 'EIO' });
    await expect(log.read(0, 1)).rejects.toEqual(corebufError('ERR_CLOSED'));
    await expect(log.read(-1, 1)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  test('is a Writable: what is written is appended in order, and finish means durable', async () => {
    const { path: source, content } = fileOf(3 * MiB + 17);
    const path = scratchPath();
    await using log = await open(path, { writeBehind: 64 * KiB });
    await log.append('head;');
    await pipeline(createReadStream(source), log.writable());
    expect([log.position, log.durable]).toEqual([content.length + 5, content.length + 5]);
    const stream = log.writable();
    stream.write('text é;');
    stream.write('6869', 'hex');
    stream.end();
    await once(stream, 'finish');
    await log.close();
    expect(readFileSync(path).equals(Buffer.concat([Buffer.from('head;'), content, Buffer.from('text é;hi')]))).toBe(true);
    expect(() => log.writable()).toThrow(corebufError('ERR_CLOSED') as Error);
  });

  test('a Writable holds its writers back while writeBehind bytes are not written', async () => {
    injectFaults([{ op: 'write', lateEnd: 30 }]);
    await using log = await open(scratchPath(), { writeBehind: 16 * KiB, chunk: 4096 });
    const stream = log.writable();
    for (let at = 0; at < 20; at++) stream.write(counting(4096, at * 4096));
    expect(stream.writableNeedDrain).toBe(true);
    expect(log.position).toBeLessThanOrEqual(20 * KiB);
    await once(stream, 'drain');
    stream.end();
    await once(stream, 'finish');
    expect(holds(await log.read(0, 80 * KiB), counting(80 * KiB))).toBe(true);
  });

  test('an append that fails destroys the stream', async () => {
    injectFaults([{ op: 'write', errno: 'ENOSPC' }]);
    const log = await open(scratchPath());
    const stream = log.writable();
    stream.end(counting(100));
    await expect(once(stream, 'finish')).rejects.toMatchObject({ errnoName: 'ENOSPC' });
    await expect(log.close()).rejects.toMatchObject({ errnoName: 'ENOSPC' });
  });

  test('opens a string, a Buffer or a file URL, and names of bytes that are no text', async () => {
    const path = scratchPath();
    let length = 0;
    for (const same of [path, Buffer.from(path), pathToFileURL(path)]) {
      await using log = await SegmentAppender.open(same, { engine });
      expect([log.path, log.position]).toEqual([path, length]);
      length += 4;
      await log.append('more');
    }
    const odd = Buffer.concat([Buffer.from(path), Buffer.from([0xff, 0xfe])]);
    await using log = await SegmentAppender.open(odd, { engine });
    await log.append('odd');
    await log.close();
    expect(readFileSync(odd, 'utf8')).toBe('odd');
    await expect(SegmentAppender.open(7 as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('console.log shows what an appender is', async () => {
    const path = scratchPath();
    const log = await open(path);
    await log.append('12345');
    expect(inspect(log)).toContain(path);
    expect(inspect(log)).toMatch(/^SegmentAppender \{[^]*state: 'open',\s+position: 5,\s+durable: 0,[^]*\}$/);
    await log.close();
    expect(inspect(log)).toContain("state: 'closed'");
    expect(inspect([log], { depth: 0 })).toBe('[ [SegmentAppender] ]');
  });

  test('an option that there is not is a TypeError that names it', async () => {
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('preAllocate') as string };
    await expect(SegmentAppender.open(scratchPath(), { preAllocate: 0 } as never)).rejects.toMatchObject(wrong);
  });
});
