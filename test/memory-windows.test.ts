// What users can do to the ArrayBuffers under their views.
import { DmaBuffer, IoBuf } from 'corebuf';
import { expectWell } from './support/program';
import { expectNothingLeaked } from './support/shards';
import { testOfZeroCopy } from './support/views';

expectNothingLeaked();

const WINDOW_MOST = 2 << 20;

/** Node refuses to transfer memory that is not its own, or does not: both are fine. */
function tryToTransfer(buffer: ArrayBufferLike): void {
  try {
    (buffer as { transfer?: () => unknown }).transfer?.();
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  } catch (error) {
    expect(error).toMatchObject({ name: 'DataCloneError' });
  }
}

test('cloning a view of a few bytes clones 2 MiB at most', () => {
  using block = DmaBuffer.alloc(10);
  block.bytes.write('0123456789');
  using chain = IoBuf.from('0123456789');
  for (const view of [block.bytes, [...chain][0]!, block.view(Uint8Array)]) {
    const clone = structuredClone(view) as Uint8Array;
    expect(clone.buffer.byteLength).toBeLessThanOrEqual(WINDOW_MOST);
    expect(Buffer.from(clone).toString()).toBe('0123456789');
    clone.fill(0);
    expect(Buffer.from(view).toString()).toBe('0123456789');
  }
});

test('a window is no larger than it must be', () => {
  using small = DmaBuffer.alloc(10);
  using large = DmaBuffer.alloc(5 << 20);
  expect(small.bytes.buffer.byteLength).toBeLessThanOrEqual(WINDOW_MOST);
  expect(large.bytes.buffer.byteLength).toBeLessThanOrEqual((5 << 20) + WINDOW_MOST);
});

// A copy that is transferred away has taken with it what was written into it.
testOfZeroCopy('after somebody has tried to transfer a window away, views show the bytes again', () => {
  using block = DmaBuffer.alloc(100);
  block.bytes.fill('b');
  using large = DmaBuffer.alloc(3 << 20);
  large.bytes.fill('l');
  using chain = IoBuf.from('c'.repeat(2000));
  for (let round = 0; round < 3; round++) {
    tryToTransfer(block.bytes.buffer);
    tryToTransfer(large.bytes.buffer);
    tryToTransfer([...chain][0]!.buffer);
    expect(block.bytes.toString()).toBe('b'.repeat(100));
    expect(Buffer.from(block.view(Uint8Array, 90)).toString()).toBe('b'.repeat(10));
    expect(large.bytes.equals(Buffer.alloc(3 << 20, 'l'))).toBe(true);
    expect(Buffer.concat([...chain]).toString()).toBe('c'.repeat(2000));
    expect(chain.reader().readUInt8()).toBe('c'.charCodeAt(0));
  }
});

test('who writes over a whole window destroys bytes, and nothing that keeps the process alive', async () => {
  await expectWell('scribbled', { env: { COREBUF_CHECKED: '', COREBUF_COPY_VIEWS: '' } });
});
