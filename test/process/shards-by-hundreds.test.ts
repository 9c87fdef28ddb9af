// Shards that start and end by the hundred, in programs of test/programs: they leave nothing behind.
import { mkdirSync } from 'node:fs';
import { engines } from '../support/engines';
import { expectWell } from '../support/program';
import { sanitized } from '../support/sanitized';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

test.each(engines)('shards may end in the middle of calls and I/O, 25 times over (%s)', async (engine) => {
  const folder = scratchPath();
  mkdirSync(folder);
  const seed = process.env.COREBUF_SEED ?? `${Math.floor(Math.random() * 2 ** 32)}`;
  console.info(`COREBUF_SEED=${seed}`);
  await expectWell('terminate-in-traffic', { args: [folder, '25', seed], env: { COREBUF_ENGINE: engine } });
});

test('workers may be terminated while they load the package, attach, and count', async () => {
  await expectWell('terminate-at-work', {}, 'alive\n');
});

// There are numbers for 256 shards.
test('500 shards, four at a time, leave neither memory nor threads nor descriptors nor numbers behind', async () => {
  const patienceMs = 400_000; // 20 s where nothing else runs.
  await expectWell('restart-many', { args: [sanitized ? '15' : '125', sanitized ? 'asan' : ''], patienceMs });
}, 420_000);
