// Bytes that come out of an IoBuf: copies, views and checksums.
import { inspect } from 'node:util';
import { DmaBuffer, IoBuf } from 'corebuf';
import { expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';
import { chainOf, copied, fragmentsOf } from '../support/chains';

expectNothingLeaked();

describe('copying out', () => {
  test('toBuffer() gives memory of its own', () => {
    using chain = chainOf('ab', 'cd');
    const copy = chain.toBuffer(1, 3);
    expect(copy.toString()).toBe('bc');
    copy.fill(0);
    expect(chain.toString()).toBe('abcd');
  });

  test('toString() keeps characters whole that lie across fragments', () => {
    const bytes = Buffer.from('aé€😀z');
    using chain = new IoBuf();
    for (const byte of bytes) chain.take(IoBuf.from(Buffer.of(byte)));
    expect(chain.fragmentCount).toBe(bytes.length);
    expect(chain.toString()).toBe('aé€😀z');
    expect(chain.toString('hex', 1, 3)).toBe('c3a9');
  });

  test('copyTo() copies what fits, and says how much', () => {
    using chain = chainOf('ab', 'cd', 'ef');
    const target = Buffer.alloc(4, '.');
    expect(chain.copyTo(target, 1)).toBe(3);
    expect(target.toString()).toBe('.abc');
    expect(chain.copyTo(target, 0, 4)).toBe(2);
    expect(target.toString()).toBe('efbc');
    expect(chain.copyTo(target, 4)).toBe(0);
    expect(chain.copyTo(target, 0, 1, 2)).toBe(1);
    expect(target.toString()).toBe('bfbc');
  });

  test('copyTo() its own memory behaves as if it went through another place', () => {
    using block = DmaBuffer.alloc(8);
    block.bytes.write('abcdefgh');
    using chain = new IoBuf().take(block.share());
    expect(chain.copyTo(block.bytes, 2, 0, 6)).toBe(6);
    expect(block.bytes.toString()).toBe('ababcdef');
  });

  testOfZeroCopy('counts as copyTo into slab memory, as toBuffer into JavaScript memory', () => {
    using chain = IoBuf.from('12345');
    using block = DmaBuffer.alloc(16);
    const before = copied();
    chain.copyTo(block.bytes);
    chain.copyTo(Buffer.alloc(3));
    chain.toBuffer();
    expect(copied()['copyTo']! - before['copyTo']!).toBe(5);
    expect(copied()['toBuffer']! - before['toBuffer']!).toBe(8);
    expect(copied()['append']).toBe(before['append']);
  });

  test('refuses what is not inside', () => {
    using chain = IoBuf.from('abc');
    const target = Buffer.alloc(2);
    expectCode(() => chain.toBuffer(0, 4), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => chain.toString('utf8', 4), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => chain.copyTo(target, 3), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => chain.copyTo(target, 0, 0, 4), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => chain.copyTo(target, -1));
    expectTypeError(() => chain.copyTo('target' as never));
    expectTypeError(() => chain.copyTo(new ArrayBuffer(4) as never));
    expect(thrownBy(() => chain.toString('klingon' as never))).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
  });
});

describe('iterating', () => {
  testOfZeroCopy('gives a zero-copy view of each fragment', () => {
    using chain = chainOf('ab', 'cd');
    const before = copied();
    const views = [...chain];
    expect(views.every((view) => Buffer.isBuffer(view))).toBe(true);
    views[1]!.write('X');
    expect(copied()).toEqual(before);
    expect(chain.toString()).toBe('abXd');
  });

  test('gives every fragment of a chain with more of them than one call describes', () => {
    using one = IoBuf.from('x');
    using chain = new IoBuf();
    for (let at = 0; at < 10_000; at++) chain.take(one.share());
    expect(chain.fragmentCount).toBe(10_000);
    expect([...chain]).toHaveLength(10_000);
  });

  test('views add nothing that equality or inspection could see', () => {
    using chain = IoBuf.from('abc');
    const [view] = [...chain];
    expect(view).toEqual(Buffer.from('abc'));
    expect(inspect(view)).toBe(inspect(Buffer.from('abc')));
    expect(Object.keys(view!.buffer)).toEqual([]);
  });

  test('still works after somebody has tried to transfer the memory of a view away', () => {
    using chain = IoBuf.from('abc');
    const [view] = [...chain];
    // Some versions of Node refuse this, some copy.
    try {
      structuredClone(view!.buffer, { transfer: [view!.buffer as ArrayBuffer] });
    } catch (error) {
      expect(error).toMatchObject({ name: 'DataCloneError' });
    }
    expect(fragmentsOf(chain)).toEqual(['abc']);
    expect(chain.append('d').toString()).toBe('abcd');
  });
});

describe('crc32c', () => {
  test('gives the check value of the standard, whatever the fragments', () => {
    using whole = IoBuf.from('123456789');
    using parts = chainOf('1', '2345', '6789');
    expect(whole.crc32c()).toBe(0xe3069283);
    expect(parts.crc32c()).toBe(0xe3069283);
  });

  test('goes on from a seed', () => {
    using head = IoBuf.from('1234');
    using tail = IoBuf.from('56789');
    expect(tail.crc32c(head.crc32c())).toBe(0xe3069283);
    using nothing = new IoBuf();
    expect(nothing.crc32c(7)).toBe(7);
  });

  test('refuses a seed that is no unsigned 32 bit integer', () => {
    using chain = new IoBuf();
    expectRangeError(() => chain.crc32c(-1));
    expectRangeError(() => chain.crc32c(2 ** 32));
    expectTypeError(() => chain.crc32c(1n as never));
  });
});
