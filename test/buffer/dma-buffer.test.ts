import { DmaBuffer, IoBuf, stats, thisShard } from 'corebuf';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();

const KiB = 1024;
const MiB = 1024 * KiB;

describe('alloc', () => {
  test('gives aligned memory of this shard', () => {
    using block = DmaBuffer.alloc(4096);
    expect(block).toMatchObject({ length: 4096, alignment: 4096, home: thisShard.id, released: false });
    expect(block.bytes).toHaveLength(4096);
  });

  test.each([1, 16, 512, 4096, 64 * KiB, 2 * MiB])('aligns to %d', (alignment) => {
    using block = DmaBuffer.alloc(100, { alignment });
    expect(block.alignment).toBe(alignment);
    // Windows begin at multiples of their size, so an offset tells as much of the address.
    expect(block.bytes.byteOffset % alignment).toBe(0);
  });

  test.each([1, 15, 4095, 4097, 128 * KiB, MiB + 1, 9 * MiB])('gives %d bytes that can all be written and read', (length) => {
    using block = DmaBuffer.alloc(length, { alignment: 16 });
    block.bytes.fill(0xa5);
    expect(block.bytes.length).toBe(length);
    expect(block.bytes.equals(Buffer.alloc(length, 0xa5))).toBe(true);
  });

  test('zeroes when asked to, also where others have written before', () => {
    for (let round = 0; round < 10; round++) {
      using block = DmaBuffer.alloc(8192, { zero: true });
      expect(block.bytes.equals(Buffer.alloc(8192))).toBe(true);
      block.bytes.fill(0xff);
    }
  });

  test('never gives the same bytes to two', () => {
    const blocks = Array.from({ length: 200 }, (_, number) => {
      const block = DmaBuffer.alloc(700, { alignment: 1 });
      block.bytes.fill(number);
      return block;
    });
    for (const [number, block] of blocks.entries()) {
      expect(block.bytes.equals(Buffer.alloc(700, number))).toBe(true);
      block.release();
    }
  });

  test('refuses lengths and alignments that are none', () => {
    for (const length of [0, -1, 1.5, NaN, Infinity, 2 ** 32]) expectRangeError(() => DmaBuffer.alloc(length));
    for (const length of [undefined, '1', null, 1n]) expectTypeError(() => DmaBuffer.alloc(length as never));
    for (const alignment of [0, 3, 4097, -4096, 4 * MiB]) expectRangeError(() => DmaBuffer.alloc(1, { alignment }));
    expectTypeError(() => DmaBuffer.alloc(1, { alignment: '16' as never }));
    expectTypeError(() => DmaBuffer.alloc(1, 'zero' as never));
    expectTypeError(() => DmaBuffer.alloc(1, null as never));
  });
});

describe('bytes and view', () => {
  test('show the same memory', () => {
    using block = DmaBuffer.alloc(64, { zero: true });
    const words = block.view(BigUint64Array, 16, 2);
    words[1] = 0x1122334455667788n;
    expect(block.bytes.readBigUInt64LE(24)).toBe(0x1122334455667788n);
    block.view(DataView, 1, 4).setUint32(0, 0xdeadbeef);
    expect(block.bytes.readUInt32BE(1)).toBe(0xdeadbeef);
    expect(block.bytes).toBe(block.bytes);
  });

  test('a view reaches to the end unless told otherwise', () => {
    using block = DmaBuffer.alloc(18);
    expect(block.view(Uint32Array)).toHaveLength(4);
    expect(block.view(Uint16Array, 2)).toHaveLength(8);
    expect(block.view(Uint8Array, 18)).toHaveLength(0);
    expect(block.view(DataView, 3).byteLength).toBe(15);
  });

  test('a view in memory larger than a window is whole', () => {
    using block = DmaBuffer.alloc(9 * MiB, { zero: true });
    const words = block.view(Float64Array);
    words[words.length - 1] = Math.PI;
    expect(block.bytes.readDoubleLE(9 * MiB - 8)).toBe(Math.PI);
  });

  test('a view that is not inside, or not on a multiple of its element, is refused', () => {
    using block = DmaBuffer.alloc(64);
    expectRangeError(() => block.view(Uint32Array, 2));
    expectCode(() => block.view(Uint32Array, 0, 17), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => block.view(Uint8Array, 65), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => block.view(Uint8Array, -1));
    expectRangeError(() => block.view(Uint8Array, 0, -1));
  });
});

describe('share', () => {
  test('refers to the same bytes, and outlives what it came from', () => {
    const block = DmaBuffer.alloc(100);
    block.bytes.fill('a');
    using part = block.share(10, 20);
    block.bytes.fill('b', 10, 15);
    block.release();
    expect(part).toMatchObject({ length: 10, home: thisShard.id });
    expect(part.bytes.toString()).toBe('bbbbbaaaaa');
  });

  test('what is written through one reference stays when another is written, too', () => {
    const block = DmaBuffer.alloc(12);
    block.bytes.fill('a');
    const part = block.share(2, 10);
    const inner = part.share(2, 6);
    inner.bytes.fill('c');
    block.bytes.fill('b', 0, 2);
    part.bytes.fill('d', 6);
    using chain = new IoBuf().take(inner).take(part).take(block);
    expect(chain.toString()).toBe('cccc' + 'aaccccdd' + 'bbaaccccddaa');
  });

  test('says what its own address is aligned to', () => {
    using block = DmaBuffer.alloc(8192);
    const starts = [0, 4096, 512, 8, 1];
    const alignments = starts.map((start) => {
      using part = block.share(start);
      return part.alignment;
    });
    expect(alignments).toEqual([4096, 4096, 512, 8, 1]);
  });

  test('refuses ranges that are empty or not inside', () => {
    using block = DmaBuffer.alloc(16);
    expectCode(() => block.share(0, 17), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => block.share(4, 4));
    expectRangeError(() => block.share(5, 4));
    expectRangeError(() => block.share(-1));
    expectTypeError(() => block.share('0' as never));
  });
});

testOfZeroCopy('moving into a chain and sharing copy nothing', () => {
  const before = stats().ledger.copied;
  const block = DmaBuffer.alloc(4096);
  using shared = block.share();
  using chain = new IoBuf().take(block);
  expect(chain.length + shared.length).toBe(8192);
  expect(stats().ledger.copied).toEqual(before);
});

describe('a released DmaBuffer', () => {
  const uses: Record<string, (gone: DmaBuffer) => unknown> = {
    'show bytes': (gone) => gone.bytes,
    view: (gone) => gone.view(Uint8Array),
    share: (gone) => gone.share(),
    'say where its home is': (gone) => gone.home,
    'be taken': (gone) => {
      using chain = new IoBuf();
      return chain.take(gone);
    },
  };

  test.each(Object.keys(uses))('throws ERR_RELEASED when asked to %s', (use) => {
    const gone = DmaBuffer.alloc(10);
    gone.release();
    expect(thrownBy(() => uses[use]!(gone))).toEqual(corebufError('ERR_RELEASED'));
  });

  test('has length 0, and can be released again', () => {
    const gone = DmaBuffer.alloc(10);
    gone.release();
    gone.release();
    gone[Symbol.dispose]();
    expect(gone).toMatchObject({ length: 0, released: true });
  });
});

test('one that has been taken is released', () => {
  const block = DmaBuffer.alloc(10);
  using chain = new IoBuf().take(block);
  expect(block.released).toBe(true);
  expectCode(() => block.bytes, 'ERR_RELEASED');
  expect(chain.length).toBe(10);
});
