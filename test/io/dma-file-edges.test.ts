// Edges: files whose size is no multiple of a block, and operations longer than one system call takes.
import { renameSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DmaBuffer, DmaFile, IoBuf, stats, thisShard } from 'corebuf';
import { failIn } from '../support/fail-in';
import { copied } from '../support/chains';
import { corebufError } from '../support/errors';
import { engines, fileOf, holds } from '../support/files';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

afterEach(() => failIn(0));

const BLOCK = 4096;

describe.each(engines)('a DmaFile by %s', (engine) => {
  const open = (path: string, flags = 'r+'): Promise<DmaFile> => DmaFile.open(path, flags, { engine });

  test.each([1, 511, 512, 513, 4095, 4096, 4097, 3 * 4096 + 777])('of %d bytes is read across, at and behind its end', async (size) => {
    const { path, content } = fileOf(size);
    await using file = await open(path);
    expect([await file.size(), (await file.stat()).size]).toEqual([size, size]);
    for (const position of [0, 1, size - 1, size, size + 1, size + 511, size + 512, size + 4096, 2 * size]) {
      for (const length of [1, 2, 511, 512, 513, 4096, 4097, 100_000]) {
        expect(holds(await file.read(position, length), content.subarray(position, position + length))).toBe(true);
      }
    }
  });

  test('cut and grown to odd sizes reads as node:fs reads it', async () => {
    const { path } = fileOf(5 * BLOCK);
    await using file = await open(path);
    for (const size of [4 * BLOCK + 1, 2 * BLOCK - 1, 513, 511, 3 * BLOCK + 17, 1, 0, 1000]) {
      await file.truncate(size);
      expect(await file.size()).toBe(size);
      const content = readFileSync(path);
      for (const position of [0, Math.max(0, size - 2), size]) {
        expect(holds(await file.read(position, 6 * BLOCK), content.subarray(position))).toBe(true);
      }
    }
  });

  test('gets a tail by a padded write that is then cut off', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    for (const size of [100, 512, 513, BLOCK + 1, 3 * BLOCK - 1]) {
      using block = DmaBuffer.alloc(3 * BLOCK, { zero: true });
      block.bytes.fill('t', 0, size);
      await file.write(0, block);
      await file.truncate(size);
      expect(holds(await file.read(0, 4 * BLOCK), Buffer.alloc(size, 't'))).toBe(true);
      expect(readFileSync(path).equals(Buffer.alloc(size, 't'))).toBe(true);
    }
  });

  test('takes writes at every multiple of its alignment', async () => {
    const { path, content } = fileOf(4 * BLOCK);
    await using file = await open(path);
    const { offset } = file.alignment;
    for (let position = 0; position < 2 * BLOCK; position += Math.max(offset, 512)) {
      using block = DmaBuffer.alloc(Math.max(offset, 512));
      block.bytes.fill(position / 512);
      await file.write(position, block);
      block.bytes.copy(content, position);
    }
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('stat() says what node:fs says, of the file and not of the name', async () => {
    const { path } = fileOf(1234);
    await using file = await open(path);
    renameSync(path, `${path}.moved`);
    writeFileSync(path, 'another');
    expect(await file.stat()).toEqual(statSync(`${path}.moved`));
    expect(await file.stat({ bigint: true })).toEqual(statSync(`${path}.moved`, { bigint: true }));
    expect((await file.stat({ bigint: true })).size).toBe(1234n);
    await expect(file.stat({ bigint: 1 as never })).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    const late = file.stat();
    await file.close();
    expect((await late).size).toBe(1234);
    await expect(file.stat()).rejects.toEqual(corebufError('ERR_CLOSED'));
  });

  test.each([1, 100, 1024, 1025, 3000])('writes a chain of %d fragments of several buffers without copying a byte', async (count) => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    const blocks = Array.from({ length: 5 }, (_, at) => DmaBuffer.alloc((at + 1) * BLOCK));
    for (const [at, block] of blocks.entries()) block.bytes.fill(at + 1);
    using chain = new IoBuf();
    const expected: Buffer[] = [];
    for (let at = 0; at < count; at++) {
      const block = blocks[at % 5]!;
      const [start, end] = at % 3 === 0 ? [0, BLOCK] : [block.length - BLOCK, block.length];
      expected.push(Buffer.alloc(BLOCK, (at % 5) + 1));
      chain.take(block.share(start, end));
    }
    expect(chain.fragmentCount).toBe(count);
    const before = copied();
    expect(await file.write(BLOCK, chain)).toBe(count * BLOCK);
    expect(copied()).toEqual(before);
    expect(readFileSync(path).subarray(BLOCK).equals(Buffer.concat(expected))).toBe(true);
    for (const block of blocks) block.release();
  });

  testOfZeroCopy('writes wrapped memory where it happens to be aligned, and refuses it elsewhere', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    const { memory, offset } = file.alignment;
    const bytes = new Uint8Array(4 * BLOCK).fill(0x77);
    const copies = copied()['append'];
    let written = 0;
    for (let shift = 0; shift < memory; shift++) {
      using wrapped = IoBuf.wrap(bytes.subarray(shift, shift + Math.max(offset, BLOCK)));
      if (copied()['append'] !== copies) return; // This Node cannot lend its memory.
      try {
        await file.write(0, wrapped);
        written++;
      } catch (error) {
        expect(error).toEqual(corebufError('ERR_MISALIGNED'));
      }
    }
    expect(written).toBe(1);
    expect(readFileSync(path).equals(Buffer.alloc(Math.max(offset, BLOCK), 0x77))).toBe(true);
  });

  test('that is closed by who is asked for memory finishes what is about to begin', async () => {
    const { path, content } = fileOf(BLOCK);
    for (const wellAfterwards of [true, false]) {
      const file = await open(path);
      let closing: Promise<void> | undefined;
      const stop = thisShard.memory.onPressure(() => {
        closing = file.close();
        if (wellAfterwards) failIn(0);
      });
      failIn(1);
      const read = file.read(0, BLOCK);
      failIn(0);
      stop();
      if (wellAfterwards) expect(holds(await read, content)).toBe(true);
      else await expect(read).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
      expect(closing).toBeDefined();
      await closing;
      expect(stats().io.inFlight).toBe(0);
      await expect(file.size()).rejects.toEqual(corebufError('ERR_CLOSED'));
    }
  });
});
