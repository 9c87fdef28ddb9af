// Ways of dying × what is in flight: test/programs/deaths.ts plays each scene in a process of its own.
import { mkdirSync } from 'node:fs';
import { engines } from '../support/engines';
import { expectWell } from '../support/program';
import { sanitized } from '../support/sanitized';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();
jest.setTimeout(120_000);

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

// Native code cannot tell the others from the ways of the first list.
const ways = sanitized ? ['terminate', 'exit', 'exhaust natively'] : ['terminate', 'exit', 'throw', 'reject', 'exhaust', 'exhaust natively'];

test.each(ways)('a shard may end by %s, whatever is in flight', async (way) => {
  const env = { COREBUF_ENGINE: engines[way.length % engines.length] };
  await expectWell('deaths', { args: [way, scratchFolder()], env }, [...scenes, ...endlessScenes].map((scene) => `${scene}\n`).join(''));
});

test('close() waits for what ends, and ends what does not', async () => {
  await expectWell('deaths', { args: ['close', scratchFolder()] }, scenes.map((scene) => `${scene}\n`).join(''));
});
