import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capabilities, DmaBuffer, DmaFile, IoBuf, stats } from 'corebuf';
import type { OpenOptions } from 'corebuf';
import { corebufError } from '../support/errors';
import { testWhere } from '../support/features';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;

const { ioUring } = capabilities();
const engines: DmaFile['engine'][] = ioUring === true ? ['io_uring', 'threads'] : ['threads'];

if (ioUring !== true) test.skip(`io_uring is not to be had here: ${ioUring}`, () => undefined);

function blockOf(length: number, fill: number | string): DmaBuffer {
  const block = DmaBuffer.alloc(length);
  block.bytes.fill(fill);
  return block;
}

describe.each(engines)('a DmaFile by %s', (engine) => {
  const open = (path: string, flags?: string, options: OpenOptions = {}): Promise<DmaFile> => DmaFile.open(path, flags, { engine, ...options });

  /** A file of which block n is filled with n. */
  async function fileOfBlocks(count: number, path = scratchPath()): Promise<DmaFile> {
    writeFileSync(path, Buffer.concat(Array.from({ length: count }, (_, number) => Buffer.alloc(BLOCK, number))));
    return open(path, 'r+');
  }

  test('writes what it is given and reads it back', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    expect(file).toMatchObject({ path, engine });
    using block = blockOf(2 * BLOCK, 'w');
    expect(await file.write(BLOCK, block)).toBe(2 * BLOCK);
    await file.datasync();
    expect(block.released).toBe(false);
    expect(await file.size()).toBe(3 * BLOCK);
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK), Buffer.alloc(2 * BLOCK, 'w')]));
    using read = await file.read(0, 3 * BLOCK);
    expect(read.toBuffer().equals(readFileSync(path))).toBe(true);
  });

  testWhere('durableWrites', 'writes durably with one request where a plain write needs a sync', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    using chain = new IoBuf().take(blockOf(BLOCK, 'a')).take(blockOf(2 * BLOCK, 'b'));
    const before = stats().io;
    expect(await file.write(BLOCK, chain, { durable: true })).toBe(3 * BLOCK);
    const after = stats().io;
    expect([after.writes - before.writes, after.syncs - before.syncs]).toEqual([1, 0]);
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK), Buffer.alloc(BLOCK, 'a'), Buffer.alloc(2 * BLOCK, 'b')]));
    for (const durable of [1, 'yes', null]) {
      await expect(file.write(0, chain, { durable: durable as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
    await expect(file.write(0, chain, null as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('a getter among the options of a write may release what is written', async () => {
    await using file = await open(scratchPath(), 'w+');
    const block = blockOf(BLOCK, 'g');
    const options = {
      get durable() {
        block.release();
        return true;
      },
    };
    await expect(file.write(0, block, options)).rejects.toEqual(corebufError('ERR_RELEASED'));
  });

  test('writes a chain of aligned fragments without copying a byte', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    using chain = new IoBuf().take(blockOf(BLOCK, 'a')).take(blockOf(4 * BLOCK, 'b')).take(blockOf(BLOCK, 'c'));
    const before = stats().ledger.copied;
    expect(await file.write(0, chain)).toBe(6 * BLOCK);
    expect(stats().ledger.copied).toEqual(before);
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK, 'a'), Buffer.alloc(4 * BLOCK, 'b'), Buffer.alloc(BLOCK, 'c')]));
  });

  test('writes a chain of more fragments than one system call takes', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    using block = blockOf(BLOCK, 'm');
    using chain = new IoBuf();
    for (let at = 0; at < 1500; at++) chain.take(block.share());
    expect(await file.write(0, chain)).toBe(1500 * BLOCK);
    expect(readFileSync(path).equals(Buffer.alloc(1500 * BLOCK, 'm'))).toBe(true);
  });

  test('reads any range, and less at the end of the file', async () => {
    await using file = await fileOfBlocks(4);
    const content = readFileSync(file.path);
    for (const [position, length] of [[0, 1], [1, 1], [4095, 2], [100, 8000], [0, 4 * BLOCK], [4 * BLOCK - 1, 10], [4 * BLOCK, 1], [10 * BLOCK, 100], [5, 0]] as const) {
      using read = await file.read(position, length);
      expect(read.toBuffer().equals(content.subarray(position, position + length))).toBe(true);
    }
  });

  test('reads the end of a file whose size is no multiple of anything', async () => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(BLOCK + 777, 'e'));
    await using file = await open(path);
    expect(await file.size()).toBe(BLOCK + 777);
    using all = await file.read(0, 1 * MiB);
    expect(all.toBuffer().equals(Buffer.alloc(BLOCK + 777, 'e'))).toBe(true);
    using tail = await file.read(BLOCK + 700, 100);
    expect(tail.toString()).toBe('e'.repeat(77));
  });

  test('reads much at once, and copies nothing', async () => {
    const path = scratchPath();
    const content = new Random(7).bytes(6 * MiB + 13);
    writeFileSync(path, content);
    await using file = await open(path);
    const before = stats().ledger.copied;
    using read = await file.read(11, 6 * MiB);
    expect(stats().ledger.copied).toEqual(before);
    expect(read.toBuffer().equals(content.subarray(11, 11 + 6 * MiB))).toBe(true);
  });

  test('has many operations under way at once', async () => {
    await using file = await fileOfBlocks(64);
    const places = Array.from({ length: 2000 }, (_, at) => (at * 131) % (64 * BLOCK));
    const bytes = await Promise.all(
      places.map(async (place) => {
        using read = await file.read(place, 1);
        return read.reader().readUInt8();
      }),
    );
    expect(bytes).toEqual(places.map((place) => Math.floor(place / BLOCK)));
  });

  test('refuses a write that is misaligned, and writes nothing', async () => {
    await using file = await fileOfBlocks(2);
    if (!file.direct) return;
    const before = readFileSync(file.path);
    const { memory, offset } = file.alignment;
    using good = blockOf(BLOCK, 'x');
    using large = blockOf(3 * BLOCK, 'x');
    using shifted = large.share(1, 1 + BLOCK);
    using short = good.share(0, offset - 1);
    using appended = IoBuf.from('x'.repeat(BLOCK - 1));
    const writes: [number, DmaBuffer | IoBuf, string][] = [
      [1, good, `position must be a multiple of ${offset}; received 1`],
      [offset / 2, good, `position must be a multiple of ${offset}; received ${offset / 2}`],
      [0, short, `data.length must be a multiple of ${offset}; received ${offset - 1}`],
      [0, appended, `data.length must be a multiple of ${offset}; received ${BLOCK - 1}`],
    ];
    if (memory > 1) writes.push([0, shifted, 'each fragment of data must begin and end at a multiple of DmaFile.alignment.memory']);
    for (const [position, data, wrong] of writes) {
      const message = expect.stringContaining(`write '${file.path}': ${wrong}`) as string;
      await expect(file.write(position, data)).rejects.toMatchObject({ code: 'ERR_MISALIGNED', syscall: 'write', path: file.path, message });
    }
    expect(readFileSync(file.path).equals(before)).toBe(true);
    expect(await file.write(0, good)).toBe(BLOCK);
  });

  test('keeps what is being written alive when it is released meanwhile', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+');
    const writes = Array.from({ length: 50 }, (_, number) => {
      const block = blockOf(BLOCK, number);
      const write = file.write(number * BLOCK, block);
      block.release();
      return write;
    });
    // Bytes that take the place of released ones must not show in the file.
    const others = Array.from({ length: 50 }, () => blockOf(BLOCK, 0xee));
    await Promise.all(writes);
    for (const other of others) other.release();
    const content = readFileSync(path);
    for (let number = 0; number < 50; number++) {
      expect(content.subarray(number * BLOCK, (number + 1) * BLOCK).equals(Buffer.alloc(BLOCK, number))).toBe(true);
    }
  });

  test('writing nothing is well', async () => {
    await using file = await open(scratchPath(), 'w+');
    using nothing = new IoBuf();
    expect(await file.write(0, nothing)).toBe(0);
    expect(await file.size()).toBe(0);
  });

  test('syncs data and metadata, and counts what it did', async () => {
    await using file = await open(scratchPath(), 'w+');
    const before = stats().io;
    using block = blockOf(BLOCK, 's');
    await file.write(0, block);
    await file.datasync();
    await file.sync();
    (await file.read(0, BLOCK)).release();
    const { io } = stats();
    expect([io.writes - before.writes, io.syncs - before.syncs, io.reads - before.reads]).toEqual([1, 2, 1]);
    expect([io.bytesWritten - before.bytesWritten, io.bytesRead - before.bytesRead]).toEqual([BLOCK, BLOCK]);
    expect(io.inFlight).toBe(0);
  });

  test('is cut and grown to any size', async () => {
    await using file = await fileOfBlocks(4);
    await file.truncate(BLOCK + 10);
    expect(readFileSync(file.path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK, 0), Buffer.alloc(10, 1)]));
    await file.truncate(2 * BLOCK);
    expect(readFileSync(file.path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK, 0), Buffer.alloc(10, 1), Buffer.alloc(BLOCK - 10)]));
    using read = await file.read(BLOCK, BLOCK);
    expect(read.toBuffer()).toEqual(Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(BLOCK - 10)]));
  });

  testWhere('allocation', 'allocates space, which reads as zeros, and punches holes', async () => {
    await using file = await fileOfBlocks(3);
    await file.allocate(2 * BLOCK, 6 * BLOCK);
    expect(statSync(file.path)).toMatchObject({ size: 8 * BLOCK, blocks: (8 * BLOCK) / 512 });
    await file.punch(BLOCK, 4 * BLOCK);
    expect(statSync(file.path)).toMatchObject({ size: 8 * BLOCK, blocks: (4 * BLOCK) / 512 });
    using read = await file.read(0, 8 * BLOCK);
    expect(read.toBuffer().equals(Buffer.alloc(8 * BLOCK))).toBe(true);
    await file.punch(1, 10);
    expect(await file.size()).toBe(8 * BLOCK);
  });

  testWhere('allocation', 'says which change of its space the kernel refused', async () => {
    const path = scratchPath();
    writeFileSync(path, '');
    await using readOnly = await open(path, 'r');
    await expect(readOnly.truncate(1)).rejects.toMatchObject({ code: 'ERR_IO', errno: -22, syscall: 'ftruncate', path });
    await expect(readOnly.allocate(0, 1)).rejects.toMatchObject({ code: 'ERR_IO', errno: -9, syscall: 'fallocate', path });
    await expect(readOnly.punch(0, 1)).rejects.toMatchObject({ code: 'ERR_IO', errno: -9, syscall: 'fallocate', path });
    await using file = await open(path, 'r+');
    const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    await expect(file.truncate(-1)).rejects.toMatchObject(range);
    await expect(file.truncate('1' as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    await expect(file.allocate(0, 0)).rejects.toMatchObject(range);
    await expect(file.punch(Number.MAX_SAFE_INTEGER, 1)).rejects.toMatchObject(range);
    await expect(file.allocate(2 ** 52, 1)).rejects.toMatchObject({ code: 'ERR_IO', errno: -27 });
  });

  test('close() waits for what is in flight; then everything throws ERR_CLOSED', async () => {
    const file = await fileOfBlocks(8);
    const reads = Array.from({ length: 8 }, (_, number) => file.read(number * BLOCK, BLOCK));
    await Promise.all([file.close(), file.close()]);
    for (const [number, read] of (await Promise.all(reads)).entries()) {
      expect(read.toBuffer().equals(Buffer.alloc(BLOCK, number))).toBe(true);
      read.release();
    }
    await file.close();
    await file[Symbol.asyncDispose]();
    using block = blockOf(BLOCK, 0);
    const uses = [
      ...[file.read(0, 1), file.read(0, 0), file.write(0, block), file.size(), file.sync(), file.datasync()],
      ...[file.truncate(0), file.allocate(0, 1), file.punch(0, 1)],
    ];
    for (const use of uses) await expect(use).rejects.toEqual(corebufError('ERR_CLOSED'));
  });

  test('a signal ends the waiting, and what the kernel still reads comes home', async () => {
    await using file = await fileOfBlocks(4);
    const controller = new AbortController();
    const read = file.read(0, BLOCK, { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(read).rejects.toBe(reason);
    await expect(file.read(0, BLOCK, { signal: controller.signal })).rejects.toBe(reason);
    using block = blockOf(BLOCK, 'n');
    await expect(file.write(0, block, { signal: controller.signal })).rejects.toBe(reason);
    expect(readFileSync(file.path)[0]).toBe(0);
    using well = await file.read(0, BLOCK, { signal: new AbortController().signal });
    expect(well.length).toBe(BLOCK);
  });

  test('errors of the kernel are ERR_IO with errno, syscall and path', async () => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(BLOCK));
    await using readOnly = await open(path, 'r');
    using block = blockOf(BLOCK, 0);
    await expect(readOnly.write(0, block)).rejects.toMatchObject({ code: 'ERR_IO', errno: -9, syscall: 'write', path, message: expect.stringContaining('EBADF') as string });
  });

  test('with direct: off takes any bytes at any place', async () => {
    const path = scratchPath();
    await using file = await open(path, 'w+', { direct: 'off' });
    expect(file.direct).toBe(false);
    using text = IoBuf.from('any ').append('bytes');
    expect(await file.write(3, text)).toBe(9);
    expect(readFileSync(path, 'latin1')).toBe('\0\0\0any bytes');
    using read = await file.read(4, 100);
    expect(read.toString()).toBe('ny bytes');
  });

  (existsSync('/dev/shm') ? test : test.skip)('works on tmpfs', async () => {
    const path = scratchPath('/dev/shm');
    for (const direct of ['prefer', 'off'] as const) {
      await using file = await open(path, 'w+', { direct });
      if (direct === 'off') expect(file.direct).toBe(false);
      using block = blockOf(BLOCK, direct);
      expect(await file.write(BLOCK, block)).toBe(BLOCK);
      await file.sync();
      using read = await file.read(BLOCK, BLOCK);
      expect(read.toBuffer().equals(readFileSync(path).subarray(BLOCK))).toBe(true);
      expect(await file.size()).toBe(2 * BLOCK);
    }
  });

  test('random writes and reads leave what they leave in a Buffer', async () => {
    const random = new Random();
    console.info(`COREBUF_SEED=${random.seed}`);
    const path = scratchPath();
    await using file = await open(path, 'w+');
    let model = Buffer.alloc(0);
    for (let operation = 0; operation < 200; operation++) {
      if (random.upTo(1) === 0) {
        const position = random.upTo(40) * BLOCK;
        using chain = new IoBuf();
        for (let left = random.upTo(4) + 1; left > 0; left--) chain.take(blockOf((random.upTo(3) + 1) * BLOCK, random.upTo(255)));
        await file.write(position, chain);
        const grown = Buffer.alloc(Math.max(model.length, position + chain.length));
        model.copy(grown);
        chain.copyTo(grown, position);
        model = grown;
      } else {
        const position = random.upTo(60 * BLOCK);
        const length = random.size(40 * BLOCK);
        using read = await file.read(position, length);
        expect(read.toBuffer().equals(model.subarray(position, position + length))).toBe(true);
      }
    }
    expect(readFileSync(path).equals(model)).toBe(true);
  });
});

describe('open', () => {
  test('asks for alignment and says who answered', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w');
    const { memory, offset, source } = file.alignment;
    expect(Math.log2(memory) % 1).toBe(0);
    expect(Math.log2(offset) % 1).toBe(0);
    expect(source).toMatch(/\w/);
    expect(Object.isFrozen(file.alignment)).toBe(true);
  });

  test('of a missing file is ENOENT as in node:fs', async () => {
    const path = scratchPath();
    await expect(DmaFile.open(path)).rejects.toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'open', path });
    await expect(DmaFile.open(join(path, 'below'), 'w')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a folder fails, and so does an exclusive open of what is there', async () => {
    const path = scratchPath();
    await expect(DmaFile.open(join(path, '..'), 'r+')).rejects.toMatchObject({ code: 'EISDIR' });
    writeFileSync(path, '');
    await expect(DmaFile.open(path, 'wx')).rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('makes, keeps and cuts as the flags say', async () => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(BLOCK, 'k'));
    for (const [flags, size] of [['r', BLOCK], ['r+', BLOCK], ['a', BLOCK], ['a+', BLOCK], ['w', 0]] as const) {
      await using file = await DmaFile.open(path, flags);
      expect(await file.size()).toBe(size);
    }
  });

  test("with 'a' writes where it is told", async () => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(2 * BLOCK, 'k'));
    await using file = await DmaFile.open(path, 'a+');
    using block = blockOf(BLOCK, 'n');
    await file.write(0, block);
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.alloc(BLOCK, 'n'), Buffer.alloc(BLOCK, 'k')]));
  });

  test('gives a new file the mode it is told', async () => {
    const path = scratchPath();
    await (await DmaFile.open(path, 'w', { mode: 0o600 })).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('refuses arguments that are none', async () => {
    const path = scratchPath();
    const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    await expect(DmaFile.open(7 as never)).rejects.toMatchObject(type);
    await expect(DmaFile.open(path, 'rw')).rejects.toMatchObject(range);
    await expect(DmaFile.open(path, {} as never)).rejects.toMatchObject(type);
    await expect(DmaFile.open(path, -1)).rejects.toMatchObject(range);
    await expect(DmaFile.open(path, 2 ** 31)).rejects.toMatchObject(range);
    await expect(DmaFile.open(path, 'w', null as never)).rejects.toMatchObject(type);
    await expect(DmaFile.open(path, 'w', { engine: 'steam' as never })).rejects.toMatchObject(range);
    await expect(DmaFile.open(path, 'w', { direct: true as never })).rejects.toMatchObject(type);
    await expect(DmaFile.open(path, 'w', { mode: 0o10000 })).rejects.toMatchObject(range);
    await expect(DmaFile.open('a\0b')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(existsSync(path)).toBe(false);
  });

  test('a file refuses positions, lengths and data that are none', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+');
    const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    using block = blockOf(BLOCK, 0);
    await expect(file.read(-1, 1)).rejects.toMatchObject(range);
    await expect(file.read(0, 0.5)).rejects.toMatchObject(range);
    await expect(file.read(Number.MAX_SAFE_INTEGER, 1)).rejects.toMatchObject(range);
    await expect(file.read('0' as never, 1)).rejects.toMatchObject(type);
    await expect(file.write(-1, block)).rejects.toMatchObject(range);
    await expect(file.write(0, Buffer.alloc(BLOCK) as never)).rejects.toMatchObject(type);
    const gone = IoBuf.from('gone');
    gone.release();
    await expect(file.write(0, gone)).rejects.toEqual(corebufError('ERR_RELEASED'));
  });

  test('a read larger than the memory there is says so, and the file goes on', async () => {
    const path = scratchPath();
    writeFileSync(path, 'small');
    // A hole: reads of it need memory all the same.
    truncateSync(path, 2 ** 42);
    await using file = await DmaFile.open(path);
    await expect(file.read(0, 2 ** 41)).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    using read = await file.read(0, 5);
    expect(read.toString()).toBe('small');
  });
});
