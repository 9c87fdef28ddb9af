// A process may end at any step, and does so in silence.
import { mkdirSync } from 'node:fs';
import { expectWell } from '../support/program';
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
  'with open files',
  'with timers',
  'in a set() of a value',
])('%s', async (step) => {
  const folder = scratchPath();
  mkdirSync(folder);
  await expectWell('exits', { args: [step, folder] });
});
