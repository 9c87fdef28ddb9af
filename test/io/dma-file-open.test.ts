import { chmodSync, closeSync, constants, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { DmaBuffer, DmaFile } from 'corebuf';
import { fileOf } from '../support/files';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const BLOCK = 4096;
const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

/** Operations that a file allows that was opened with these flags: is there one, is it empty, can it be read and written. */
async function abilities(path: string, flags: string | number): Promise<unknown> {
  try {
    await using file = await DmaFile.open(path, flags);
    const size = await file.size();
    const reads = await file.read(0, 1).then((chain) => (chain.release(), true), () => false);
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    const writes = await file.write(0, block).then(() => true, () => false);
    return { size, reads, writes };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function abilitiesByNode(path: string, flags: string | number): unknown {
  try {
    const fd = openSync(path, flags);
    const { size } = statSync(path);
    const works = (run: () => unknown): boolean => {
      try {
        run();
        return true;
      } catch {
        return false;
      }
    };
    const reads = works(() => readFileSync(fd));
    const writes = works(() => writeSync(fd, Buffer.alloc(BLOCK), 0, BLOCK, 0));
    closeSync(fd);
    return { size, reads, writes };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const FLAGS = [
  ...['r', 'rs', 'sr', 'r+', 'rs+', 'sr+', 'w', 'wx', 'xw', 'w+', 'wx+', 'xw+', 'a', 'ax', 'xa', 'as', 'sa', 'a+', 'ax+', 'xa+', 'as+', 'sa+'],
  ...[O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_APPEND],
];

test.each(FLAGS)('flags %p do what they do in node:fs', async (flags) => {
  for (const there of [false, true]) {
    const [ours, nodes] = [scratchPath(), scratchPath()];
    if (there) for (const path of [ours, nodes]) writeFileSync(path, Buffer.alloc(BLOCK, 'k'));
    expect(await abilities(ours, flags)).toEqual(abilitiesByNode(nodes, flags));
    expect(existsSync(ours)).toBe(existsSync(nodes));
  }
});

test('flags with s open for synchronous writes', async () => {
  const flagsOf = (fd: string): number => Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8);
  for (const flags of ['as', 'rs+', O_RDWR | O_CREAT | constants.O_SYNC]) {
    const path = scratchPath();
    writeFileSync(path, '');
    await using file = await DmaFile.open(path, flags, { direct: 'off' });
    const { ino } = await file.stat();
    const fd = readdirSync('/proc/self/fd').find((fd) => existsSync(`/proc/self/fd/${fd}`) && statSync(`/proc/self/fd/${fd}`).ino === ino);
    expect(flagsOf(fd!) & constants.O_SYNC).toBe(constants.O_SYNC);
  }
});

test('O_APPEND sends no write to the end, and O_DIRECT is an option', async () => {
  const { path } = fileOf(2 * BLOCK);
  await using file = await DmaFile.open(path, O_RDWR | O_APPEND);
  using block = DmaBuffer.alloc(BLOCK, { zero: true });
  await file.write(0, block);
  expect(await file.size()).toBe(2 * BLOCK);
  expect(readFileSync(path).subarray(0, BLOCK)).toEqual(Buffer.alloc(BLOCK));
  await using buffered = await DmaFile.open(path, O_RDWR | (constants.O_DIRECT ?? 0), { direct: 'off' });
  expect(buffered.direct).toBe(false);
});

test('a path is a string, a file URL or a Buffer, also of bytes that are no text', async () => {
  const { path } = fileOf(10);
  for (const same of [path, pathToFileURL(path), Buffer.from(path)]) {
    await using file = await DmaFile.open(same);
    expect([file.path, await file.size()]).toEqual([path, 10]);
  }
  const odd = Buffer.concat([Buffer.from(path), Buffer.from([0xff, 0xfe])]);
  await using made = await DmaFile.open(odd, 'w');
  expect([statSync(odd).size, await made.size()]).toEqual([0, 0]);
  await expect(DmaFile.open(new URL('http://example.org/file'))).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_URL_SCHEME' });
  await expect(DmaFile.open(pathToFileURL(`${path}.not`))).rejects.toMatchObject({ code: 'ENOENT', path: `${path}.not` });
});

test('a mode is a number or octal digits', async () => {
  for (const mode of [0o640, '640', '0640']) {
    const path = scratchPath();
    await (await DmaFile.open(path, 'w', { mode })).close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    chmodSync(path, 0o600);
  }
  const path = scratchPath();
  await expect(DmaFile.open(path, 'w', { mode: '8' })).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
  await expect(DmaFile.open(path, 'w', { mode: '10000' })).rejects.toMatchObject({ name: 'RangeError' });
  await expect(DmaFile.open(path, 'w', { mode: null as never })).rejects.toMatchObject({ name: 'TypeError' });
  expect(existsSync(path)).toBe(false);
});

test('an error of the kernel says its number and its name', async () => {
  const { path } = fileOf(BLOCK);
  await using file = await DmaFile.open(path);
  using block = DmaBuffer.alloc(BLOCK, { zero: true });
  const failed = await file.write(0, block).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'CorebufError', code: 'ERR_IO', errno: -9, errnoName: 'EBADF', syscall: 'write', path, message: `EBADF: write '${path}'` });
  await file.close();
  expect(await file.size().catch((error: unknown) => error)).toHaveProperty('errnoName', undefined);
});
