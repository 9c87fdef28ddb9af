import { DmaBuffer, IoBuf, stats } from 'corebuf';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { testOfZeroCopy } from '../support/views';
import { chainOf, copied, fragmentsOf } from '../support/chains';

expectNothingLeaked();

const KiB = 1024;

describe('a new IoBuf', () => {
  test('is empty and takes no memory', () => {
    using chain = new IoBuf();
    expect(chain.length).toBe(0);
    expect(chain.fragmentCount).toBe(0);
    expect(chain.released).toBe(false);
    expect(chain.toBuffer()).toEqual(Buffer.alloc(0));
    expect([...chain]).toEqual([]);
  });

  test('made with from() holds a copy that later changes of the source do not reach', () => {
    const source = Buffer.from('abc');
    using chain = IoBuf.from(source);
    source.fill('x');
    expect(chain.toString()).toBe('abc');
  });
});

describe('append', () => {
  test.each([
    ['a Buffer', Buffer.from('bytes')],
    ['a string', 'bytes'],
    ['a Uint8Array', new Uint8Array([98, 121, 116, 101, 115])],
    ['a DataView', new DataView(Uint8Array.from([0, 98, 121, 116, 101, 115]).buffer, 1)],
    ['an ArrayBuffer', Uint8Array.from([98, 121, 116, 101, 115]).buffer],
    ['a SharedArrayBuffer', sharedBytes('bytes')],
    ['a Uint16Array', new Uint16Array(Uint8Array.from([0, 0, 98, 121, 116, 101, 115, 33]).buffer, 2, 3), 'bytes!'],
  ])('copies %s', (_, data, expected = 'bytes') => {
    using chain = new IoBuf();
    expect(chain.append(data)).toBe(chain);
    expect(chain.toString()).toBe(expected);
  });

  test.each(['utf8', 'latin1', 'utf16le', 'hex', 'base64', 'base64url', 'ascii'] as const)('encodes strings as %s', (encoding) => {
    using chain = IoBuf.from('0a1b', encoding);
    expect(chain.toBuffer()).toEqual(Buffer.from('0a1b', encoding));
    expect(chain.toString(encoding)).toBe(Buffer.from('0a1b', encoding).toString(encoding));
  });

  test('copies another chain, which stays as it is', () => {
    using source = chainOf('one', 'two');
    using chain = IoBuf.from('zero').append(source);
    expect(chain.toString()).toBe('zeroonetwo');
    expect(source.toString()).toBe('onetwo');
  });

  test('of a chain to itself doubles it', () => {
    using chain = chainOf('ab', 'cd');
    chain.append(chain);
    expect(chain.toString()).toBe('abcdabcd');
  });

  test('of its own view copies the bytes once', () => {
    using chain = IoBuf.from('abc');
    const [view] = [...chain];
    chain.append(view!).append(view!);
    expect(chain.toString()).toBe('abcabcabc');
  });

  test('of nothing changes nothing', () => {
    using chain = new IoBuf();
    chain.append('').append(Buffer.alloc(0)).append(new IoBuf());
    expect(chain.length).toBe(0);
    expect(chain.fragmentCount).toBe(0);
  });

  test('fills the slack of a fragment before it makes another', () => {
    using chain = new IoBuf();
    for (let at = 0; at < 100; at++) chain.append('0123');
    expect(chain.length).toBe(400);
    expect(chain.fragmentCount).toBe(1);
    expect(chain.toString()).toBe('0123'.repeat(100));
  });

  test('makes larger fragments the longer the chain is', () => {
    using chain = new IoBuf();
    const piece = Buffer.alloc(KiB, 'x');
    for (let at = 0; at < 4 * KiB; at++) chain.append(piece);
    expect(chain.length).toBe(4 * KiB * KiB);
    expect(chain.fragmentCount).toBeLessThan(80);
    expect([...chain].every((view) => view.length <= 128 * KiB)).toBe(true);
    expect(chain.toBuffer().equals(Buffer.alloc(4 * KiB * KiB, 'x'))).toBe(true);
  });

  test('counts each byte once in the ledger, whichever way it goes', () => {
    const before = copied()['append']!;
    using chain = IoBuf.from('1234');
    chain.append('56').append(chain);
    expect(chain.length).toBe(12);
    expect(copied()['append']! - before).toBe(12);
  });

  test('copies the bytes of a DmaBuffer, and refuses a released one', () => {
    const block = DmaBuffer.alloc(512);
    block.bytes.fill('d');
    using chain = new IoBuf().append(block);
    block.bytes.fill('e');
    expect(chain.toString()).toBe('d'.repeat(512));
    block.release();
    expectCode(() => chain.append(block), 'ERR_RELEASED');
  });

  test('refuses what is no bytes, and what is no encoding', () => {
    using chain = new IoBuf();
    for (const wrong of [undefined, null, 5, {}, [1, 2], new Map(), Symbol('s')]) expectTypeError(() => chain.append(wrong as never));
    expect(thrownBy(() => chain.append('x', 'klingon' as never))).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
    expectTypeError(() => IoBuf.from(7 as never));
    expect(() => IoBuf.from(chain as never)).toThrow('data must be a string, an ArrayBufferView or an ArrayBuffer; received an instance of IoBuf');
    expect(chain.length).toBe(0);
  });
});

describe('take', () => {
  testOfZeroCopy('moves the fragments and leaves the source released', () => {
    const source = chainOf('b', 'c');
    using chain = IoBuf.from('a');
    const before = stats().ledger;
    expect(chain.take(source)).toBe(chain);
    expect(fragmentsOf(chain)).toEqual(['a', 'b', 'c']);
    expect(source.released).toBe(true);
    expect(stats().ledger.copied).toEqual(before.copied);
    expect(stats().ledger.moved - before.moved).toBe(2);
  });

  test('moves a DmaBuffer in, whole', () => {
    const block = DmaBuffer.alloc(4096);
    block.bytes.fill('d');
    using chain = IoBuf.from('a').take(block).append('z');
    expect(block.released).toBe(true);
    expect(chain.toString()).toBe(`a${'d'.repeat(4096)}z`);
  });

  test('includes bytes that were just appended to either side', () => {
    const source = IoBuf.from('c').append('d');
    using chain = IoBuf.from('a').append('b');
    chain.take(source).append('e');
    expect(chain.toString()).toBe('abcde');
  });

  test('refuses the chain itself, what is no chain, and a released source', () => {
    using chain = IoBuf.from('a');
    expectRangeError(() => chain.take(chain));
    expectTypeError(() => chain.take('a' as never));
    const gone = IoBuf.from('b');
    gone.release();
    expectCode(() => chain.take(gone), 'ERR_RELEASED');
    expect(chain.toString()).toBe('a');
  });
});

describe('takeFront', () => {
  test.each([0, 1, 2, 3, 4, 6])('of %d bytes splits the chain there', (length) => {
    using chain = chainOf('ab', 'cd', 'ef');
    using front = chain.takeFront(length);
    expect(front.toString()).toBe('abcdef'.slice(0, length));
    expect(chain.toString()).toBe('abcdef'.slice(length));
  });

  test('copies nothing', () => {
    using chain = IoBuf.from('abcdef');
    const before = copied();
    using front = chain.takeFront(3);
    expect(front.length).toBe(3);
    expect(copied()).toEqual(before);
  });

  test('leaves two chains that can be appended to without either seeing it', () => {
    using chain = IoBuf.from('abcd');
    using front = chain.takeFront(2);
    front.append('X');
    chain.append('Y');
    expect(front.toString()).toBe('abX');
    expect(chain.toString()).toBe('cdY');
  });

  test('refuses more than there is, and what is no length', () => {
    using chain = IoBuf.from('abc');
    expectCode(() => chain.takeFront(4), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => chain.takeFront(-1));
    expectRangeError(() => chain.takeFront(1.5));
    expectTypeError(() => chain.takeFront('1' as never));
    expect(chain.toString()).toBe('abc');
  });
});

describe('share', () => {
  test('gives references that outlive the original', () => {
    const chain = chainOf('ab', 'cd', 'ef');
    using middle = chain.share(1, 5);
    chain.release();
    expect(fragmentsOf(middle)).toEqual(['b', 'cd', 'e']);
  });

  testOfZeroCopy('shows the same memory, not a copy', () => {
    using block = DmaBuffer.alloc(16);
    using chain = new IoBuf().take(block.share());
    using shared = chain.share(0, 4);
    block.bytes.write('seen');
    expect(shared.toString()).toBe('seen');
  });

  test('counts as shared in the ledger, not as copied', () => {
    using chain = IoBuf.from('x'.repeat(100));
    const before = stats().ledger;
    using shared = chain.share(10, 60);
    expect(stats().ledger.copied).toEqual(before.copied);
    expect(stats().ledger.shared).toBeGreaterThan(before.shared);
    expect(shared.length).toBe(50);
  });

  test('of everything, of nothing, and to the end', () => {
    using chain = chainOf('ab', 'cd');
    using all = chain.share();
    using nothing = chain.share(2, 2);
    using tail = chain.share(3);
    expect([all, nothing, tail].map(String)).toEqual(['abcd', '', 'd']);
  });

  test('never shows what is later appended to the other', () => {
    using chain = IoBuf.from('abc');
    using shared = chain.share();
    chain.append('X');
    shared.append('Y');
    chain.append('Z');
    expect(chain.toString()).toBe('abcXZ');
    expect(shared.toString()).toBe('abcY');
  });

  test('refuses ranges that are not inside', () => {
    using chain = IoBuf.from('abc');
    expectCode(() => chain.share(0, 4), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => chain.share(2, 1), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => chain.share(-1));
    expectTypeError(() => chain.share('0' as never));
  });
});

describe('trimFront', () => {
  test('gives up bytes, and whole fragments', () => {
    using chain = chainOf('ab', 'cd', 'ef');
    expect(chain.trimFront(3)).toBe(chain);
    expect(fragmentsOf(chain)).toEqual(['d', 'ef']);
    expect(chain.trimFront(3).length).toBe(0);
    expect(chain.append('new').toString()).toBe('new');
  });

  test('refuses more than there is', () => {
    using chain = IoBuf.from('abc');
    expectCode(() => chain.trimFront(4), 'ERR_OUT_OF_BOUNDS');
    expectRangeError(() => chain.trimFront(NaN));
    expect(chain.length).toBe(3);
  });
});

describe('a released IoBuf', () => {
  const uses: Record<string, (gone: IoBuf) => unknown> = {
    'append a string': (gone) => gone.append('x'),
    'append bytes': (gone) => gone.append(Buffer.of(1)),
    'append a chain': (gone) => gone.append(new IoBuf()),
    'append nothing': (gone) => gone.append(''),
    'be appended': (gone) => new IoBuf().append(gone),
    take: (gone) => gone.take(new IoBuf()),
    'be taken': (gone) => new IoBuf().take(gone),
    takeFront: (gone) => gone.takeFront(0),
    share: (gone) => gone.share(),
    trimFront: (gone) => gone.trimFront(0),
    iterate: (gone) => [...gone],
    reader: (gone) => gone.reader(),
    toBuffer: (gone) => gone.toBuffer(),
    'be text': (gone: IoBuf) => gone.toString(),
    copyTo: (gone) => gone.copyTo(Buffer.alloc(1)),
    crc32c: (gone) => gone.crc32c(),
  };

  test.each(Object.keys(uses))('throws ERR_RELEASED when asked to %s', (use) => {
    const gone = IoBuf.from('abc');
    gone.release();
    expect(thrownBy(() => uses[use]!(gone))).toEqual(corebufError('ERR_RELEASED'));
  });

  test('has length 0, and can be released again', () => {
    const gone = IoBuf.from('abc');
    gone.release();
    gone.release();
    gone[Symbol.dispose]();
    expect(gone.released).toBe(true);
    expect(gone.length).toBe(0);
    expect(gone.fragmentCount).toBe(0);
  });

  test('never stands for a chain that was made later in its place', () => {
    const gone = IoBuf.from('old');
    gone.release();
    // Slots come in blocks that are used again as a whole.
    const later = Array.from({ length: 2000 }, () => IoBuf.from('new'));
    expectCode(() => gone.append('x'), 'ERR_RELEASED');
    expect(later.every((chain) => chain.toString() === 'new')).toBe(true);
    for (const chain of later) chain.release();
  });
});

test('its memory goes back when `using` leaves its scope', () => {
  let outside: IoBuf;
  {
    using inside = IoBuf.from('abc');
    outside = inside;
    expect(outside.released).toBe(false);
  }
  expect(outside.released).toBe(true);
});

function sharedBytes(text: string): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(text.length);
  new Uint8Array(shared).set(Buffer.from(text));
  return shared;
}
