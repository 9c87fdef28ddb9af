// The content of a chain, whatever its fragments.
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';
import { chainOf } from '../support/chains';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked, liveHere } from '../support/shards';

expectNothingLeaked();

const KiB = 1024;

function shared(text: string): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(text.length);
  Buffer.from(buffer).write(text);
  return buffer;
}

describe('equals', () => {
  test('whatever the fragments', () => {
    using chain = chainOf('ab', 'c', 'defg');
    using same = chainOf('abcd', 'efg');
    using longer = IoBuf.from('abcdefgh');
    using other = chainOf('abc', 'xefg');
    expect(chain.equals(same)).toBe(true);
    expect(same.equals(chain)).toBe(true);
    expect(chain.equals(longer)).toBe(false);
    expect(chain.equals(other)).toBe(false);
  });

  test.each([
    ['a Buffer', Buffer.from('bytes')],
    ['a Uint16Array', new Uint16Array(Buffer.from('..bytes!').buffer.slice(0, 0))],
    ['a DataView', new DataView(Uint8Array.from(Buffer.from('.bytes')).buffer, 1)],
    ['an ArrayBuffer', Uint8Array.from(Buffer.from('bytes')).buffer],
    ['a SharedArrayBuffer', shared('bytes')],
    ['a view of a SharedArrayBuffer', new Uint8Array(shared('.bytes.'), 1, 5)],
  ])('compares with %s', (_, bytes) => {
    using chain = chainOf('by', 't', 'es');
    expect(chain.equals(bytes)).toBe(bytes.byteLength === 5);
    using empty = new IoBuf();
    expect(empty.equals(bytes)).toBe(bytes.byteLength === 0);
  });

  test('with itself and with its own views', () => {
    using chain = chainOf('ab', 'c');
    using empty = new IoBuf();
    expect(chain.equals(chain)).toBe(true);
    expect(chain.equals([...chain][0]!)).toBe(false);
    expect(empty.equals(empty)).toBe(true);
  });

  test('sees what was just appended', () => {
    using chain = IoBuf.from('a').append('b');
    using same = IoBuf.from('ab');
    same.append('c');
    chain.append('c');
    expect(chain.equals(same)).toBe(true);
    expect(chain.equals(Buffer.from('abc'))).toBe(true);
  });
});

describe('compare', () => {
  test.each([
    ['abc', 'abd', -1],
    ['abd', 'abc', 1],
    ['abc', 'abc', 0],
    ['abc', 'abcd', -1],
    ['abcd', 'abc', 1],
    ['\u00ff', 'a', 1],
    ['', 'a', -1],
    ['', '', 0],
  ] as const)('of %p with %p is %d, as Buffer.compare', (one, other, order) => {
    using chain = chainOf(...[...one].map((letter) => Buffer.from(letter, 'latin1').toString('latin1')));
    using beside = IoBuf.from(other);
    expect(chain.compare(beside)).toBe(order);
    expect(chain.compare(Buffer.from(other))).toBe(order);
    expect(Buffer.compare(chain.toBuffer(), beside.toBuffer())).toBe(order);
  });
});

describe('indexOf', () => {
  const text = 'the quick brown fox jumps over the lazy dog';

  const wantedTexts = ['the', 'quick brown', 'k b', 'g', '', 'cat', text, `${text}.`, 't'];
  test.each(wantedTexts)('finds %p where a Buffer does, from anywhere', (wanted) => {
    using chain = chainOf('the qui', 'c', 'k', ' brown fox jump', 's over the lazy d', 'og');
    const buffer = Buffer.from(text);
    for (let from = -text.length - 3; from <= text.length + 3; from++) {
      const place = buffer.indexOf(wanted, from);
      expect([from, chain.indexOf(wanted, from)]).toEqual([from, place]);
      expect(chain.indexOf(Buffer.from(wanted), from)).toBe(place);
      expect(chain.includes(wanted, from)).toBe(buffer.includes(wanted, from));
    }
  });

  test('of a byte by its value', () => {
    using chain = IoBuf.from(Uint8Array.of(0, 255, 128, 0, 255));
    expect(chain.indexOf(255)).toBe(1);
    expect(chain.indexOf(255, 2)).toBe(4);
    expect(chain.indexOf(7)).toBe(-1);
    for (const wrong of [-1, 256, 1.5, NaN]) expectRangeError(() => chain.indexOf(wrong));
  });

  test('of a text in an encoding', () => {
    using chain = IoBuf.from('zażółć', 'utf16le');
    expect(chain.indexOf('żó', 0, 'utf16le')).toBe(4);
    expect(chain.indexOf('7a', 0, 'hex')).toBe(0);
    expect(chain.indexOf('żó')).toBe(-1);
    expect(thrownBy(() => chain.indexOf('x', 0, 'klingon' as never))).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
  });

  test.each([16, 100, 5000, 40 * KiB])('of %d bytes across many fragments and in large ones', (length) => {
    const bytes = Buffer.alloc(200 * KiB, 'abcabcabd');
    const needle = Buffer.from(bytes.subarray(100 * KiB, 100 * KiB + length));
    needle[length - 1] = 0x78;
    bytes.set(needle, 150 * KiB - 7);
    for (const fragment of [1000, 1001, 7000, 70 * KiB, 200 * KiB]) {
      using chain = new IoBuf();
      for (let at = 0; at < bytes.length; at += fragment) chain.take(IoBuf.from(bytes.subarray(at, at + fragment)));
      expect(chain.indexOf(needle)).toBe(150 * KiB - 7);
      expect(chain.indexOf(needle, 150 * KiB - 6)).toBe(-1);
    }
  });

  test('of shared bytes', () => {
    using chain = IoBuf.from('abc');
    expect(chain.indexOf(new Uint8Array(shared('bc')))).toBe(1);
  });
});

test('startsWith and endsWith take texts, bytes and chains', () => {
  using chain = chainOf('ab', 'c', 'de');
  using start = chainOf('a', 'bc');
  using end = chainOf('cd', 'e');
  using longer = IoBuf.from('abcdef');
  const starts = ['', 'a', 'abc', 'abcde', Buffer.from('abcd'), new Uint8Array(shared('ab')), start, chain];
  const ends = ['', 'e', 'cde', 'abcde', Buffer.from('bcde'), end, chain];
  for (const yes of starts) expect(chain.startsWith(yes)).toBe(true);
  for (const no of ['b', 'abd', 'abcdef', Buffer.from('abcdx'), end, longer]) expect(chain.startsWith(no)).toBe(false);
  for (const yes of ends) expect(chain.endsWith(yes)).toBe(true);
  for (const no of ['d', 'xde', '.abcde', Buffer.from('xabcde'), start, longer]) expect(chain.endsWith(no)).toBe(false);
  expect(chain.startsWith('6162', 'hex')).toBe(true);
  expect(chain.endsWith('ZGU=', 'base64')).toBe(true);
});

test('at() is the byte at a position, from the end below 0, and undefined elsewhere', () => {
  using chain = chainOf('ab', 'c', 'de').append('f');
  const bytes = [...chain.toBuffer()];
  for (let index = -8; index < 8; index++) expect([index, chain.at(index)]).toEqual([index, bytes.at(index)]);
  using empty = new IoBuf();
  expect(empty.at(0)).toBeUndefined();
  for (const wrong of [0.5, NaN, Infinity]) expectRangeError(() => chain.at(wrong));
  expectTypeError(() => chain.at('0' as never));
});

test('xxhash64 is that of the bytes, whatever the fragments', () => {
  using chain = chainOf('Nobody inspects', ' the spammish ', 'repetition');
  expect(chain.xxhash64()).toBe(0xfbcea83c8a378bf1n);
  using seeded = chainOf('xx', 'hash');
  expect(seeded.xxhash64(20141025n)).toBe(0xb559b98d844e0635n);
  using empty = new IoBuf();
  expect(empty.xxhash64()).toBe(0xef46db3751d8e999n);
  expect(typeof empty.xxhash64(2n ** 64n - 1n)).toBe('bigint');
  for (const wrong of [-1n, 2n ** 64n]) expectRangeError(() => chain.xxhash64(wrong));
  expectTypeError(() => chain.xxhash64(1 as never));
});

describe('hexdump', () => {
  test('shows sixteen bytes a line', () => {
    using chain = chainOf('hello, world', '!\n\0\x7f', 'tail');
    expect(chain.hexdump().split('\n')).toEqual([
      '00000000  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 0a 00 7f  |hello, world!...|',
      '00000010  74 61 69 6c                                       |tail|',
    ]);
  });

  test('says what it left out', () => {
    using chain = IoBuf.from(Buffer.alloc(300));
    expect(chain.hexdump().split('\n')).toHaveLength(17);
    expect(chain.hexdump().split('\n').at(-1)).toBe('… 44 more bytes');
    expect(chain.hexdump(299).split('\n').at(-1)).toBe('… 1 more byte');
    expect(chain.hexdump(0)).toBe('… 300 more bytes');
    expect(chain.hexdump(1000)).not.toContain('more');
    using empty = new IoBuf();
    expect(empty.hexdump()).toBe('');
    expectRangeError(() => chain.hexdump(-1));
  });
});

describe('copy', () => {
  test('has the same bytes and shares none', () => {
    using chain = chainOf('ab', 'cd');
    using copy = chain.copy();
    chain.append('e');
    copy.append('x');
    expect(copy.toString()).toBe('abcdx');
    expect(chain.toString()).toBe('abcde');
  });

  test('frees a small share from the large buffer that it pins', () => {
    const large = IoBuf.from(Buffer.alloc(128 * KiB, 'l'));
    const share = large.share(5, 25);
    large.release();
    using copy = share.copy();
    const before = thisShard.memory.stats().used;
    share.release();
    expect(before - thisShard.memory.stats().used).toBeGreaterThanOrEqual(128 * KiB);
    expect(copy.toString()).toBe('l'.repeat(20));
  });

  test('of a large chain has no large fragment', () => {
    using block = new IoBuf().take(DmaBuffer.alloc(1024 * KiB, { zero: true }));
    using copy = block.copy();
    expect(copy.equals(block)).toBe(true);
    expect([...copy].every((view) => view.length <= 128 * KiB)).toBe(true);
  });
});

describe('clear and trimBack', () => {
  test('clear leaves an empty chain that can be used', () => {
    const before = liveHere();
    using chain = chainOf('ab', 'cd');
    const reader = chain.reader();
    expect(reader.readUInt8()).toBe(0x61);
    expect(chain.clear()).toBe(chain);
    expect([chain.length, chain.fragmentCount, chain.released]).toEqual([0, 0, false]);
    expect(liveHere()).toBe(before);
    reader.position = 0;
    expect(chain.append('xyz').toString()).toBe('xyz');
    expect(reader.readUInt8()).toBe(0x78);
  });

  test('trimBack gives up the end', () => {
    using chain = chainOf('ab', 'cd', 'ef').append('g');
    const reader = chain.reader();
    reader.skip(3);
    expect(reader.readUInt8()).toBe(0x64);
    expect(chain.trimBack(4)).toBe(chain);
    expect(chain.toString()).toBe('abc');
    expect(chain.append('xyz').toString()).toBe('abcxyz');
    reader.position = 3;
    expect(reader.readUInt8()).toBe(0x78);
    expect(chain.trimBack(0).trimBack(6).length).toBe(0);
    expectCode(() => chain.append('z').trimBack(2), 'ERR_OUT_OF_BOUNDS');
    expect(chain.toString()).toBe('z');
    expectRangeError(() => chain.trimBack(-1));
  });

  test('a share does not see what is appended behind a trimmed end', () => {
    using chain = IoBuf.from('abcdef');
    using share = chain.share();
    chain.trimBack(3).append('XYZ');
    expect(share.toString()).toBe('abcdef');
    expect(chain.toString()).toBe('abcXYZ');
  });
});

describe('mistakes', () => {
  const takesContent = ['equals', 'compare', 'startsWith', 'endsWith'] as const;

  test('what has been released says so, whichever side it is on', () => {
    const gone = IoBuf.from('gone');
    gone.release();
    using chain = IoBuf.from('here');
    for (const method of takesContent) {
      expect(thrownBy(() => chain[method](gone))).toMatchObject({ code: 'ERR_RELEASED', message: expect.stringMatching(/^this IoBuf has been released/) as string });
      expectCode(() => gone[method](chain), 'ERR_RELEASED');
      expectCode(() => gone[method](gone), 'ERR_RELEASED');
      expectCode(() => gone[method](Buffer.from('x')), 'ERR_RELEASED');
    }
    const looks = [() => gone.indexOf('x'), () => gone.includes(1), () => gone.at(0), () => gone.xxhash64(), () => gone.hexdump()];
    const changes = [() => gone.copy(), () => gone.clear(), () => gone.trimBack(0)];
    for (const call of [...looks, ...changes]) expectCode(call, 'ERR_RELEASED');
  });

  test('what is no content is refused', () => {
    using chain = IoBuf.from('x');
    for (const wrong of [undefined, null, 5, {}, [1], new Map()]) {
      for (const method of takesContent) expectTypeError(() => chain[method](wrong as never));
      if (typeof wrong !== 'number') expectTypeError(() => chain.indexOf(wrong as never));
    }
    expectTypeError(() => chain.equals('x' as never));
    expectRangeError(() => chain.indexOf('x', 0.5));
  });

  test('what only looks like bytes is refused, and lengths that lie do no harm', () => {
    using chain = IoBuf.from('abcdef');
    const fake = Object.create(Uint8Array.prototype, { length: { value: 3 }, byteLength: { value: 3 } }) as Uint8Array;
    const disguised = Object.setPrototypeOf(new DataView(new ArrayBuffer(3)), Uint8Array.prototype) as Uint8Array;
    const proxy = new Proxy(new Uint8Array(3), {});
    class Liar extends Uint8Array {
      override get length(): number {
        return -1e9;
      }
    }
    for (const wrong of [fake, proxy]) {
      for (const method of takesContent) expectTypeError(() => chain[method](wrong));
      expectTypeError(() => chain.indexOf(wrong));
    }
    for (const method of takesContent) expect(() => chain[method](disguised)).toThrow();
    const liar = new Liar(Buffer.from('def'));
    expect(chain.endsWith(liar)).toBe(true);
    expect(chain.equals(liar)).toBe(false);
    expect(chain.indexOf(liar)).toBe(3);
  });

  test('a getter that releases the chain is found out before anything is touched', () => {
    const chain = IoBuf.from('abcdef');
    class Releasing extends DataView<ArrayBuffer> {
      override get buffer(): ArrayBuffer {
        chain.release();
        return new ArrayBuffer(8);
      }
    }
    expect(thrownBy(() => chain.equals(new Releasing(new ArrayBuffer(8))))).toEqual(corebufError('ERR_RELEASED'));
  });
});
