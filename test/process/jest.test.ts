// The package under a test runner that loads it several times in one thread, and replaces timers: real Jest, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expectWell } from '../support/program';

const root = join(__dirname, '../..');
jest.setTimeout(240_000);

async function runJest(config: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const path = join(root, 'test/jest-project', config);
  const child = spawn(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), '--config', path, '--runInBand', '--ci', ...args], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test('copies in one thread answer for themselves: resetModules, isolateModules, the next file', async () => {
  const { code, output } = await runJest('jest.config.cjs', 'one', 'two');
  expect(output).toMatch(/Tests: +3 passed, 3 total/);
  expect(code).toBe(0);
});

test.each([
  ['in a test', 'jest.config.cjs'],
  ['before the package is loaded', 'global-timers.config.cjs'],
])('timers that Jest replaces %s do not stop the package', async (_, config) => {
  const { code, output } = await runJest(config, 'timers');
  expect(output).toMatch(/Tests: +2 passed, 2 total/);
  expect(code).toBe(0);
});

test('300 copies in one thread use up neither shards nor descriptors', async () => {
  await expectWell('many-copies', { patienceMs: 200_000 }, 'few\n');
});
