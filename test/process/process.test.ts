// When processes end, and what is left of what was under way: programs of test/programs in processes of their own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { engines } from '../support/engines';
import { expectWell, runProgram } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

const BLOCK = 4096;

function scratchFolder(): string {
  const folder = scratchPath();
  mkdirSync(folder);
  return folder;
}

describe.each(engines)('with %s', (engine) => {
  const env = { COREBUF_ENGINE: engine };

  test('an idle shard with memory held and a file open lets its process end', async () => {
    await expectWell('idle', { args: [scratchPath()], env });
  });

  test('a write under way keeps the process alive until it is heard of', async () => {
    await expectWell('pending-io', { args: [scratchPath()], env }, `${4 << 20}\n`);
  });

  test.each([1, 10, 100])('process.exit() in turn %d of calls and I/O on every shard ends at once', async (turns) => {
    expect(await runProgram('exit-in-traffic', { args: [scratchFolder(), `${turns}`], env })).toEqual({ code: 5, signal: null, stdout: '', stderr: '' });
  });

  const writtenLate = (at: number): Buffer => Buffer.alloc(BLOCK, Math.max(0, at - 15));

  test.each([
    ['a shard that is terminated', 'terminate'],
    ['a group that is closed', 'close'],
    ['a group that is closed without waiting for them', 'leave'],
  ])('%s finishes 32 reads and writes that are in flight', async (_, how) => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(32 * BLOCK));
    await expectWell('late-io', { args: [path, how], env });
    const blocks = Array.from({ length: 32 }, (_, at) => writtenLate(at));
    expect(readFileSync(path).equals(Buffer.concat(blocks))).toBe(true);
  });

  test('process.exit() with 32 reads and writes in flight ends at once, and each block is the old one or the new one', async () => {
    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(32 * BLOCK));
    expect(await runProgram('late-io', { args: [path, 'exit'], env })).toEqual({ code: 32, signal: null, stdout: '', stderr: '' });
    const content = readFileSync(path);
    for (let at = 0; at < 32; at++) {
      const block = content.subarray(at * BLOCK, (at + 1) * BLOCK);
      expect(block.equals(writtenLate(at)) || block.equals(Buffer.alloc(BLOCK))).toBe(true);
    }
  });

  test.each(['alone', 'together'])('plain workers have shards of their own, %s', async (how) => {
    await expectWell('plain-worker', { args: [scratchPath(), how], env });
  });

  test('a spent budget is an error, and memory that is released can be used again', async () => {
    await expectWell('out-of-memory', { args: [scratchPath()], env });
  });
});

test('a call is answered before the process ends', async () => {
  await expectWell('pending-call', {}, 'answered\n');
});
