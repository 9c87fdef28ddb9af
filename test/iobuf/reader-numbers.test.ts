// Every method of Buffer that reads a number, beside the reader's of the same name.
import { IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import { inFragments } from '../support/chains';
import { expectCode, expectRangeError, expectTypeError } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

type Number = number | bigint;
type Read = (reader: IoBufReader) => Number;

const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 64];
const endian = ['LE', 'BE'];
const BY_NAME: Record<string, number> = {
  ...{ readUInt8: 1, readUint8: 1, readInt8: 1 },
  ...sized(2, 'readUInt16', 'readUint16', 'readInt16'),
  ...sized(4, 'readUInt32', 'readUint32', 'readInt32', 'readFloat'),
  ...sized(8, 'readBigUInt64', 'readBigUint64', 'readBigInt64', 'readDouble'),
};
const BY_LENGTH = ['readUInt', 'readUint', 'readInt'].flatMap((name) => endian.map((end) => name + end));

/** Each bit pattern that is an edge for some type, in both byte orders, and then some. */
const sample = Buffer.concat([
  Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  Buffer.from('7fffffffffffffff8000000000000000ffffffffffffffff0000000000000080', 'hex'),
  Buffer.from('7fc000007f8000003f800000c000000080000000000000007ff0000000000000', 'hex'),
  Buffer.from('fedcba9876543210f0e1d2c3b4a59687', 'hex'),
]);

function sized(length: number, ...names: string[]): Record<string, number> {
  return Object.fromEntries(names.flatMap((name) => endian.map((end) => [name + end, length])));
}

function call(target: Buffer | IoBufReader, name: string, ...args: number[]): Number {
  return (target as unknown as Record<string, (...args: number[]) => Number>)[name]!(...args);
}

/** NaNs of any payload are one value to toBe. */
function expectNumbers(name: string, length: number, read: Read, expected: (at: number) => Number): void {
  for (const size of EDGES) {
    using chain = inFragments(sample, size);
    const reader = chain.reader();
    for (let first = 0; first < length; first++) {
      reader.position = first;
      for (let at = first; at + length <= sample.length; at += length) {
        if (!Object.is(read(reader), expected(at))) throw new Error(`${name} at ${at}, fragments of ${size}, differs`);
        expect(reader.position).toBe(at + length);
      }
    }
  }
}

/** With too few bytes nothing moves; with the rest appended or taken the same reader goes on. */
function expectWaits(length: number, read: Read, expected: Number): void {
  const append = (chain: IoBuf, more: Buffer): IoBuf => chain.append(more);
  const take = (chain: IoBuf, more: Buffer): IoBuf => chain.take(inFragments(more, 1));
  for (let there = 0; there < length; there++) {
    for (const add of [append, take]) {
      using chain = IoBuf.from(sample.subarray(0, there));
      const reader = chain.reader();
      expectCode(() => read(reader), 'ERR_OUT_OF_BOUNDS');
      expect(reader.position).toBe(0);
      for (let at = there; at < length; at++) {
        expectCode(() => read(reader), 'ERR_OUT_OF_BOUNDS');
        add(chain, sample.subarray(at, at + 1));
      }
      expect(read(reader)).toBe(expected);
      expect(reader.remaining).toBe(0);
    }
  }
}

describe.each(Object.entries(BY_NAME))('%s', (name, length) => {
  test('reads what Buffer reads, wherever fragments end', () => {
    expectNumbers(name, length, (reader) => call(reader, name), (at) => call(sample, name, at));
  });

  test('leaves the position until all its bytes are there', () => {
    expectWaits(length, (reader) => call(reader, name), call(sample, name, 0));
  });
});

describe.each(BY_LENGTH)('%s', (name) => {
  test.each([1, 2, 3, 4, 5, 6])('of %d bytes reads what Buffer reads, wherever fragments end', (length) => {
    expectNumbers(name, length, (reader) => call(reader, name, length), (at) => call(sample, name, at, length));
    expectWaits(length, (reader) => call(reader, name, length), call(sample, name, 0, length));
  });

  test('refuses other lengths', () => {
    using chain = IoBuf.from(sample);
    const reader = chain.reader();
    for (const length of [0, 7, -1, 1.5, NaN]) expectRangeError(() => call(reader, name, length));
    for (const length of [undefined, '1', 1n, null]) expectTypeError(() => call(reader, name, length as never));
    expect(reader.position).toBe(0);
  });
});

test('nothing that Buffer reads is missing', () => {
  const names = Object.getOwnPropertyNames(Buffer.prototype).filter((name) => name.startsWith('read'));
  expect(names.sort()).toEqual([...Object.keys(BY_NAME), ...BY_LENGTH].sort());
});

test('peekUInt8 reads a byte and leaves it the next one', () => {
  using chain = inFragments(sample.subarray(0, 20), 3);
  const reader = chain.reader();
  for (const byte of sample.subarray(0, 20)) {
    expect(reader.peekUInt8()).toBe(byte);
    expect(reader.peekUInt8()).toBe(byte);
    expect(reader.readUInt8()).toBe(byte);
  }
  expectCode(() => reader.peekUInt8(), 'ERR_OUT_OF_BOUNDS');
  expect(reader.position).toBe(20);
});
