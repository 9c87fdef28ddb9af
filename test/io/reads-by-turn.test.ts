// Any number of reads share: the system call that begins them, and the call into JavaScript that ends them. And how one
// that is alone is waited for.
import { writeFileSync } from 'node:fs';
import { engines } from '../support/engines';
import { runProgram } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();

(engines.includes('io_uring') ? test : test.skip)('reads that begin in one turn are one submission, and their ends one callback a turn', async () => {
  const path = scratchPath();
  writeFileSync(path, Buffer.alloc(200 * 4096, 'r'));
  const { code, stdout, stderr } = await runProgram('reads-by-turn', { args: [path] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [submits, callbacks, turns] = JSON.parse(stdout) as [number, number, number];
  expect(submits).toBe(1);
  expect(callbacks).toBeGreaterThan(0);
  expect(callbacks).toBeLessThanOrEqual(turns);
});

test('a shard that spins looks for the end of a read, and one that does not sleeps until it comes', async () => {
  const path = scratchPath();
  writeFileSync(path, Buffer.alloc(4096, 'r'));
  const turnsPerRead = async (spin: number): Promise<number> => {
    const { code, stdout, stderr } = await runProgram('spin-for-reads', { args: [path, `${spin}`] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return Number(stdout);
  };
  expect(await turnsPerRead(0)).toBeLessThan(2);
  expect(await turnsPerRead(100_000)).toBeGreaterThan(3);
});
