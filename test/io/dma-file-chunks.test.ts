import { appendFileSync, truncateSync } from 'node:fs';
import { DmaFile, stats, thisShard } from 'corebuf';
import type { FileChunksOptions, IoBuf } from 'corebuf';
import { corebufError, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { engines, fileOf, holds } from '../support/files';
import { failIn } from '../support/fail-in';
import { Random } from '../support/random';
import { removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked, liveHere } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => failIn(0));

const KiB = 1024;
const MiB = 1024 * KiB;
/** Memory that operations and handles need besides the bytes. */
const OVERHEAD = 32 * KiB;

function used(): number {
  return thisShard.memory.stats().used;
}

function inFlight(): number {
  return stats().io.inFlight;
}

async function quiet(): Promise<void> {
  await until(() => inFlight() === 0, () => `${inFlight()} operations are in flight`);
}

/** All that chunks() brings, and the lengths of its chunks. */
async function drained(file: DmaFile, options?: FileChunksOptions): Promise<{ bytes: Buffer; lengths: number[] }> {
  const parts: Buffer[] = [];
  for await (const chunk of file.chunks(options)) {
    parts.push(chunk.toBuffer());
    chunk.release();
  }
  return { bytes: Buffer.concat(parts), lengths: parts.map(({ length }) => length) };
}

describe.each(engines)('the chunks of a DmaFile by %s', (engine) => {
  const open = (path: string, flags = 'r'): Promise<DmaFile> => DmaFile.open(path, flags, { engine });

  test.each([0, 1, 4095, 4096, 128 * KiB, 1 * MiB, 1 * MiB + 777])('brings all %d bytes in order, in chunks of 128 KiB', async (size) => {
    const { path, content } = fileOf(size);
    await using file = await open(path);
    const { bytes, lengths } = await drained(file);
    expect(bytes.equals(content)).toBe(true);
    expect(lengths).toEqual(Array.from({ length: Math.ceil(size / (128 * KiB)) }, (_, at) => Math.min(128 * KiB, size - at * 128 * KiB)));
  });

  test('begins and ends where it is told, and cuts where blocks begin', async () => {
    const { path, content } = fileOf(300_000);
    await using file = await open(path);
    const { bytes, lengths } = await drained(file, { start: 5000, end: 30_000, chunk: 8192 });
    expect(bytes.equals(content.subarray(5000, 30_000))).toBe(true);
    if (file.direct) expect((5000 + lengths[0]!) % file.alignment.offset).toBe(0);
    expect(lengths.slice(1, -1)).toEqual([8192, 8192]);
    expect((await drained(file, { start: 7, end: 7 })).lengths).toEqual([]);
    expect((await drained(file, { start: 300_000 })).lengths).toEqual([]);
    expect((await drained(file, { start: 10 ** 9, end: 10 ** 10 })).lengths).toEqual([]);
    expect((await drained(file, { start: 299_990, end: 10 ** 10 })).bytes.equals(content.subarray(299_990))).toBe(true);
  });

  test('brings what a Buffer would, whatever it is asked for', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const size = random.upTo(400_000);
    const { path, content } = fileOf(size);
    await using file = await open(path);
    for (let round = 0; round < 40; round++) {
      const start = random.upTo(size + 1000);
      const end = start + random.size(size);
      const chunk = 1000 + random.size(200_000);
      const { bytes, lengths } = await drained(file, { start, end, chunk, readAhead: random.size(1 * MiB) });
      expect(bytes.equals(content.subarray(start, end))).toBe(true);
      expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(Math.ceil(chunk / file.alignment.offset) * file.alignment.offset);
      expect(lengths).not.toContain(0);
    }
  });

  test('copies nothing', async () => {
    const { path } = fileOf(1 * MiB);
    await using file = await open(path);
    const before = stats().ledger.copied;
    for await (const chunk of file.chunks()) chunk.release();
    expect(stats().ledger.copied).toEqual(before);
  });

  describe('reads ahead', () => {
    const chunk = 64 * KiB;
    const readAhead = 8 * chunk;
    const size = 12 * MiB;

    test('as far as it may for a consumer that waits, and no farther', async () => {
      const { path } = fileOf(size);
      await using file = await open(path);
      const before = used();
      const peaks: number[] = [];
      for await (const data of file.chunks({ chunk, readAhead })) {
        data.release();
        peaks.push(used() - before);
      }
      expect(peaks[0]).toBeLessThanOrEqual(chunk + OVERHEAD);
      expect(peaks[1]).toBeLessThanOrEqual(2 * chunk + OVERHEAD);
      expect(Math.max(...peaks)).toBeGreaterThan(readAhead / 2);
      expect(Math.max(...peaks)).toBeLessThanOrEqual(readAhead + OVERHEAD);
      expect(used()).toBe(before);
    });

    test('more at once, when what was read ahead is waited for', async () => {
      const { path } = fileOf(1 * MiB);
      await using file = await open(path);
      const chunks = file.chunks({ chunk, readAhead });
      const [first, afterFirst] = [chunks.next(), inFlight()];
      ((await first).value as IoBuf).release();
      const [second, afterSecond] = [chunks.next(), inFlight()];
      ((await second).value as IoBuf).release();
      expect([afterFirst, afterSecond]).toEqual([1, 2]);
      await chunks.return!();
    });

    test('less for one that is slow', async () => {
      const { path } = fileOf(size);
      await using file = await open(path);
      const before = used();
      const peaks: number[] = [];
      for await (const data of file.chunks({ chunk, readAhead })) {
        data.release();
        if (peaks.length >= 50) await quiet();
        peaks.push(used() - before);
      }
      expect(Math.max(...peaks.slice(0, 50))).toBeGreaterThan(readAhead / 2);
      expect(Math.max(...peaks)).toBeLessThanOrEqual(readAhead + OVERHEAD);
      expect(Math.max(...peaks.slice(150))).toBeLessThanOrEqual(chunk + OVERHEAD);
    });

    test('never without room for a chunk, and one chunk at least with it', async () => {
      const { path } = fileOf(1 * MiB);
      await using file = await open(path);
      const before = stats().io.reads;
      for (const [ahead, most] of [[0, 0], [chunk - 1, 0], [chunk, 1]] as const) {
        const inFlightMost: number[] = [];
        for await (const data of file.chunks({ chunk, readAhead: ahead })) {
          data.release();
          inFlightMost.push(inFlight());
        }
        expect(Math.max(...inFlightMost)).toBe(most);
      }
      expect(stats().io.reads - before).toBeLessThanOrEqual(3 * 18);
    });

    test('nothing before the first next()', async () => {
      const { path } = fileOf(1 * MiB);
      await using file = await open(path);
      const before = used();
      const unused = file.chunks();
      await turn();
      expect([inFlight(), used()]).toEqual([0, before]);
      expect(await unused.return!()).toEqual({ value: undefined, done: true });
      expect(await unused.next()).toEqual({ value: undefined, done: true });
    });
  });

  describe('gives everything back when the consumer', () => {
    /** Reads on until some chunks are ahead. */
    async function begun(file: DmaFile, options?: FileChunksOptions): Promise<AsyncIterableIterator<IoBuf>> {
      const chunks = file.chunks({ chunk: 16 * KiB, ...options });
      for (let count = 0; count < 10; count++) ((await chunks.next()).value as IoBuf).release();
      return chunks;
    }

    const live = (): [number, number] => [liveHere(), inFlight()];

    test('leaves the loop', async () => {
      const { path } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      for (const chunksWanted of [1, 2, 5, 40]) {
        let count = 0;
        for await (const chunk of file.chunks({ chunk: 16 * KiB })) {
          chunk.release();
          if (++count === chunksWanted) break;
        }
        expect(live()).toEqual(before);
      }
    });

    test('throws in the loop', async () => {
      const { path } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      const consume = async (): Promise<void> => {
        let count = 0;
        for await (const chunk of file.chunks({ chunk: 16 * KiB })) {
          chunk.release();
          if (++count === 9) throw new Error('enough');
        }
      };
      await expect(consume()).rejects.toThrow('enough');
      expect(live()).toEqual(before);
    });

    test('calls return() while next() is under way, which gets its chunk', async () => {
      const { path, content } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      const chunks = await begun(file);
      const [last, after] = [chunks.next(), chunks.next()];
      const end = chunks.return!();
      expect(holds((await last).value as IoBuf, content.subarray(160 * KiB, 176 * KiB))).toBe(true);
      expect(holds((await after).value as IoBuf, content.subarray(176 * KiB, 192 * KiB))).toBe(true);
      expect(await end).toEqual({ value: undefined, done: true });
      expect(live()).toEqual(before);
      expect(await chunks.next()).toEqual({ value: undefined, done: true });
    });

    test('calls throw()', async () => {
      const { path } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      const chunks = await begun(file);
      await expect(chunks.throw!(new Error('thrown in'))).rejects.toThrow('thrown in');
      expect(live()).toEqual(before);
    });

    test('aborts while it waits', async () => {
      const { path } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = [await begun(file, { signal, readAhead: 0 }), await begun(file, { signal, readAhead: 0 })].map((chunks) => ({ chunks, next: chunks.next() }));
      const reason = new Error('enough');
      controller.abort(reason);
      for (const { chunks, next } of waiting) {
        await expect(next).rejects.toBe(reason);
        expect(await chunks.next()).toEqual({ value: undefined, done: true });
      }
      await quiet();
      expect(live()).toEqual(before);
    });

    test('aborts while it works on a chunk', async () => {
      const { path } = fileOf(4 * MiB);
      await using file = await open(path);
      const before = live();
      const controller = new AbortController();
      const chunks = await begun(file, { signal: controller.signal });
      await quiet();
      expect(liveHere()).toBeGreaterThan(before[0]);
      controller.abort();
      expect(live()).toEqual(before);
      await expect(chunks.next()).rejects.toMatchObject({ name: 'AbortError' });
    });

    test('aborts before it begins', async () => {
      const { path } = fileOf(4 * KiB);
      await using file = await open(path);
      const reason = new Error('before');
      expect(thrownBy(() => file.chunks({ signal: AbortSignal.abort(reason) }))).toBe(reason);
      const controller = new AbortController();
      const chunks = file.chunks({ signal: controller.signal });
      controller.abort(reason);
      await expect(chunks.next()).rejects.toBe(reason);
      expect(inFlight()).toBe(0);
    });

    test('closes the file: who waits gets his chunk, and then ERR_CLOSED', async () => {
      const { path, content } = fileOf(4 * MiB);
      const file = await open(path);
      const before = live();
      const [waiting, idle] = [await begun(file), await begun(file)];
      await quiet();
      const last = waiting.next();
      const closing = file.close();
      expect(holds((await last).value as IoBuf, content.subarray(160 * KiB, 176 * KiB))).toBe(true);
      await closing;
      expect(live()).toEqual(before);
      for (const chunks of [waiting, idle]) {
        await expect(chunks.next()).rejects.toEqual(corebufError('ERR_CLOSED'));
        expect(await chunks.next()).toEqual({ value: undefined, done: true });
      }
      expect(thrownBy(() => file.chunks())).toEqual(corebufError('ERR_CLOSED'));
    });

    test('closes the file before it begins, and while the first read is under way', async () => {
      const { path, content } = fileOf(4 * KiB);
      const file = await open(path);
      const [unused, first] = [file.chunks(), file.chunks()];
      const reading = first.next();
      await file.close();
      expect(holds((await reading).value as IoBuf, content)).toBe(true);
      await expect(first.next()).rejects.toEqual(corebufError('ERR_CLOSED'));
      await expect(unused.next()).rejects.toEqual(corebufError('ERR_CLOSED'));
    });
  });

  test('several of one file do not disturb each other', async () => {
    const { path, content } = fileOf(1 * MiB);
    await using file = await open(path);
    const all = await Promise.all([0, 1, 5000].map((start) => drained(file, { start, chunk: 32 * KiB })));
    for (const [at, start] of [0, 1, 5000].entries()) expect(all[at]!.bytes.equals(content.subarray(start))).toBe(true);
  });

  test('follows a file that grows before its end is read, and ends with one that is cut', async () => {
    const { path, content } = fileOf(64 * KiB);
    await using file = await open(path);
    const chunks = file.chunks({ chunk: 16 * KiB, readAhead: 0 });
    for (let at = 0; at < 4; at++) ((await chunks.next()).value as IoBuf).release();
    appendFileSync(path, 'grown');
    expect(holds((await chunks.next()).value as IoBuf, Buffer.from('grown'))).toBe(true);
    appendFileSync(path, Buffer.alloc(64 * KiB, 'late'));
    expect(await chunks.next()).toEqual({ value: undefined, done: true });

    const cut = file.chunks({ chunk: 16 * KiB, readAhead: 0 });
    ((await cut.next()).value as IoBuf).release();
    truncateSync(path, 20 * KiB);
    expect(holds((await cut.next()).value as IoBuf, content.subarray(16 * KiB, 20 * KiB))).toBe(true);
    expect(await cut.next()).toEqual({ value: undefined, done: true });
  });

  test('fails with the error of a read, once', async () => {
    const { path } = fileOf(64 * KiB);
    await using file = await open(path, 'a');
    const chunks = file.chunks();
    await expect(chunks.next()).rejects.toMatchObject({ code: 'ERR_IO', errno: -9, syscall: 'read', path });
    expect(await chunks.next()).toEqual({ value: undefined, done: true });
  });

  test('does without what there is no memory to read ahead, and asks for memory only for what is waited for', async () => {
    const { path, content } = fileOf(256 * KiB);
    await using file = await open(path);
    let asked = 0;
    const stop = thisShard.memory.onPressure(() => {
      asked++;
      failIn(0);
    });
    const chunks = file.chunks({ chunk: 16 * KiB });
    const parts: Buffer[] = [];
    for (;;) {
      const next = chunks.next();
      failIn(1);
      const { done, value } = (await next) as IteratorResult<IoBuf, undefined>;
      failIn(0);
      if (done === true) break;
      parts.push(value.toBuffer());
      value.release();
    }
    stop();
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(parts.length);
  });

  test('fails when there is no memory for what is waited for, and gives everything back', async () => {
    const { path } = fileOf(256 * KiB);
    await using file = await open(path);
    for (const begun of [0, 1, 5]) {
      const before = liveHere();
      const chunks = file.chunks({ chunk: 16 * KiB, readAhead: 64 * KiB }); // Never all of the rest.
      for (let at = 0; at < begun; at++) ((await chunks.next()).value as IoBuf).release();
      failIn(1);
      const failed: unknown = await (async () => {
        for await (const chunk of chunks) chunk.release();
      })().catch((error: unknown) => error);
      failIn(0);
      expect(failed).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
      expect([liveHere(), inFlight()]).toEqual([before, 0]);
    }
  });
});

test('refuses options that are none', async () => {
  const { path } = fileOf(4096);
  await using file = await DmaFile.open(path);
  expectTypeError(() => file.chunks(null as never));
  expectTypeError(() => file.chunks({ start: '0' as never }));
  expectTypeError(() => file.chunks({ signal: {} as never }));
  expectRangeError(() => file.chunks({ start: -1 }));
  expectRangeError(() => file.chunks({ start: 2, end: 1 }));
  expectRangeError(() => file.chunks({ chunk: 0 }));
  expectRangeError(() => file.chunks({ chunk: 1.5 }));
  expectRangeError(() => file.chunks({ readAhead: -1 }));
});
