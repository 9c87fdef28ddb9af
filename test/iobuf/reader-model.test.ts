// Readers on chains that change meanwhile, beside Buffers that change alike. COREBUF_SEED=n repeats a run.
import { DmaBuffer, IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import { inFragments } from '../support/chains';
import { corebufError, thrownBy } from '../support/errors';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

const ROUNDS = 300;
const CHANGES = 40;
const READS = 20;
const LENGTH_MAX = 3000;
const NUMBERS = { UInt8: 1, Int8: 1, UInt16: 2, Int16: 2, UInt32: 4, Int32: 4, Float: 4, BigUInt64: 8, BigInt64: 8, Double: 8 };
const ENCODINGS = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url'] as const;

const numbers = Object.entries(NUMBERS).flatMap(([name, length]) =>
  (length === 1 ? [''] : ['LE', 'BE']).map((end) => ({ name: `read${name}${end}`, length })),
);

/** Two readers, which disturb each other least of all. */
interface Pair {
  readonly chain: IoBuf;
  readonly readers: readonly IoBufReader[];
  model: Buffer;
}

type Change = (random: Random, pair: Pair) => void;

const changes: readonly Change[] = [
  (random, pair) => {
    const bytes = random.bytes(random.size(300));
    pair.chain.append(bytes);
    pair.model = Buffer.concat([pair.model, bytes]);
  },
  (random, pair) => {
    const bytes = random.bytes(random.size(300));
    pair.chain.take(inFragments(bytes, random.upTo(12) + 1));
    pair.model = Buffer.concat([pair.model, bytes]);
  },
  (random, pair) => {
    const bytes = random.bytes(random.upTo(40));
    const block = DmaBuffer.alloc(bytes.length + 1);
    block.bytes.set(bytes);
    pair.chain.take(block);
    pair.model = Buffer.concat([pair.model, bytes, Buffer.from(pair.chain.toBuffer(pair.chain.length - 1))]);
  },
  (random, pair) => {
    const length = random.size(pair.model.length);
    pair.chain.trimFront(length);
    pair.model = pair.model.subarray(length);
  },
  (random, pair) => {
    const length = random.size(pair.model.length);
    using front = pair.chain.takeFront(length);
    if (!front.toBuffer().equals(pair.model.subarray(0, length))) throw new Error('takeFront differs');
    pair.model = pair.model.subarray(length);
  },
  (random, pair) => {
    const start = random.upTo(pair.model.length);
    pair.chain.share(start).release();
  },
];

function expectSame(what: string, ours: unknown, model: unknown): void {
  if (!Object.is(ours, model)) throw new Error(`${what} is ${String(ours)} instead of ${String(model)}`);
}

/** One read of `length` bytes and what it must return. */
interface Expected {
  readonly what: string;
  readonly length: number;
  readonly read: () => unknown;
  readonly value: unknown;
}

/** Both ends of the bargain: the value and the new position, or the error and the old one. */
function expectRead(reader: IoBufReader, left: number, { what, length, read, value }: Expected): void {
  const at = reader.position;
  if (length <= left) {
    expectSame(`${what} of ${length} at ${at}`, read(), value);
    expectSame(`position after ${what}`, reader.position, at + length);
  } else {
    expect(thrownBy(read)).toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    expectSame(`position after a vain ${what}`, reader.position, at);
  }
}

function somethingToRead(random: Random, reader: IoBufReader, model: Buffer): Expected {
  const at = reader.position;
  const length = random.upTo(3) === 0 ? random.upTo(model.length - at + 2) : random.upTo(20);
  const hex = model.toString('hex', at, at + length);
  switch (random.upTo(8)) {
    case 0:
      return { what: 'readBytes', length, read: () => reader.readBytes(length).toString('hex'), value: hex };
    case 1: {
      const encoding = random.pick(ENCODINGS);
      const value = model.toString(encoding, at, at + length);
      return { what: encoding, length, read: () => reader.readString(length, encoding), value };
    }
    case 2:
      return { what: 'share', length, read: () => hexOf(reader.share(length)), value: hex };
    case 3:
      return { what: 'skip', length, read: () => reader.skip(length), value: reader };
    default: {
      const number = random.pick(numbers);
      const read = (reader as unknown as Record<string, () => unknown>)[number.name]!.bind(reader);
      const value = number.length <= model.length - at ? readOf(model, number.name, at) : undefined;
      return { what: number.name, length: number.length, read, value };
    }
  }
}

function hexOf(chain: IoBuf): string {
  using shared = chain;
  return shared.toBuffer().toString('hex');
}

function readOf(model: Buffer, name: string, at: number): unknown {
  return (model as unknown as Record<string, (at: number) => unknown>)[name]!(at);
}

function readSomething(random: Random, reader: IoBufReader, model: Buffer): void {
  if (reader.position > model.length || random.upTo(4) === 0) reader.position = random.upTo(model.length);
  const left = model.length - reader.position;
  expectSame('remaining', reader.remaining, left);
  expectSame('has', reader.has(left + 1), false);
  expectRead(reader, left, somethingToRead(random, reader, model));
}

function empty(pair: Pair): void {
  pair.chain.trimFront(pair.model.length);
  pair.model = Buffer.alloc(0);
}

test(`${ROUNDS} chains are read right while they are appended to, trimmed, taken from and shared`, () => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  for (let round = 0; round < ROUNDS; round++) {
    const chain = new IoBuf();
    const pair: Pair = { chain, readers: [chain.reader(), chain.reader()], model: Buffer.alloc(0) };
    for (let change = 0; change < CHANGES; change++) {
      if (pair.model.length > LENGTH_MAX) empty(pair);
      random.pick(changes)(random, pair);
      for (let count = random.upTo(READS); count > 0; count--) readSomething(random, random.pick(pair.readers), pair.model);
    }
    chain.release();
    for (const reader of pair.readers) expect(thrownBy(() => reader.readUInt8())).toEqual(corebufError('ERR_RELEASED'));
  }
});
