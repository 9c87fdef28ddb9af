// The content of memory that was used before. `zero-on-release`, `zero` or `huge-pages`.
import assert from 'node:assert/strict';
import { attach, DmaBuffer, IoBuf } from 'corebuf';

const LENGTHS = [1, 16, 100, 4096, 5000, 70_000, 300_000, 3 << 20];
const ROUNDS = 40;

/** More than is cached anywhere, so that some of it is used again. */
function dirty(length: number): void {
  const blocks = Array.from({ length: length > 1 << 20 ? 2 : ROUNDS }, () => DmaBuffer.alloc(length, { alignment: 16 }));
  for (const block of blocks) block.bytes.fill(0xff);
  for (const block of blocks) block.release();
}

function expectZeros(length: number, zero: boolean): void {
  const blocks = Array.from({ length: length > 1 << 20 ? 2 : ROUNDS }, () => DmaBuffer.alloc(length, { alignment: 16, zero }));
  for (const block of blocks) assert.ok(block.bytes.equals(Buffer.alloc(length)), `of ${length} bytes some are as they were`);
  for (const block of blocks) block.release();
}

const cases: Record<string, () => void> = {
  'zero-on-release'() {
    attach({ memory: '64MiB', zeroOnRelease: true });
    for (const length of LENGTHS) {
      dirty(length);
      expectZeros(length, false);
    }
    // Bytes of chains lie in the same memory as those of aligned buffers.
    IoBuf.from(Buffer.alloc(400, 'secret')).release();
    using block = DmaBuffer.alloc(512, { alignment: 16 });
    assert.ok(!block.bytes.includes('secret'));
  },

  zero() {
    attach({ memory: '64MiB' });
    for (const length of LENGTHS) {
      dirty(length);
      expectZeros(length, true);
    }
  },

  'huge-pages'() {
    const { memory } = attach({ memory: '64MiB', hugePages: true });
    const blocks = Array.from({ length: 5 }, (_, number) => {
      const block = DmaBuffer.alloc(4 << 20);
      block.bytes.fill(number);
      return block;
    });
    for (const [number, block] of blocks.entries()) assert.ok(block.bytes.equals(Buffer.alloc(4 << 20, number)));
    for (const block of blocks) block.release();
    assert.ok(memory.trim() >= 20 << 20);
    using again = DmaBuffer.alloc(1000, { zero: true });
    assert.ok(again.bytes.equals(Buffer.alloc(1000)));
  },
};

cases[process.argv[2]!]!();
