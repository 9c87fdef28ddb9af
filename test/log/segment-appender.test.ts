import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DmaBuffer, IoBuf, SegmentAppender, stats } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { alignedCounting, counting } from '../support/counting';
import { engines } from '../support/engines';
import { corebufError, thrownBy } from '../support/errors';
import { testWhere } from '../support/features';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
const CHUNK = 16 * KiB;

describe.each(engines)('a SegmentAppender by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, preallocate: MiB, ...options });

  test('appends bytes of every kind, one after the other', async () => {
    const path = scratchPath();
    const log = await open(path);
    expect(log).toMatchObject({ path, engine, position: 0, durable: 0 });
    using chain = IoBuf.from('a chain;').append('of two pieces;');
    expect(await log.append(Buffer.from('a buffer;'))).toBe(0);
    expect(await log.append(new Uint16Array([0x6261, 0x3b63]))).toBe(9);
    expect(await log.append(new Uint8Array(Buffer.from('an ArrayBuffer;')).buffer)).toBe(13);
    expect(await log.append(chain)).toBe(28);
    expect(await log.append(Buffer.alloc(0))).toBe(50);
    expect(log.tryAppend(Buffer.from('at once;'))).toBe(50);
    expect(await log.append('text é;')).toBe(58);
    expect(log.tryAppend('€')).toBe(66);
    expect(log.position).toBe(69);
    expect(chain.released).toBe(false);
    await log.close();
    expect(readFileSync(path, 'utf8')).toBe('a buffer;abc;an ArrayBuffer;a chain;of two pieces;at once;text é;€');
  });

  test('what is flushed is in the file and durable, at every length around a block and a chunk', async () => {
    const path = scratchPath();
    await using log = await open(path);
    let length = 0;
    for (const size of [1, BLOCK - 2, 1, 1, BLOCK, CHUNK, CHUNK - 1, 2, 3 * CHUNK + 5, 100, 1]) {
      await log.append(counting(size, length));
      length += size;
      await log.flush();
      expect([log.position, log.durable]).toEqual([length, length]);
      const content = readFileSync(path);
      expect(content.subarray(0, length).equals(counting(length))).toBe(true);
      // All bytes behind are zeros.
      expect(content.subarray(length).equals(Buffer.alloc(content.length - length))).toBe(true);
    }
  });

  test('writes full chunks in the background, and is durable only with a flush', async () => {
    const path = scratchPath();
    await using log = await open(path);
    for (let at = 0; at < 100; at++) await log.append(counting(1000, at * 1000));
    while (log.stats().bytesAccepted < 6 * CHUNK) await new Promise((resolve) => setImmediate(resolve));
    expect(readFileSync(path).subarray(0, 6 * CHUNK).equals(counting(6 * CHUNK))).toBe(true);
    expect([log.durable, log.stats().syncs]).toEqual([0, 0]);
    await log.flush();
    expect(log.durable).toBe(100_000);
  });

  test('many flushes share a sync', async () => {
    await using log = await open(scratchPath());
    const positions = await Promise.all(
      Array.from({ length: 64 }, async () => {
        let last = 0;
        for (let round = 0; round < 4; round++) {
          last = await log.append(Buffer.alloc(1000));
          await log.flush();
          expect(log.durable).toBeGreaterThanOrEqual(last + 1000);
        }
        return last;
      }),
    );
    expect(new Set(positions).size).toBe(64);
    expect(log.stats().syncs).toBeLessThanOrEqual(8);
    const { syncs } = log.stats();
    await log.flush();
    expect(log.stats().syncs).toBe(syncs);
  });

  testWhere('durableWrites', 'what callers in step append and flush is one durable write each time, and no sync', async () => {
    const rounds = 8;
    const log = await open(scratchPath());
    const { syncs } = stats().io;
    // Two chunks and a bit each time: full chunks must not set out before the flush.
    const caller = async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await log.append(counting(KiB, log.position));
        await log.flush();
      }
    };
    await Promise.all(Array.from({ length: 40 }, caller));
    expect(log.durable).toBe(40 * rounds * KiB);
    expect([log.stats().writes, stats().io.syncs - syncs]).toEqual([rounds, 0]);
    await log.close();
  });

  test('appends while a flush is under way leave alone what the kernel reads', async () => {
    const path = scratchPath();
    const log = await open(path);
    let length = 0;
    const flushes: Promise<void>[] = [];
    for (let at = 0; at < 500; at++) {
      await log.append(counting(37, length));
      length += 37;
      flushes.push(log.flush());
      if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(flushes);
    expect(log.durable).toBe(length);
    await log.close();
    expect(readFileSync(path).equals(counting(length))).toBe(true);
  });

  test('a block that the kernel reads is not changed: it is copied, and goes on elsewhere', async () => {
    await using log = await open(scratchPath());
    await log.append(Buffer.alloc(100));
    const flush = log.flush();
    // All in one turn: the write has begun, and cannot have been heard of.
    for (let tick = 0; tick < 10; tick++) await new Promise<void>((resolve) => process.nextTick(resolve));
    const before = stats().ledger.copied['append']!;
    await log.append(Buffer.alloc(10));
    expect(stats().ledger.copied['append']! - before).toBe(110);
    await flush;
    await log.append(Buffer.alloc(10));
    expect(stats().ledger.copied['append']! - before).toBe(120);
  });

  test('counts how much more is written than was accepted', async () => {
    await using log = await open(scratchPath());
    expect(log.stats()).toEqual({ bytesAccepted: 0, bytesWritten: 0, bytesZeroed: 0, amplification: 1, writes: 0, syncs: 0 });
    for (let at = 0; at < 4; at++) {
      await log.append(Buffer.alloc(512));
      await log.flush();
    }
    expect(log.stats()).toEqual({ bytesAccepted: 2048, bytesWritten: 4 * BLOCK, bytesZeroed: 0, amplification: 8, writes: 4, syncs: 4 });
  });

  test('waits when writeBehind bytes are on their way, and keeps the order', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 64 * KiB });
    const appends: Promise<number>[] = [];
    for (let at = 0; at < 300; at++) {
      appends.push(log.append(counting(1000, at * 1000)));
      expect(log.position).toBeLessThanOrEqual(64 * KiB);
    }
    expect(log.position).toBe(65_000);
    expect(log.tryAppend(Buffer.alloc(1000))).toBeUndefined();
    expect(await Promise.all(appends)).toEqual(Array.from({ length: 300 }, (_, at) => at * 1000));
    await log.close();
    expect(readFileSync(path).equals(counting(300_000))).toBe(true);
  });

  test('any number of appends may wait, and each is answered before those that came after it', async () => {
    await using log = await open(scratchPath());
    const answered: number[] = [];
    const first = log.append(Buffer.alloc(MiB));
    const waiting = Array.from({ length: 50_000 }, (_, at) => log.append(Buffer.alloc(5)).then(() => answered.push(at)));
    expect(log.position).toBe(MiB);
    await Promise.all([first, ...waiting]);
    expect(answered.every((at, ordinal) => at === ordinal)).toBe(true);
    expect(log.position).toBe(MiB + 250_000);
  });

  test('with no writeBehind at all every append waits for the one before', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 0, preallocate: 0 });
    using chain = IoBuf.from(counting(5, 10));
    const appends = [log.append(counting(10)), log.append(chain), log.append(counting(100_000, 15)), log.append(counting(1, 100_015))];
    expect(log.position).toBe(10);
    chain.release();
    expect(await Promise.all(appends)).toEqual([0, 10, 15, 100_015]);
    await log.close();
    expect(readFileSync(path).equals(counting(100_016))).toBe(true);
  });

  test('an append that is longer than writeBehind is accepted when nothing else is on its way', async () => {
    const path = scratchPath();
    await using log = await open(path, { writeBehind: 32 * KiB });
    const appends = [log.append(counting(100)), log.append(counting(3 * MiB, 100)), log.append(counting(100, 3 * MiB + 100))];
    expect(log.position).toBe(100);
    expect(await Promise.all(appends)).toEqual([0, 100, 3 * MiB + 100]);
    await log.flush();
    expect(readFileSync(path).subarray(0, log.position).equals(counting(3 * MiB + 200))).toBe(true);
  });

  testOfZeroCopy('copies a byte once', async () => {
    await using log = await open(scratchPath());
    using chain = IoBuf.from(Buffer.alloc(50_000));
    const before = stats().ledger.copied;
    await log.append(Buffer.alloc(50_000));
    await log.append(chain);
    const { copied } = stats().ledger;
    expect([copied['append']! - before['append']!, copied['copyTo']! - before['copyTo']!]).toEqual([50_000, 50_000]);
    await log.flush();
    expect(stats().ledger.copied).toEqual(copied);
  });

  test('appends a DmaBuffer, which may be released at once, and refuses a released one', async () => {
    const path = scratchPath();
    for (const writeBehind of [MiB, 0]) {
      const log = await open(path, { position: 0, writeBehind });
      const appended = [100, 64 * KiB, 128 * KiB].map((length) => {
        const block = DmaBuffer.alloc(length);
        block.bytes.set(counting(length));
        const position = log.append(block);
        block.release();
        return position;
      });
      expect(await Promise.all(appended)).toEqual([0, 100, 100 + 64 * KiB]);
      const gone = DmaBuffer.alloc(512);
      gone.release();
      await expect(log.append(gone)).rejects.toEqual(corebufError('ERR_RELEASED'));
      await log.close();
      expect(readFileSync(path).equals(Buffer.concat([100, 64 * KiB, 128 * KiB].map((length) => counting(length))))).toBe(true);
    }
  });

  testOfZeroCopy('writes aligned fragments from where they lie', async () => {
    const path = scratchPath();
    const log = await open(path);
    const before = stats().ledger.copied;
    const chain = alignedCounting(128 * KiB).take(alignedCounting(64 * KiB, 128 * KiB));
    expect(await log.append(chain)).toBe(0);
    chain.release();
    expect(stats().ledger.copied).toEqual(before);
    // At a position that is not aligned there is no way around it.
    using tail = IoBuf.from(counting(100, 192 * KiB));
    await log.append(tail);
    using copied = alignedCounting(64 * KiB, 192 * KiB + 100);
    await log.append(copied);
    expect(stats().ledger.copied['copyTo']! - before['copyTo']!).toBe(100 + 64 * KiB);
    await log.close();
    expect(readFileSync(path).equals(counting(256 * KiB + 100))).toBe(true);
  });

  test('takes a chain apart into what is copied and what is not', async () => {
    const path = scratchPath();
    const log = await open(path);
    using chain = IoBuf.from(counting(BLOCK)).take(alignedCounting(96 * KiB, BLOCK));
    chain.take(alignedCounting(1000, 100 * KiB)).take(alignedCounting(128 * KiB, 100 * KiB + 1000));
    await log.append(counting(BLOCK, -BLOCK));
    expect(await log.append(chain)).toBe(BLOCK);
    await log.close();
    expect(readFileSync(path).equals(counting(chain.length + BLOCK, -BLOCK))).toBe(true);
  });

  test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * CHUNK + 77])('goes on at the end of a file of %d bytes', async (size) => {
    const path = scratchPath();
    writeFileSync(path, counting(size));
    const log = await open(path);
    expect([log.position, log.durable]).toEqual([size, size]);
    expect(await log.append(counting(5000, size))).toBe(size);
    await log.close();
    expect(readFileSync(path).equals(counting(size + 5000))).toBe(true);
  });

  test('goes on where it is told, and cuts the rest', async () => {
    const path = scratchPath();
    for (const position of [50_000, 49_152, 40_001, 1, 0]) {
      writeFileSync(path, counting(60_000));
      const log = await open(path, { position });
      expect([log.position, log.durable, statSync(path).size]).toEqual([position, position, position]);
      await log.append(Buffer.from('new'));
      await log.close();
      expect(readFileSync(path).equals(Buffer.concat([counting(position), Buffer.from('new')]))).toBe(true);
    }
    await expect(open(path, { position: 4 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  test('truncate() cuts in turn and goes on there', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 20_000 });
    const done = [log.append(counting(20_000)), log.append(counting(20_000, 20_000)), log.truncate(10_001), log.append(counting(9, 10_001)), log.flush()];
    expect(await Promise.all(done)).toEqual([0, 20_000, undefined, 10_001, undefined]);
    expect([log.position, statSync(path).size]).toEqual([10_010, 10_001]);
    await log.flush();
    expect(log.durable).toBe(10_010);
    await expect(log.truncate(10_011)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await log.truncate(BLOCK);
    expect([log.position, log.durable]).toEqual([BLOCK, BLOCK]);
    await log.truncate(0);
    await log.append(Buffer.from('anew'));
    await log.close();
    expect(readFileSync(path, 'latin1')).toBe('anew');
  });

  testWhere('allocation', 'allocates ahead in steps, and gives back what was not used', async () => {
    const path = scratchPath();
    const log = await open(path, { preallocate: 256 * KiB });
    await log.append(Buffer.alloc(100));
    await log.flush();
    expect(statSync(path)).toMatchObject({ size: 256 * KiB, blocks: 512 });
    await log.append(Buffer.alloc(300 * KiB));
    await log.flush();
    expect(statSync(path)).toMatchObject({ size: 512 * KiB, blocks: 1024 });
    await log.close();
    expect(statSync(path).size).toBe(300 * KiB + 100);
    expect(statSync(path).blocks * 512).toBeLessThan(320 * KiB);
  });

  test('without preallocation the file is as long as the blocks that are written', async () => {
    const path = scratchPath();
    await using log = await open(path, { preallocate: 0 });
    await log.append(Buffer.alloc(100));
    await log.flush();
    expect(statSync(path).size).toBe(BLOCK);
  });

  test('close() makes everything durable, cuts the padding, and may be called twice', async () => {
    const path = scratchPath();
    const log = await open(path, { writeBehind: 10_000 });
    const waiting = Array.from({ length: 10 }, (_, at) => log.append(counting(5000, at * 5000)));
    const closing = log.close();
    await expect(log.append(Buffer.alloc(1))).rejects.toEqual(corebufError('ERR_CLOSED'));
    expect(thrownBy(() => log.tryAppend(Buffer.alloc(1)))).toEqual(corebufError('ERR_CLOSED'));
    await Promise.all([closing, log.close(), ...waiting]);
    expect(log.durable).toBe(50_000);
    expect(readFileSync(path).equals(counting(50_000))).toBe(true);
    await log[Symbol.asyncDispose]();
    for (const use of [log.append(Buffer.alloc(1)), log.flush(), log.truncate(0)]) await expect(use).rejects.toEqual(corebufError('ERR_CLOSED'));
  });

  test.each(['/dev/shm', undefined])('works without direct I/O (%s)', async (folder) => {
    if (folder !== undefined && !existsSync(folder)) return;
    const path = scratchPath(folder);
    const log = await open(path, { direct: 'off' });
    expect(log.direct).toBe(false);
    await log.append(counting(70_001));
    await log.flush();
    await log.append(counting(9, 70_001));
    await log.close();
    expect(readFileSync(path).equals(counting(70_010))).toBe(true);
  });
});

test('an array that is detached while it waits is refused', async () => {
  await using log = await SegmentAppender.open(scratchPath(), { writeBehind: 0, preallocate: 0 });
  const first = log.append(Buffer.from('first'));
  const bytes = new Uint8Array(100);
  const second = log.append(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await expect(second).rejects.toEqual(corebufError('ERR_CHANGED'));
  expect([await first, log.position]).toEqual([0, 5]);
});

test('idle chunks are given back after a second at most, and at once to who needs memory', async () => {
  const live = (): number => stats().memory.liveObjects;
  const before = live();
  const log = await SegmentAppender.open(scratchPath(), { preallocate: 0 });
  await log.append(Buffer.alloc(200_000));
  await log.close();
  expect(live()).toBe(before);
});

test('arguments that are none are refused', async () => {
  const path = scratchPath();
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
  await expect(SegmentAppender.open(1 as never)).rejects.toMatchObject(type);
  await expect(SegmentAppender.open(path, null as never)).rejects.toMatchObject(type);
  for (const options of [{ chunk: 5000 }, { chunk: 0 }, { chunk: 256 * KiB }, { preallocate: 1 }, { preallocate: -BLOCK }, { writeBehind: -1 }, { position: -1 }, { position: 1 }]) {
    await expect(SegmentAppender.open(path, options)).rejects.toMatchObject(range);
  }
  await expect(SegmentAppender.open(path, { writeBehind: '1' as never })).rejects.toMatchObject(type);
  await expect(SegmentAppender.open('/no/such/folder/file')).rejects.toMatchObject({ code: 'ENOENT' });
  await using log = await SegmentAppender.open(path);
  for (const data of [7, null, undefined, [1]]) {
    await expect(log.append(data as never)).rejects.toMatchObject(type);
    expect(thrownBy(() => log.tryAppend(data as never))).toMatchObject(type);
  }
  const gone = IoBuf.from('gone');
  gone.release();
  await expect(log.append(gone)).rejects.toEqual(corebufError('ERR_RELEASED'));
  await expect(log.truncate(1)).rejects.toMatchObject(range);
  await expect(log.truncate('0' as never)).rejects.toMatchObject(type);
  expect(log.position).toBe(0);
});
