// One appender for each file, also between processes; a file that another program cuts; a process that ends with bytes that are not flushed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { DmaFile, SegmentAppender } from 'corebuf';
import type { AppenderOptions } from 'corebuf';
import { counting } from '../support/counting';
import { corebufError } from '../support/errors';
import { engines } from '../support/files';
import { programPath, runProgram } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const MiB = 1024 * 1024;

describe.each(engines)('by %s', (engine) => {
  const open = (path: string, options: AppenderOptions = {}): Promise<SegmentAppender> => SegmentAppender.open(path, { engine, ...options });

  test('a second appender of a file is refused, by any of its names, and changes nothing', async () => {
    const path = scratchPath();
    symlinkSync(path, `${path}.link`);
    const log = await open(path);
    await log.append(counting(5000));
    await log.flush();
    for (const name of [path, `${path}.link`]) {
      await expect(open(name, { position: 0 })).rejects.toMatchObject({ name: 'CorebufError', code: 'ERR_LOCKED', path: name });
    }
    await log.append(counting(5000, 5000));
    await log.close();
    expect(readFileSync(path).equals(counting(10_000))).toBe(true);
    await (await open(path)).close();
  });

  test('lock: false takes no lock and asks for none; DmaFile reads a locked file', async () => {
    const path = scratchPath();
    const log = await open(path);
    const second = await open(path, { lock: false });
    await second.close();
    await using file = await DmaFile.open(path, 'r+', { engine });
    expect(await file.size()).toBe(0);
    await log.close();
    const unlocked = await open(path, { lock: false });
    await (await open(path)).close();
    await unlocked.close();
    await expect(open(path, { lock: 1 } as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });

  test.each([
    ['in the space that it has grown ahead', MiB, 5000],
    ['in its data', MiB, 4999],
    ['to nothing', MiB, 0],
    ['where it grows with its writes', 0, 4096],
  ])('a file that is cut under an appender %s makes flush and close fail, and no byte durable', async (_, preallocate, size) => {
    const length = 5000;
    const path = scratchPath();
    const log = await open(path, { preallocate });
    await log.append(counting(length));
    await log.flush();
    truncateSync(path, size);
    await log.append(counting(100, length));
    const cut = { name: 'CorebufError', code: 'ERR_CHANGED', path, message: expect.stringContaining('another program has cut it') as string };
    await expect(log.flush()).rejects.toMatchObject(cut);
    expect(log.durable).toBe(length);
    await expect(log.append('x')).rejects.toMatchObject(cut);
    await expect(log.flush()).rejects.toMatchObject(cut);
    await expect(log.close()).rejects.toMatchObject(cut);
    await expect(log.append('x')).rejects.toEqual(corebufError('ERR_CLOSED'));
  });

  test.each([
    ['a flush of what was appended before', (log: SegmentAppender) => log.flush()],
    ['a close', (log: SegmentAppender) => log.close()],
    ['a truncate()', (log: SegmentAppender) => log.truncate(0)],
  ])('a file that is cut before its appender has written anything makes %s fail', async (_, end) => {
    for (const preallocate of [0, MiB]) {
      const path = scratchPath();
      writeFileSync(path, counting(10_000));
      const log = await open(path, { preallocate });
      await log.append('x');
      truncateSync(path, 0);
      await expect(end(log)).rejects.toMatchObject({ code: 'ERR_CHANGED', path });
      expect(log.durable).toBe(10_000);
      await log.close().catch(() => undefined);
    }
  });

  test.each([
    ['a write that ends where the file ended', async (log: SegmentAppender) => (await log.append(counting(4096)), log.flush())],
    ['a truncate() to a place behind the cut', (log: SegmentAppender) => log.truncate(8192)],
  ])('%s does not hide that another program has cut the file', async (_, hide) => {
    const path = scratchPath();
    const log = await open(path, { preallocate: 4 * 4096 });
    await log.append(counting(3 * 4096));
    await log.flush();
    truncateSync(path, 0);
    await expect(hide(log)).rejects.toMatchObject({ code: 'ERR_CHANGED', path });
    expect(log.durable).toBe(3 * 4096);
    await expect(log.close()).rejects.toMatchObject({ code: 'ERR_CHANGED', path });
  });

  test('a file that is cut before close() makes it fail, also when everything was flushed', async () => {
    const path = scratchPath();
    const log = await open(path);
    await log.append(counting(5000));
    await log.flush();
    truncateSync(path, 10);
    await expect(log.close()).rejects.toMatchObject({ code: 'ERR_CHANGED', path });
  });
});

test('a second process is refused, and gets the lock when the first has ended in whatever way', async () => {
  const path = scratchPath();
  for (const end of ['closes', 'is killed']) {
    const holder = spawn(process.execPath, [programPath('appender-lock'), path], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('locked\n');
    await expect(SegmentAppender.open(path)).rejects.toMatchObject({ code: 'ERR_LOCKED', path });
    const other = spawn(process.execPath, [programPath('appender-lock'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(await text(other.stdout)).toBe('ERR_LOCKED true\n');
    const ended = once(holder, 'exit');
    if (end === 'closes') holder.stdin.end();
    else holder.kill('SIGKILL');
    await ended;
    await (await SegmentAppender.open(path)).close();
  }
});

test.each(['exit', 'return', 'throw', 'worker-exit', 'worker-return'])('a process that ends with bytes that are not flushed warns of them (%s)', async (how) => {
  const folder = scratchPath();
  mkdirSync(folder);
  writeFileSync(`${folder}/lost`, '');
  const { stderr } = await runProgram('unflushed', { args: [how, folder] });
  expect(stderr.match(/CorebufUnflushed: .*/g)).toEqual([expect.stringContaining(`'${folder}/lost' has accepted 9 bytes that are not durable`)]);
});
