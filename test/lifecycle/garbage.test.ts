// What the garbage collector does for us, and what it must not do: programs in processes of their own.
import { expectWell } from '../support/program';
import { testOfZeroCopy } from '../support/views';

jest.setTimeout(120_000);

test('what is forgotten is reclaimed and counted, but not while a view of it is alive', async () => {
  await expectWell('forgotten');
});

testOfZeroCopy('windows do not make V8 collect as ArrayBuffers of their size would', async () => {
  await expectWell('external-memory', {}, 'few collections\n');
});
