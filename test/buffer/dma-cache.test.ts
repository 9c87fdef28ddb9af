// Buffers of one length, one after the other: some are filled ahead, and nobody must notice.
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';
import { expectWell } from '../support/program';
import { Random } from '../support/random';
import { expectNothingLeaked, liveHere } from '../support/shards';

expectNothingLeaked();

/** Records, bytes and references: what one DmaBuffer is counted as. */
function objectsOfOne(): number {
  const before = liveHere();
  using block = DmaBuffer.alloc(4096);
  expect(block.length).toBe(4096);
  return liveHere() - before;
}

/** Every byte says whose it is, so that no two can lie on the same. */
function mark(block: DmaBuffer, number: number): void {
  const words = block.view(Uint16Array);
  words.fill(number);
  if (block.length % 2 === 1) block.bytes[block.length - 1] = number;
}

function expectMarked(block: DmaBuffer, number: number): void {
  expect(block.view(Uint16Array).every((word) => word === number)).toBe(true);
  if (block.length % 2 === 1) expect(block.bytes[block.length - 1]).toBe(number & 0xff);
}

test('a thousand of one length, then other lengths, lie apart and are aligned', () => {
  const lengths = [...Array<number>(1000).fill(4096), ...Array<number>(100).fill(1), ...Array<number>(50).fill(5000), 7, 4096, 7, 4096];
  const blocks = lengths.map((length, number) => {
    const block = DmaBuffer.alloc(length);
    expect(block).toMatchObject({ length, alignment: 4096, home: thisShard.id });
    mark(block, number);
    return block;
  });
  for (const [number, block] of blocks.entries()) {
    expectMarked(block, number);
    block.release();
  }
});

test.each([1, 100, 4096, 20_000, 300_000])('of buffers of %d bytes only those that are held count as live', (length) => {
  const each = objectsOfOne();
  const before = liveHere();
  const blocks: DmaBuffer[] = [];
  for (let count = 1; count <= 60; count++) {
    blocks.push(DmaBuffer.alloc(length));
    if (count % 7 === 0) expect(liveHere() - before).toBe(count * each);
  }
  for (const block of blocks) block.release();
  expect(liveHere()).toBe(before);
});

test('random lengths and lives: nothing overlaps, all is aligned, all goes back', () => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  const live = new Map<number, DmaBuffer>();
  for (let number = 0; number < 20_000; ) {
    const length = random.pick([16, 512, 4096, 4096, 10_000]);
    for (let streak = random.upTo(100); streak > 0; streak--, number++) {
      const old = number % 300;
      const going = live.get(old);
      if (going !== undefined && random.upTo(3) > 0) {
        expectMarked(going, old);
        going.release();
        live.delete(old);
      }
      if (live.has(old)) continue;
      const block = random.upTo(20) > 0 ? DmaBuffer.alloc(length) : DmaBuffer.alloc(length, { alignment: 65_536 });
      if (block.bytes.buffer.byteLength > length) expect(block.bytes.byteOffset % block.alignment).toBe(0);
      mark(block, old);
      live.set(old, block);
      if (random.upTo(50) === 0) IoBuf.from('between').release();
    }
  }
  for (const [number, block] of live) {
    expectMarked(block, number);
    block.release();
  }
});

test('with a spent budget, what was filled ahead goes back before an allocation fails', async () => {
  await expectWell('prefetch-budget');
});
