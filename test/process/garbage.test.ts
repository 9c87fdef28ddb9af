// The garbage collector gives back what was forgotten, and nothing else: programs in processes of their own.
import { expectWell } from '../support/program';
import { testOfZeroCopy } from '../support/views';

jest.setTimeout(120_000);

test('what is forgotten is reclaimed and counted, but not while a view of it is alive', async () => {
  await expectWell('forgotten');
});

test('what is forgotten is found, however little it is, and soon where memory is short', async () => {
  await expectWell('forgotten-few');
});

testOfZeroCopy('windows do not make V8 collect as ArrayBuffers of their size would', async () => {
  await expectWell('external-memory', {}, 'few collections\n');
});

describe.each(['IoBuf', 'DmaBuffer', 'seen IoBuf'])('a long-lived %s among', (kind) => {
  test.each(['100', '200', '255', '257'])('every %s does not hide that the others were forgotten', async (nth) => {
    await expectWell('hidden-leaks', { args: [nth, kind] });
  });
});
