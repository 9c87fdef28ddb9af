import { DmaFile, IoBuf } from 'corebuf';
import type { Placeholder, ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from './fixtures/service';
import { chainOf, copied } from './support/chains';
import { expectCode, expectRangeError, expectTypeError } from './support/errors';
import { removeScratchAfterEach, scratchPath } from './support/scratch';
import { expectNothingLeaked, fixture, startGroup } from './support/shards';
import { testOfZeroCopy } from './support/views';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;

/** ab____yz, and the hole in it. */
function chainWithHole(): { chain: IoBuf; hole: Placeholder } {
  const chain = IoBuf.from('ab');
  const hole = chain.reserve(4);
  chain.append('yz');
  return { chain, hole };
}

function expectClosed(hole: Placeholder): void {
  expectCode(() => hole.write(Buffer.from('!')), 'ERR_RELEASED');
  expectCode(() => hole.write(Buffer.alloc(0)), 'ERR_RELEASED');
  expectCode(() => hole.bytes, 'ERR_RELEASED');
}

describe('reserve', () => {
  test('makes room that is part of the chain at once, and filled later', () => {
    const { chain, hole } = chainWithHole();
    expect(hole.length).toBe(4);
    expect(chain.length).toBe(8);
    expect(chain.fragmentCount).toBe(1);
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    hole.write(Buffer.from('cdef'));
    expect(chain.toString()).toBe('abcdefyz');
    chain.release();
  });

  test.each([1, 2, 500, 508, 509, 512, 513, 4096, 100_000, 128 * KiB])('of %d bytes is one zeroed piece, whatever lay there before', (length) => {
    for (let round = 0; round < 3; round++) IoBuf.from(Buffer.alloc(2 * length + 1000, 0xff)).release();
    using chain = IoBuf.from('1234');
    const hole = chain.reserve(length);
    expect(chain.length).toBe(4 + length);
    expect(chain.toBuffer(4).equals(Buffer.alloc(length))).toBe(true);
    const bytes = Buffer.alloc(length, 'h');
    hole.write(bytes);
    chain.append('end');
    expect(chain.toBuffer(4, 4 + length).equals(bytes)).toBe(true);
    const fragment = [...chain].find((view) => view.includes('h'))!;
    expect(fragment.toString('latin1').split('h').length - 1).toBe(length);
  });

  test('uses the slack where that is large enough, and a new fragment where it is not', () => {
    using chain = IoBuf.from(Buffer.alloc(500));
    chain.reserve(12);
    expect(chain.fragmentCount).toBe(1);
    chain.reserve(1);
    expect(chain.fragmentCount).toBe(2);
    chain.append(Buffer.alloc(700)).reserve(100);
    expect(chain.fragmentCount).toBe(3);
    expect(chain.length).toBe(500 + 12 + 1 + 700 + 100);
  });

  test('refuses lengths it does not have', () => {
    using chain = new IoBuf();
    for (const length of [0, -1, 1.5, NaN, 128 * KiB + 1, Infinity]) expectRangeError(() => chain.reserve(length));
    for (const length of ['4', undefined, null, 4n, { valueOf: () => 4 }]) expectTypeError(() => chain.reserve(length as never));
    expect(chain.length).toBe(0);
  });
});

describe('a placeholder', () => {
  test('is written in parts, in any order, and again', () => {
    const { chain, hole } = chainWithHole();
    hole.write(Buffer.from('f'), 3);
    hole.write(Buffer.from('de'), 1);
    expect(chain.toString()).toBe('ab\0defyz');
    hole.write(Buffer.from('cX'));
    hole.write(Buffer.alloc(0), 4);
    expect(chain.toString()).toBe('abcXefyz');
    chain.release();
  });

  test('refuses what is past its end, and writes none of it', () => {
    const { chain, hole } = chainWithHole();
    for (const [text, offset] of [['12345', 0], ['2', 4], ['123', 2], ['', 5]] as const) {
      expectCode(() => hole.write(Buffer.from(text), offset), 'ERR_OUT_OF_BOUNDS');
    }
    expectRangeError(() => hole.write(Buffer.from('1'), -1));
    expectRangeError(() => hole.write(Buffer.from('1'), 0.5));
    expectTypeError(() => hole.write(Buffer.from('1'), '0' as never));
    for (const bytes of ['1', 1, undefined, null, [1], Object.create(Uint8Array.prototype)]) expectTypeError(() => hole.write(bytes as never));
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    chain.release();
  });

  test('is not fooled by bytes that lie about their length', () => {
    const { chain, hole } = chainWithHole();
    const liar = Object.defineProperty(Buffer.alloc(3000, '!'), 'length', { value: 1 });
    expectCode(() => hole.write(liar), 'ERR_OUT_OF_BOUNDS');
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    chain.release();
  });

  testOfZeroCopy('shows its bytes, to be written with the methods of Buffer', () => {
    const { chain, hole } = chainWithHole();
    hole.bytes.writeUInt32BE(0x63646566);
    expect(hole.bytes).toEqual(Buffer.from('cdef'));
    expect(chain.toString()).toBe('abcdefyz');
    chain.release();
  });

  test('shows what was written', () => {
    const { chain, hole } = chainWithHole();
    expect(hole.bytes).toEqual(Buffer.alloc(4));
    hole.write(Buffer.from('cdef'));
    expect(hole.bytes).toEqual(Buffer.from('cdef'));
    chain.release();
  });

  test('counts its bytes in the ledger when they are written', () => {
    using chain = IoBuf.from('ab');
    const before = copied()['append']!;
    const hole = chain.reserve(8);
    expect(copied()['append']).toBe(before);
    hole.write(Buffer.alloc(5));
    expect(copied()['append']).toBe(before + 5);
  });

  test('is seen by a reader that has read the zeros', () => {
    const { chain, hole } = chainWithHole();
    const reader = chain.reader();
    expect(reader.skip(2).readUInt32BE()).toBe(0);
    hole.write(Buffer.from('cdef'));
    reader.position = 2;
    expect(reader.readUInt32BE()).toBe(0x63646566);
    chain.release();
  });

  const harmless: Record<string, (chain: IoBuf) => unknown> = {
    'appending bytes': (chain) => chain.append(Buffer.alloc(300_000)),
    'appending text and numbers': (chain) => chain.append('text').appendUInt32BE(1).appendUVarint(1n << 60n),
    'appending a chain': (chain) => chain.append(chain),
    'taking a chain': (chain) => chain.take(chainOf('one', 'two')),
    'reserving more': (chain) => chain.reserve(100_000).write(Buffer.from('x')),
    'reading it all': (chain) => [chain.toBuffer(), chain.toString(), chain.copyTo(Buffer.alloc(4)), chain.crc32c(), [...chain]],
    'reading with a reader': (chain) => chain.reader().readUInt32BE(),
  };

  test.each(Object.keys(harmless))('stays open through %s', (use) => {
    const { chain, hole } = chainWithHole();
    harmless[use]!(chain);
    hole.write(Buffer.from('cdef'));
    expect(chain.toString('latin1', 0, 8)).toBe('abcdefyz');
    chain.release();
  });

  const closing: Record<string, (chain: IoBuf) => unknown> = {
    'was released': (chain) => chain.release(),
    'was taken': (chain) => new IoBuf().append('0').take(chain).release(),
    'was copied into another and released': (chain) => new IoBuf().take(chain, { copyBelow: 1000 }).release(),
    'was shared': (chain) => chain.share().release(),
    'was shared beside it': (chain) => chain.share(0, 1).release(),
    'was shared by a reader': (chain) => chain.reader().share(1).release(),
    'was trimmed over it': (chain) => chain.trimFront(7),
    'was trimmed before it': (chain) => chain.trimFront(1),
    'lost its front': (chain) => chain.takeFront(3).release(),
    'got something in front': (chain) => chain.prepend('0'),
    'was coalesced': (chain) => chain.take(IoBuf.from('more')).coalesce(),
  };

  test.each(Object.keys(closing))('is closed for good once its chain %s', (use) => {
    const { chain, hole } = chainWithHole();
    closing[use]!(chain);
    expectClosed(hole);
    if (chain.released) return;
    const later = chain.reserve(3);
    expectClosed(hole);
    later.write(Buffer.from('XYZ'));
    expect(chain.toString().endsWith('XYZ')).toBe(true);
    expect(chain.toString()).not.toContain('!');
    chain.release();
  });

  test('is closed once its chain was sent to another shard', async () => {
    const group: ShardGroup<ServiceUnderTest> = await startGroup<ServiceUnderTest>(fixture('service'));
    const { chain, hole } = chainWithHole();
    const answer = group.on(1).echo(chain);
    expectClosed(hole);
    const back = (await answer) as IoBuf;
    expectClosed(hole);
    expect(back.toString()).toBe('ab\0\0\0\0yz');
    back.release();
  });

  test('is closed once its chain is being written to a file', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { direct: 'off' });
    using chain = IoBuf.from(Buffer.alloc(4092));
    const hole = chain.reserve(4);
    const written = file.write(0, chain).catch(() => 0);
    expectClosed(hole);
    await written;
    expectClosed(hole);
  });

  test('never writes into a share that was made before', () => {
    const { chain, hole } = chainWithHole();
    using share = chain.share();
    expectClosed(hole);
    chain.release();
    expectClosed(hole);
    expect(share.toString()).toBe('ab\0\0\0\0yz');
  });
});

test('many placeholders of one chain keep to themselves', () => {
  using chain = new IoBuf();
  const holes = Array.from({ length: 2000 }, (_, number) => {
    const hole = chain.reserve(1 + (number % 97));
    chain.append('|');
    return hole;
  });
  for (const [number, hole] of holes.entries()) hole.write(Buffer.alloc(hole.length, 65 + (number % 26)));
  expect(chain.toString()).toBe(holes.map((hole, number) => `${String.fromCharCode(65 + (number % 26)).repeat(hole.length)}|`).join(''));
});
