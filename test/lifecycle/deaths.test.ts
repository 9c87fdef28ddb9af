// Ways of dying × what is in flight: test/fixtures/deaths.ts plays each scene in a process of its own.
import { mkdirSync } from 'node:fs';
import { capabilities } from 'corebuf';
import { expectWell } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

const engines = capabilities().ioUring === true ? ['io_uring', 'threads'] : ['threads'];

const scenes = [
  'nothing',
  'its chains elsewhere',
  'its wrapped memory elsewhere',
  'chains of others',
  'wrapped memory of others',
  'DMA buffers in both directions',
  'file I/O',
];

const endlessScenes = ['calls to it', 'more calls to it than may be in flight', 'calls of its own', 'calls without end, both ways'];

function scratchFolder(): string {
  const folder = scratchPath();
  mkdirSync(folder);
  return folder;
}

test.each(['terminate', 'exit', 'throw', 'reject', 'exhaust', 'exhaust natively'])('a shard may end by %s, whatever is in flight', async (way) => {
  const env = { COREBUF_ENGINE: engines[way.length % engines.length] };
  await expectWell('deaths', { args: [way, scratchFolder()], env }, [...scenes, ...endlessScenes].map((scene) => `${scene}\n`).join(''));
});

test('close() waits for what ends, and ends what does not', async () => {
  await expectWell('deaths', { args: ['close', scratchFolder()] }, scenes.map((scene) => `${scene}\n`).join(''));
});
