import { attach, DmaBuffer, ShardGroup } from 'corebuf';
import { expectTypeError } from '../support/errors';
import { expectWell } from '../support/program';
import { workerModule } from '../support/shards';

// Each says itself how memory is scrubbed.
const env = { COREBUF_CHECKED: '' };

test('with zeroOnRelease, memory that was released holds zeros', async () => {
  await expectWell('scrubbed', { args: ['zero-on-release'], env });
});

test('alloc({ zero: true }) gives zeros where others have written before', async () => {
  await expectWell('scrubbed', { args: ['zero'], env });
});

test('a shard that asks for huge pages works as any other', async () => {
  await expectWell('scrubbed', { args: ['huge-pages'], env });
});

test('what is neither true nor false is refused', async () => {
  const wrong = [null, 0, 1, 'true', {}];
  await expectWell('wrong-switches');
  for (const option of ['checked', 'zeroOnRelease', 'hugePages']) {
    for (const value of wrong) {
      await expect(ShardGroup.start(workerModule('service'), { shards: 1, memory: '16MiB', [option]: value })).rejects.toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
  }
});

test('a thread that is attached already cannot be given other switches', () => {
  using block = DmaBuffer.alloc(16);
  expect(block.length).toBe(16);
  expect(() => attach({ zeroOnRelease: true })).toThrow('attached already');
  expectTypeError(() => attach(null as never));
});
