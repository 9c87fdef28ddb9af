// A process may end at any step, and does so in silence; only bytes that an appender has accepted and not made durable are worth a warning.
import { mkdirSync } from 'node:fs';
import { expectWell, runProgram } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

test.each([
  'before attach',
  'after attach',
  'after attach, by exit',
  'in start()',
  'in start(), of a module that never serves',
  'after start()',
  'with calls',
  'with calls that are too many',
  'in close()',
  'after close()',
  'in a restart',
  'with timers',
  'in a set() of a value',
])('%s', async (step) => {
  const folder = scratchPath();
  mkdirSync(folder);
  await expectWell('exits', { args: [step, folder] });
});

test('with open files', async () => {
  const folder = scratchPath();
  mkdirSync(folder);
  const { code, signal, stdout, stderr } = await runProgram('exits', { args: ['with open files', folder] });
  expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: '' });
  expect(stderr.trim().split('\n')[0]).toMatch(/CorebufUnflushed: The appender of '.*log' has accepted 100000 bytes that are not durable/);
});
