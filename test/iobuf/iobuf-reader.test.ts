import { inspect } from 'node:util';
import { DmaBuffer, IoBuf, stats } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { inFragments } from '../support/chains';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();

const MiB = 2 ** 20;

const sample = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');

describe.each([1, 2, 3, 5, 16])('a reader over fragments of %d bytes', (size) => {
  test('reads integers wherever they lie', () => {
    using chain = inFragments(sample, size);
    const reader = chain.reader();
    expect(reader.readUInt8()).toBe(sample[0]);
    expect(reader.readUInt32BE()).toBe(sample.readUInt32BE(1));
    expect(reader.readUInt32LE()).toBe(sample.readUInt32LE(5));
    expect(reader.position).toBe(9);
    expect(reader.remaining).toBe(7);
  });

  test('reads strings, copies and shares wherever they lie', () => {
    using chain = inFragments(sample, size);
    const reader = chain.reader();
    expect(reader.readBytes(3)).toEqual(sample.subarray(0, 3));
    expect(reader.readString(4, 'hex')).toBe(sample.toString('hex', 3, 7));
    using shared = reader.share(5);
    expect(shared.toBuffer()).toEqual(sample.subarray(7, 12));
    expect(reader.skip(1).readUInt8()).toBe(sample[13]);
  });

  test('goes back and forth', () => {
    using chain = inFragments(sample, size);
    const reader = chain.reader();
    for (const position of [12, 0, 7, 3, 8, 11, 1]) {
      reader.position = position;
      expect(reader.readUInt32BE()).toBe(sample.readUInt32BE(position));
    }
  });
});

describe('a read past the end', () => {
  const reads: Record<string, (reader: IoBufReader) => unknown> = {
    readUInt32BE: (reader) => reader.readUInt32BE(),
    readUInt32LE: (reader) => reader.readUInt32LE(),
    'readBytes(4)': (reader) => reader.readBytes(4),
    'readString(4)': (reader) => reader.readString(4),
    'share(4)': (reader) => reader.share(4),
    'skip(4)': (reader) => reader.skip(4),
  };

  test.each(Object.keys(reads))('by %s throws ERR_OUT_OF_BOUNDS and leaves the position', (read) => {
    using chain = IoBuf.from('abcde');
    const reader = chain.reader();
    reader.position = 2;
    expectCode(() => reads[read]!(reader), 'ERR_OUT_OF_BOUNDS');
    expect(reader.position).toBe(2);
    expect(reader.readString(3)).toBe('cde');
    expectCode(() => reader.readUInt8(), 'ERR_OUT_OF_BOUNDS');
    expect(reader.position).toBe(5);
  });

  test('goes well once the bytes have been appended', () => {
    using chain = IoBuf.from('ab');
    const reader = chain.reader();
    expectCode(() => reader.readUInt32BE(), 'ERR_OUT_OF_BOUNDS');
    chain.append('cd');
    expect(reader.readUInt32BE()).toBe(0x61626364);
    chain.take(IoBuf.from('e'));
    expect(reader.readUInt8()).toBe(0x65);
  });
});

test('bytes that were appended to a fragment after it was read from are in their place, and so is what follows', () => {
  using chain = IoBuf.from('ab');
  const reader = chain.reader();
  expect(reader.readUInt8()).toBe(0x61);
  chain.append('cd').take(IoBuf.from('efgh'));
  expect(reader.readString(1)).toBe('b');
  expect(reader.readUInt8()).toBe(0x63);
  expect(reader.readUInt32BE()).toBe(0x64656667);
  expect(reader.readUInt8()).toBe(0x68);
});

test('has() tells whether a read would go well', () => {
  using chain = IoBuf.from('abc');
  const reader = chain.reader().skip(1);
  expect([0, 1, 2, 3].map((length) => reader.has(length))).toEqual([true, true, true, false]);
});

test('reads of nothing are well everywhere', () => {
  using chain = IoBuf.from('a');
  const reader = chain.reader().skip(1);
  expect(reader.readBytes(0)).toHaveLength(0);
  expect(reader.readString(0)).toBe('');
  expect(reader.skip(0).share(0).length).toBe(0);
});

test('after takeFront and trimFront positions count from the new front', () => {
  using chain = inFragments(sample, 3);
  const reader = chain.reader();
  expect(reader.readUInt8()).toBe(sample[0]);
  chain.trimFront(2);
  reader.position = 0;
  expect(reader.readUInt8()).toBe(sample[2]);
  chain.takeFront(3).release();
  reader.position = 1;
  expect(reader.readUInt32LE()).toBe(sample.readUInt32LE(6));
});

test('a position behind what a trim has left reads nothing until it is set back', () => {
  using chain = IoBuf.from('abcdef');
  const reader = chain.reader().skip(5);
  chain.trimFront(4);
  expect(reader.has(1)).toBe(false);
  expectCode(() => reader.readUInt8(), 'ERR_OUT_OF_BOUNDS');
  expectCode(() => reader.readBytes(0), 'ERR_OUT_OF_BOUNDS');
  reader.position = 0;
  expect(reader.readString(2)).toBe('ef');
});

test('readers of one chain do not disturb each other', () => {
  using chain = inFragments(sample, 3);
  const [one, other] = [chain.reader(), chain.reader().skip(4)];
  expect(one.readUInt32BE()).toBe(sample.readUInt32BE(0));
  expect(other.readUInt32BE()).toBe(sample.readUInt32BE(4));
  expect(one.readUInt32BE()).toBe(sample.readUInt32BE(4));
});

test('a chain of more fragments than one call describes is read to its end', () => {
  using byte = IoBuf.from('x');
  using chain = new IoBuf();
  for (let at = 0; at < 9_000; at++) chain.take(byte.share());
  const reader = chain.reader();
  for (let at = 0; at < 9_000; at += 4) expect(reader.readUInt32BE()).toBe(0x78787878);
  expect(reader.remaining).toBe(0);
});

test('a fragment larger than a window is read across the edge', () => {
  const length = 9 * MiB;
  const block = DmaBuffer.alloc(length, { zero: true });
  for (let edge = 0; edge < length; edge += MiB / 2) block.bytes.writeUInt32BE(edge + 1, Math.max(edge - 1, 0));
  using chain = new IoBuf().take(block);
  expect(chain.fragmentCount).toBe(1);
  const reader = chain.reader();
  for (let edge = 0; edge < length; edge += MiB / 2) {
    reader.position = Math.max(edge - 1, 0);
    expect(reader.readUInt32BE()).toBe(edge + 1);
  }
});

testOfZeroCopy('reading fields copies nothing that the ledger would count', () => {
  using chain = inFragments(sample, 16);
  const before = stats().ledger.copied;
  const reader = chain.reader();
  reader.readUInt8();
  reader.readUInt32BE();
  reader.share(4).release();
  expect(stats().ledger.copied).toEqual(before);
});

test('a shared part outlives the chain, the reader does not', () => {
  const chain = IoBuf.from('abcdef');
  const reader = chain.reader();
  using part = reader.share(3);
  chain.release();
  expect(part.toString()).toBe('abc');
  const uses: (() => unknown)[] = [
    () => reader.remaining,
    () => reader.has(0),
    () => reader.skip(0),
    () => (reader.position = 0),
    () => reader.readUInt8(),
    () => reader.readUInt32BE(),
    () => reader.readUInt32LE(),
    () => reader.readUVarint(),
    () => reader.readBytes(0),
    () => reader.readString(0),
    () => reader.share(0),
  ];
  for (const use of uses) expect(thrownBy(use)).toEqual(corebufError('ERR_RELEASED'));
});

describe('text', () => {
  const text = 'aé€𝄞 — ὦ 漢字 🐟';

  const encodings = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url'] as const;

  test.each(encodings)('in %s is decoded as if it lay in one piece', (encoding) => {
    const bytes = Buffer.from(text, encoding === 'utf16le' ? encoding : 'utf8');
    for (const size of [1, 2, 3, 4, 5, 7, bytes.length]) {
      using chain = inFragments(Buffer.concat([Buffer.of(1), bytes, Buffer.of(2)]), size);
      const reader = chain.reader().skip(1);
      expect(reader.readString(bytes.length, encoding)).toBe(bytes.toString(encoding));
      expect(reader.readUInt8()).toBe(2);
    }
  });

  test('is utf8 unless told otherwise', () => {
    using chain = inFragments(Buffer.from(text), 3);
    expect(chain.reader().readString(chain.length)).toBe(text);
  });

  testOfZeroCopy('is not copied where it lies in one fragment', () => {
    using chain = inFragments(Buffer.from('abcdefgh'), 4);
    const before = stats().ledger.copied;
    const reader = chain.reader();
    expect(reader.readString(3)).toBe('abc');
    expect(stats().ledger.copied).toEqual(before);
    expect(reader.readString(3)).toBe('def');
    expect(stats().ledger.copied).not.toEqual(before);
  });
});

test('a chain of many small fragments is read in pieces of all kinds, in any order', () => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 131) >> 3));
  using chain = inFragments(bytes, 7);
  const reader = chain.reader();
  for (let step = 0, at = 0; step < 3_000; step++, at = (at + 7_919) % (bytes.length - 30)) {
    reader.position = at;
    expect(reader.readUInt32BE()).toBe(bytes.readUInt32BE(at));
    using shared = reader.share(20);
    expect(shared.toBuffer().equals(bytes.subarray(at + 4, at + 24))).toBe(true);
    expect(reader.readUInt8()).toBe(bytes[at + 24]);
  }
});

test('a field that grows at the very end is read with the bytes it has then', () => {
  using chain = IoBuf.from('a');
  const reader = chain.reader();
  for (let length = 2; length < 2_000; length++) {
    chain.append(Buffer.of(length & 0xff));
    if (length % 8 === 0) expect(reader.readBigUInt64BE()).toBe(chain.toBuffer().readBigUInt64BE(length - 8));
  }
});

test('inspecting a reader shows where it is, and no bytes', () => {
  const chain = IoBuf.from('secret');
  const reader = chain.reader().skip(2);
  expect(inspect(reader)).toBe('IoBufReader { position: 2, remaining: 4 }');
  chain.release();
  expect(inspect(reader)).toBe('IoBufReader { released }');
});

test('positions and lengths that are none are refused', () => {
  using chain = IoBuf.from('abc');
  const reader = chain.reader();
  expectCode(() => (reader.position = 4), 'ERR_OUT_OF_BOUNDS');
  expectRangeError(() => (reader.position = -1));
  expectRangeError(() => reader.skip(0.5));
  expectTypeError(() => reader.readBytes('1' as never));
  expectRangeError(() => reader.share(-1));
  expect(thrownBy(() => reader.readString(1, 'klingon' as never))).toMatchObject({ code: 'ERR_UNKNOWN_ENCODING' });
  expect(reader.position).toBe(0);
});
