// Users may transfer the ArrayBuffer under a view of theirs. Nothing inside the package may stand on it.
import { readFileSync } from 'node:fs';
import { DmaBuffer, IoBuf, SegmentAppender } from 'corebuf';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { transfers } from '../support/transfers';
import type { Transfer } from '../support/transfers';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const BLOCK = 4096;

/** Transfers what is under a new view of memory beside all that the test has made. */
async function beside(how: Transfer): Promise<void> {
  using neighbour = DmaBuffer.alloc(64, { zero: true });
  using chain = IoBuf.from('beside');
  await how(neighbour.bytes);
  for (const fragment of chain) await how(fragment);
}

describe.each(transfers)('%s that takes a view away', (_, how) => {
  test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1])('leaves an appender with %d unflushed bytes as it was', async (unflushed) => {
    const path = scratchPath();
    let expected = '';
    for (let round = 0; round < 2; round++) {
      const appender = await SegmentAppender.open(path, { position: expected.length });
      await appender.append(Buffer.alloc(unflushed, 'a'));
      await beside(how);
      await appender.append(Buffer.from('-after-'));
      const flushed = appender.flush();
      await beside(how);
      await appender.append(Buffer.alloc(200_000, 'b'));
      await flushed;
      expected += 'a'.repeat(unflushed) + '-after-' + 'b'.repeat(200_000);
      expect(appender.position).toBe(expected.length);
      await appender.close();
      expect(readFileSync(path, 'latin1') === expected).toBe(true);
    }
  });

  test('leaves an appender whose chunk comes from the pool, or is being written, as it was', async () => {
    const paths = [scratchPath(), scratchPath()];
    const first = await SegmentAppender.open(paths[0]!);
    await first.append(Buffer.alloc(300_000, '1'));
    await first.close();
    await beside(how);
    // Its chunks are the ones that the first appender has given back.
    const second = await SegmentAppender.open(paths[1]!);
    await second.append(Buffer.alloc(5000, '2'));
    const flushed = second.flush();
    await beside(how);
    await second.append(Buffer.alloc(5000, '3'));
    await flushed;
    await beside(how);
    await second.close();
    expect(readFileSync(paths[1]!, 'latin1') === '2'.repeat(5000) + '3'.repeat(5000)).toBe(true);
  });

  test('leaves an appender as it was that was given the views themselves', async () => {
    const path = scratchPath();
    const appender = await SegmentAppender.open(path);
    using block = DmaBuffer.alloc(BLOCK);
    using chain = IoBuf.from('c'.repeat(BLOCK + 100));
    block.bytes.fill('b');
    const appended = [appender.append(block.bytes), appender.append(chain), appender.append(chain)];
    await how(block.bytes);
    for (const fragment of chain) await how(fragment);
    await Promise.all(appended);
    await appender.close();
    expect(readFileSync(path, 'latin1') === 'b'.repeat(BLOCK) + 'c'.repeat(2 * BLOCK + 200)).toBe(true);
  });

  test('leaves chains, readers and placeholders as they were', async () => {
    using chain = IoBuf.from('x'.repeat(5000));
    const placeholder = chain.reserve(4);
    chain.append('y'.repeat(1000));
    const reader = chain.reader();
    expect(reader.readString(100)).toBe('x'.repeat(100));
    await beside(how);
    placeholder.write(Buffer.from('four'));
    expect(reader.readString(4900)).toBe('x'.repeat(4900));
    expect(reader.readString(4)).toBe('four');
    chain.append('z');
    await beside(how);
    expect(chain.coalesce().toString()).toBe('x'.repeat(5000) + 'four' + 'y'.repeat(1000) + 'z');
    expect([...chain].join('')).toBe(chain.toString());
  });

  testOfZeroCopy('leaves the memory of the view, which bytes shows again', async () => {
    using block = DmaBuffer.alloc(BLOCK, { zero: true });
    block.bytes.write('hello', 10);
    await how(block.bytes);
    expect(block.bytes.toString('latin1', 10, 15)).toBe('hello');
    expect(block.bytes).toHaveLength(BLOCK);
  });
});
