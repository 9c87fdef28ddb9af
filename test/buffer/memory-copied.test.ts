// Where external ArrayBuffers are forbidden, and where COREBUF_COPY_VIEWS=1 plays that.
import { expectWell } from '../support/program';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';

removeScratchAfterEach();

test.each([
  ['capabilities() says that there are no external buffers, and a copy outlives its owner', 'capabilities'],
  ['writes through every kind of view reach a file', 'file'],
  ['writes through every kind of view reach shares and chains', 'chain'],
  ['writes through every kind of view reach another shard, and come back', 'shard'],
  ['readers and iteration see the bytes of hundreds of fragments', 'reading'],
  ['a view that was transferred away is made anew, of what had reached the memory', 'transferred'],
  ['small appends are seen by iteration', 'slack'],
])('%s', async (_, which) => {
  await expectWell('copied-views', { args: [which, scratchPath()], env: { COREBUF_COPY_VIEWS: '1' } });
});
