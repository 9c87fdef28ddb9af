// Varints beside an encoder of their definition.
import { IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import { inFragments } from '../support/chains';
import { expectCode, expectRangeError } from '../support/errors';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

type Read = (reader: IoBufReader) => number | bigint;

const readUVarint: Read = (reader) => reader.readUVarint();
const readVarint: Read = (reader) => reader.readVarint();
const readUVarlong: Read = (reader) => reader.readUVarlong();
const readVarlong: Read = (reader) => reader.readVarlong();

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 64];

/** Seven bits a byte; filled up with bytes that say nothing, to `length`. */
function encode(value: bigint, length = 1): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80n || bytes.length + 1 < length; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  return Buffer.from(bytes);
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

/** Around every power of two below 2^bits: where encodings get longer, and where 32-bit arithmetic goes wrong. */
function edges(bits: number): bigint[] {
  const powers = Array.from({ length: bits + 1 }, (_, bit) => 1n << BigInt(bit));
  return [...new Set(powers.flatMap((power) => [power - 1n, power, power + 1n]))].filter((value) => value < 1n << BigInt(bits));
}

const signedEdges = (bits: number): bigint[] => edges(bits - 1).flatMap((value) => [value, -value - 1n]);

describe.each([
  ['readUVarint', readUVarint, edges(32), (value: bigint) => value, Number],
  ['readVarint', readVarint, signedEdges(32), zigzag, Number],
  ['readUVarlong', readUVarlong, edges(64), (value: bigint) => value, BigInt],
  ['readVarlong', readVarlong, signedEdges(64), zigzag, BigInt],
] as const)('%s', (name, read, values, encoded, as) => {
  const most = name.endsWith('int') ? 5 : 10;

  test.each(SIZES)('reads every edge of its range over fragments of %d bytes', (size) => {
    using chain = inFragments(Buffer.concat(values.map((value) => encode(encoded(value)))), size);
    const reader = chain.reader();
    for (const value of values) expect(read(reader)).toBe(as(value));
    expect(reader.remaining).toBe(0);
  });

  test('accepts encodings that are longer than needed, up to its limit', () => {
    for (let length = 1; length <= most; length++) {
      for (const size of SIZES) {
        using chain = inFragments(Buffer.concat([encode(encoded(1n), length), Buffer.of(0x7e)]), size);
        const reader = chain.reader();
        expect(read(reader)).toBe(as(1n));
        expect(reader.position).toBe(length);
      }
    }
  });

  test('refuses encodings beyond its limit, and leaves the position', () => {
    const bits = most === 5 ? 32n : 64n;
    const highest = Buffer.concat([Buffer.alloc(most - 1, 0x80), Buffer.of(0x7f)]);
    const wrong = [encode(0n, most + 1), encode(1n << bits), Buffer.alloc(most, 0xff), highest];
    for (const bytes of wrong) {
      for (const [size, behind] of SIZES.flatMap((size) => [[size, 0], [size, 20]] as const)) {
        using chain = inFragments(Buffer.concat([Buffer.of(1), bytes, Buffer.alloc(behind)]), size);
        const reader = chain.reader();
        expect(reader.readUInt8()).toBe(1);
        expectRangeError(() => read(reader));
        expect(reader.position).toBe(1);
        expect(reader.readUInt8()).toBe(bytes[0]);
      }
    }
  });

  test('leaves the position of one that is cut off, until the rest has come', () => {
    const value = values.at(-1)!;
    const bytes = encode(encoded(value));
    for (let there = 0; there < bytes.length; there++) {
      for (const size of SIZES) {
        using chain = inFragments(Buffer.concat([Buffer.of(1), bytes.subarray(0, there)]), size);
        const reader = chain.reader();
        expect(reader.readUInt8()).toBe(1);
        expectCode(() => read(reader), 'ERR_OUT_OF_BOUNDS');
        expect(reader.position).toBe(1);
        chain.append(bytes.subarray(there));
        expect(read(reader)).toBe(as(value));
        expect(reader.remaining).toBe(0);
      }
    }
  });

  test('looks at no byte behind the end, whatever lies in the slack', () => {
    using chain = IoBuf.from(Buffer.alloc(32, 0xff));
    using front = chain.share(0, 4);
    const reader = front.reader();
    expect(reader.readUInt8()).toBe(0xff);
    expectCode(() => read(reader), 'ERR_OUT_OF_BOUNDS');
    expect(reader.position).toBe(1);
  });
});

test('random varints of all kinds, one behind the other', () => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  for (let round = 0; round < 200; round++) {
    const expected: [Read, number | bigint][] = [];
    const bytes: Buffer[] = [];
    for (let count = random.upTo(100); count > 0; count--) {
      const bits = BigInt.asUintN(random.upTo(64), (BigInt(random.upTo(2 ** 32 - 1)) << 32n) | BigInt(random.upTo(2 ** 32 - 1)));
      const low = BigInt.asUintN(32, bits);
      const [read, value, code] = random.pick<[Read, number | bigint, bigint]>([
        [readUVarint, Number(low), low],
        [readVarint, Number(BigInt.asIntN(32, low)), zigzag(BigInt.asIntN(32, low))],
        [readUVarlong, bits, bits],
        [readVarlong, BigInt.asIntN(64, bits), zigzag(BigInt.asIntN(64, bits))],
      ]);
      expected.push([read, value]);
      bytes.push(encode(code));
    }
    using chain = inFragments(Buffer.concat(bytes), random.upTo(20) + 1);
    const reader = chain.reader();
    for (const [read, value] of expected) if (read(reader) !== value) expect(`another value than ${value}`).toBe('');
    expect(reader.remaining).toBe(0);
  }
});
