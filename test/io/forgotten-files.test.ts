import { mkdirSync } from 'node:fs';
import { expectWell } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();

function folder(): string {
  const path = scratchPath();
  mkdirSync(path);
  return path;
}

test('files, appenders and readers that are forgotten are closed and reported, and give back what they held', async () => {
  await expectWell('forgotten-files', { args: [folder()] });
});

test('an open file and an open appender keep no process alive', async () => {
  await expectWell('idle-files', { args: [folder()] }, '7 true\n');
});
