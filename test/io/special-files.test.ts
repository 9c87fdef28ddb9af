// Directories, FIFOs and sockets, which cannot be read at positions; and block devices, whose length is no property of a file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { DmaBuffer, DmaFile, SegmentAppender } from 'corebuf';
import { counting } from '../support/counting';
import { engines } from '../support/engines';
import { holds } from '../support/files';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const MiB = 1024 * 1024;

function run(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

describe.each(engines)('by %s', (engine) => {
  /** Opens `path` in every way; all of them must fail as `error` says. */
  async function expectRefused(path: string, error: object): Promise<void> {
    for (const flags of ['r', 'r+', 'w', 'a+']) await expect(DmaFile.open(path, flags, { engine })).rejects.toMatchObject(error);
    await expect(DmaFile.open(path, 'r', { engine, direct: 'off' })).rejects.toMatchObject(error);
    await expect(SegmentAppender.open(path, { engine })).rejects.toMatchObject(error);
  }

  test('a directory is refused with EISDIR', async () => {
    const path = scratchPath();
    mkdirSync(path);
    await expectRefused(path, { code: 'EISDIR', errno: -21, syscall: 'open', path });
  });

  test('a FIFO is refused with ESPIPE, and nobody waits for its other end', async () => {
    const path = scratchPath();
    run('mkfifo', path);
    await expectRefused(path, { code: 'ESPIPE', errno: -29, syscall: 'open', path });
  });

  test('a socket is refused with ENXIO', async () => {
    const path = scratchPath();
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    await expectRefused(path, { code: 'ENXIO', errno: -6, syscall: 'open', path });
    server.close();
  });
});

const image = scratchPath();
writeFileSync(image, '');
truncateSync(image, 4 * MiB);
const device = run('losetup', '--find', '--show', image);
if (device === undefined) console.info('block devices are left out: this machine gives no loop device');
const testOfDevice = device === undefined ? test.skip : test;

afterAll(() => device === undefined || run('losetup', '--detach', device));

describe.each(engines)('a block device by %s', (engine) => {
  testOfDevice('has the length of the device, and reads end there', async () => {
    await using file = await DmaFile.open(device!, 'r+', { engine });
    expect(await file.size()).toBe(4 * MiB);
    using block = DmaBuffer.alloc(4096);
    block.bytes.set(counting(4096));
    await file.write(4 * MiB - 4096, block);
    expect(holds(await file.read(4 * MiB - 10, 2 * MiB), counting(4096).subarray(-10))).toBe(true);
    expect(holds(await file.read(5 * MiB, 2 * MiB), Buffer.alloc(0))).toBe(true);
    let bytes = 0;
    for await (const chunk of file.chunks()) {
      bytes += chunk.length;
      chunk.release();
    }
    expect(bytes).toBe(4 * MiB);
  });

  testOfDevice('is appended to from the position that the caller names, and from no other', async () => {
    await expect(SegmentAppender.open(device!, { engine })).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    const first = await SegmentAppender.open(device!, { engine, position: 0 });
    await expect(SegmentAppender.open(device!, { engine, position: 0 })).rejects.toMatchObject({ code: 'ERR_LOCKED', path: device });
    await first.append(counting(10_000));
    await first.close();
    await using second = await SegmentAppender.open(device!, { engine, position: 5000 });
    expect([second.position, second.durable]).toEqual([5000, 5000]);
    await second.append(counting(3000, 20_000));
    await second.flush();
    await second.truncate(6000);
    await second.append(counting(100));
    await second.close();
    const content = readFileSync(device!).subarray(0, 6100);
    expect(content.equals(Buffer.concat([counting(5000), counting(1000, 20_000), counting(100)]))).toBe(true);
    await expect(SegmentAppender.open(device!, { engine, position: 4 * MiB + 1 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  testOfDevice('that is full fails the write', async () => {
    const log = await SegmentAppender.open(device!, { engine, position: 4 * MiB - 4096 });
    await log.append(counting(5000));
    await expect(log.flush()).rejects.toMatchObject({ code: 'ERR_IO', errnoName: 'ENOSPC', syscall: 'write' });
    await expect(log.close()).rejects.toMatchObject({ code: 'ERR_IO' });
  });
});
