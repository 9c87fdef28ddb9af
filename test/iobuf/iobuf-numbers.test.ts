// Numbers are appended as Buffer writes them, wherever the end of a fragment falls.
import { IoBuf } from 'corebuf';
import { corebufError, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

type Value = number | bigint;
type Method = (...args: Value[]) => unknown;

const FRAGMENT = 512;
/** No number is longer than ten bytes. */
const REMAINDERS = Array.from({ length: 12 }, (_, remainder) => remainder);

/** Every method of Buffer that writes a number, but for `write` itself: 'UInt8', 'uint8', … */
const names = Object.getOwnPropertyNames(Buffer.prototype)
  .filter((name) => /^write(U?[Ii]nt|Big|Float|Double)/.test(name))
  .map((name) => name.slice('write'.length));

/** Values to the edges of the range, and what lies just outside. */
function valuesFor(name: string): { good: Value[]; wrong: Value[]; args: number[] } {
  if (name.startsWith('Float')) return { good: [0, -0, 1.5, -Infinity, 3.4e38], wrong: [], args: [] };
  if (name.startsWith('Double')) return { good: [0, -0, Math.PI, Infinity, -5e-324, Number.MAX_VALUE], wrong: [], args: [] };
  const bits = name.startsWith('Big') ? 64 : Number(/\d+/.exec(name)?.[0] ?? 0);
  const signed = !/uint/i.test(name);
  if (bits === 64) {
    const [least, most] = signed ? [-(1n << 63n), (1n << 63n) - 1n] : [0n, (1n << 64n) - 1n];
    return { good: [least, most, 0n, 0x0102030405060708n], wrong: [least - 1n, most + 1n, 1n << 70n], args: [] };
  }
  return { ...integers(bits === 0 ? 48 : bits, signed), args: bits === 0 ? [6] : [] };
}

function integers(bits: number, signed: boolean): { good: number[]; wrong: number[] } {
  const [least, most] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return { good: [least, most, 0, 1, 100.75, Math.floor(most / 3), NaN], wrong: [least - 1, most + 1, Infinity, -Infinity] };
}

function method(of: IoBuf | Buffer, name: string): Method {
  const found = (of as unknown as Record<string, Method | undefined>)[`${of instanceof IoBuf ? 'append' : 'write'}${name}`];
  return found!.bind(of);
}

/** Bytes that Buffer writes. */
function written(name: string, value: Value, args: number[]): Buffer {
  const bytes = Buffer.alloc(8);
  const end = method(bytes, name)(value, 0, ...args) as number;
  return bytes.subarray(0, end);
}

/** A chain whose last fragment has this much slack. */
function chainWithSlack(remainder: number): IoBuf {
  return IoBuf.from(Buffer.alloc(FRAGMENT - remainder, 0xaa));
}

function expectAppended(append: (chain: IoBuf) => unknown, expected: Buffer): void {
  for (const remainder of REMAINDERS) {
    using chain = chainWithSlack(remainder);
    if (append(chain) !== chain) throw new Error('not chainable');
    const fragments = expected.length <= remainder ? 1 : 2;
    const bytes = chain.toBuffer(FRAGMENT - remainder);
    // The matchers are slow: they are only asked to say what is wrong.
    if (chain.fragmentCount === fragments && bytes.equals(expected)) continue;
    expect([remainder, chain.fragmentCount, bytes]).toEqual([remainder, fragments, expected]);
  }
}

test('every number that Buffer writes can be appended', () => {
  expect(names.length).toBeGreaterThanOrEqual(31);
  const missing = names.filter((name) => !(`append${name}` in IoBuf.prototype));
  expect(missing).toEqual([]);
});

describe.each(names)('append%s', (name) => {
  const { good, wrong, args } = valuesFor(name);

  test.each(good)('of %d appends what Buffer writes, at every distance from the end of a fragment', (value) => {
    expectAppended((chain) => method(chain, name)(value, ...args), written(name, value, args));
  });

  test('refuses what Buffer refuses, and appends nothing then', () => {
    for (const remainder of [0, 3, 8]) {
      using chain = chainWithSlack(remainder);
      for (const value of wrong) {
        expect(thrownBy(() => written(name, value, args))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
        expectRangeError(() => method(chain, name)(value, ...args));
      }
      expect(chain.length).toBe(FRAGMENT - remainder);
    }
  });

  test('refuses what is no number of its kind, without converting it', () => {
    using chain = chainWithSlack(20);
    const trap = { valueOf: () => chain.release() };
    const other = typeof good[0] === 'bigint' ? 1 : 1n;
    for (const value of [undefined, null, '1', true, {}, trap, other]) expectTypeError(() => method(chain, name)(value as never, ...args));
    expect(chain.length).toBe(FRAGMENT - 20);
  });
});

describe.each(['UIntLE', 'UIntBE', 'IntLE', 'IntBE', 'UintLE', 'UintBE'])('append%s', (name) => {
  test.each([1, 2, 3, 4, 5, 6])('writes %d bytes', (byteLength) => {
    const { good, wrong } = integers(byteLength * 8, name.startsWith('I'));
    for (const value of good) expectAppended((chain) => method(chain, name)(value, byteLength), written(name, value, [byteLength]));
    using chain = new IoBuf();
    for (const value of wrong) expectRangeError(() => method(chain, name)(value, byteLength));
    expect(chain.length).toBe(0);
  });

  test('refuses other lengths', () => {
    using chain = new IoBuf();
    for (const byteLength of [0, 7, -1, 1.5, NaN]) expectRangeError(() => method(chain, name)(1, byteLength));
    for (const byteLength of [undefined, '4', null]) expectTypeError(() => method(chain, name)(1, byteLength as never));
    expect(chain.length).toBe(0);
  });
});

/** Seven bits at a time, from the definition. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const group = Number(rest % 128n);
    rest /= 128n;
    bytes.push(rest > 0n ? group + 128 : group);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const edges = Array.from({ length: 65 }, (_, bit) => 1n << BigInt(bit)).flatMap((power) => [power - 1n, power, power + 1n]);

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

const asIs = (value: bigint): bigint => value;

type Varint = 'UVarint' | 'Varint' | 'UVarlong' | 'Varlong';

/** Each kind with its range, the number that its varint encodes, and the type of its values. */
const kinds: [name: Varint, least: bigint, most: bigint, encoded: (value: bigint) => bigint, as: (value: bigint) => Value][] = [
  ['UVarint', 0n, (1n << 32n) - 1n, asIs, Number],
  ['Varint', -(1n << 31n), (1n << 31n) - 1n, zigzag, Number],
  ['UVarlong', 0n, (1n << 64n) - 1n, asIs, asIs],
  ['Varlong', -(1n << 63n), (1n << 63n) - 1n, zigzag, asIs],
];

describe.each(kinds)('append%s', (name, least, most, encoded, as) => {
  const values = edges.flatMap((value) => [value, -value]).filter((value) => value >= least && value <= most);

  test('writes every edge of its range', () => {
    for (const value of values) expectAppended((chain) => method(chain, name)(as(value)), varint(encoded(value)));
  });

  test('writes what the reader of the same name reads', () => {
    using chain = new IoBuf();
    for (const value of values) method(chain, name)(as(value));
    const reader = chain.reader();
    expect(values.map(() => reader[`read${name}`]())).toEqual(values.map(as));
    expect(reader.remaining).toBe(0);
  });

  test('refuses values outside of its range, and appends nothing then', () => {
    using chain = new IoBuf();
    const noWholeNumbers = as === Number ? [0.5, NaN, Infinity] : [];
    for (const value of [as(least - 1n), as(most + 1n), ...noWholeNumbers]) expectRangeError(() => method(chain, name)(value));
    expect(chain.length).toBe(0);
  });

  test('refuses values of another type, and appends nothing then', () => {
    using chain = new IoBuf();
    const otherType = as === Number ? 1n : 1;
    for (const value of [otherType, '1', null, undefined, {}, { valueOf: () => chain.release() }]) {
      expectTypeError(() => method(chain, name)(value as never));
    }
    expect(chain.length).toBe(0);
  });
});

test('numbers follow each other through many fragments', () => {
  using chain = new IoBuf();
  const expected = Buffer.alloc(20_000 * 13);
  let end = 0;
  for (let number = 0; number < 20_000; number++) {
    chain.appendUInt8(number & 0xff).appendInt32LE(-number).appendDoubleBE(number / 3);
    end = expected.writeDoubleBE(number / 3, expected.writeInt32LE(-number, expected.writeUInt8(number & 0xff, end)));
  }
  expect(chain.length).toBe(end);
  expect(chain.toBuffer().equals(expected)).toBe(true);
});

test('a released chain takes no number', () => {
  const gone = new IoBuf();
  gone.release();
  for (const name of names) {
    const { good, args } = valuesFor(name);
    expect(thrownBy(() => method(gone, name)(good[0]!, ...args))).toEqual(corebufError('ERR_RELEASED'));
  }
});
