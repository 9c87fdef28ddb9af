// The same random operations on chains and on plain Buffers. COREBUF_SEED=n repeats a run.
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';
import type { IoBufReader, Placeholder } from 'corebuf';
import { thrownBy } from '../support/errors';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

const OPERATIONS = process.env.CI === undefined ? 50_000 : 200_000;
const PAIRS_MAX = 24;
const LENGTH_MAX = 192 * 1024;
const PIECE_MAX = 16 * 1024;
/** Longer chains are compared whole only now and then. */
const COMPARED_ALWAYS = 2048;

/** A chain, what must be in it, and a reader that has lived through some of its changes. */
interface Pair {
  readonly chain: IoBuf;
  model: Buffer;
  readonly reader: IoBufReader;
  readonly holes: Hole[];
}

/** A placeholder, and where its bytes are as long as it is open. */
interface Hole {
  readonly placeholder: Placeholder;
  readonly start: number;
}

type Operation = (random: Random, pair: Pair, pairs: Pair[]) => void;

const operations: Record<string, { readonly weight: number; readonly run: Operation }> = {
  appendBytes: { weight: 12, run: (random, pair) => appendBytes(pair, random.bytes(random.size(PIECE_MAX))) },
  appendString: {
    weight: 4,
    run(random, pair) {
      const text = random.bytes(random.size(200)).toString('latin1');
      const encoding = random.pick(['utf8', 'latin1', 'utf16le'] as const);
      pair.chain.append(text, encoding);
      pair.model = Buffer.concat([pair.model, Buffer.from(text, encoding)]);
    },
  },
  appendNumber: {
    weight: 8,
    run(random, pair) {
      const bytes = random.bytes(8);
      const number = bytes.readUInt32LE();
      const big = bytes.readBigUInt64LE();
      const appended: [() => IoBuf, Buffer][] = [
        [() => pair.chain.appendUInt8(bytes[0]!), bytes.subarray(0, 1)],
        [() => pair.chain.appendInt16BE(bytes.readInt16BE()), bytes.subarray(0, 2)],
        [() => pair.chain.appendUIntLE(bytes.readUIntLE(0, 3), 3), bytes.subarray(0, 3)],
        [() => pair.chain.appendUInt32LE(number), bytes.subarray(0, 4)],
        [() => pair.chain.appendBigUInt64LE(big), bytes],
        [() => pair.chain.appendUVarlong(big), varint(big)],
        [() => pair.chain.appendVarlong(BigInt(-number)), varint(BigInt(number) * 2n - (number === 0 ? 0n : 1n))],
        [() => pair.chain.appendUVarint(number), varint(BigInt(number))],
      ];
      const [append, expected] = random.pick(appended);
      append();
      pair.model = Buffer.concat([pair.model, expected]);
    },
  },
  prepend: {
    weight: 6,
    run(random, pair) {
      const bytes = random.bytes(random.size(random.upTo(20) === 0 ? PIECE_MAX : 64));
      pair.chain.prepend(bytes);
      pair.model = Buffer.concat([bytes, pair.model]);
      pair.holes.length = 0;
    },
  },
  prependChain: {
    weight: 2,
    run(random, pair, pairs) {
      const source = random.pick(pairs);
      pair.chain.prepend(source.chain);
      pair.model = Buffer.concat([source.model, pair.model]);
      pair.holes.length = 0;
    },
  },
  reserve: {
    weight: 4,
    run(random, pair) {
      const length = random.size(random.upTo(20) === 0 ? PIECE_MAX : 64) + 1;
      pair.holes.push({ placeholder: pair.chain.reserve(length), start: pair.model.length });
      pair.model = Buffer.concat([pair.model, Buffer.alloc(length)]);
    },
  },
  writeHole: {
    weight: 6,
    run(random, pair) {
      if (pair.holes.length === 0) return;
      const { placeholder, start } = random.pick(pair.holes);
      const offset = random.upTo(placeholder.length);
      const bytes = random.bytes(random.upTo(placeholder.length - offset));
      placeholder.write(bytes, offset);
      pair.model = Buffer.from(pair.model);
      pair.model.set(bytes, start + offset);
    },
  },
  coalesce: {
    weight: 2,
    run(_random, pair) {
      if (pair.chain.fragmentCount > 1) pair.holes.length = 0;
      expectSame(pair.chain.coalesce(), pair.model);
      expectEqual(pair.chain.fragmentCount, Math.min(pair.model.length, 1));
    },
  },
  appendView: {
    weight: 2,
    run(random, pair) {
      const bytes = new Uint8Array(random.bytes(random.upTo(30) * 4 + 4));
      const kinds = [new DataView(bytes.buffer, 1), new Uint16Array(bytes.buffer, 2), bytes.buffer];
      const data = random.pick(kinds);
      pair.chain.append(data);
      pair.model = Buffer.concat([pair.model, ArrayBuffer.isView(data) ? bytes.subarray(data.byteOffset) : bytes]);
    },
  },
  appendChain: {
    weight: 3,
    run(random, pair, pairs) {
      const source = random.pick(pairs);
      pair.chain.append(source.chain);
      pair.model = Buffer.concat([pair.model, source.model]);
    },
  },
  appendOwnView: {
    weight: 1,
    run(random, pair) {
      const views = [...pair.chain];
      if (views.length === 0) return;
      const view = random.pick(views);
      appendBytes(pair, view.subarray(random.upTo(view.length)));
    },
  },
  take: {
    weight: 6,
    run(random, pair, pairs) {
      const source = random.pick(pairs);
      if (source === pair) return;
      pair.chain.take(source.chain, random.upTo(1) === 0 ? undefined : { copyBelow: random.size(2000) });
      pair.model = Buffer.concat([pair.model, source.model]);
      expectEqual(source.chain.released, true);
      pairs.splice(pairs.indexOf(source), 1);
    },
  },
  takeDma: {
    weight: 2,
    run(random, pair) {
      const bytes = random.bytes(random.size(8192) + 1);
      const block = DmaBuffer.alloc(bytes.length, { alignment: random.pick([1, 16, 512, 4096]) });
      block.bytes.set(bytes);
      using kept = random.upTo(1) === 0 ? block.share() : undefined;
      void kept;
      pair.chain.take(block);
      pair.model = Buffer.concat([pair.model, bytes]);
    },
  },
  takeFront: {
    weight: 6,
    run(random, pair, pairs) {
      const length = position(random, pair.model.length);
      pairs.push(pairOf(pair.chain.takeFront(length), pair.model.subarray(0, length)));
      pair.holes.length = 0;
      pair.model = pair.model.subarray(length);
    },
  },
  share: {
    weight: 6,
    run(random, pair, pairs) {
      const [start, end] = range(random, pair.model.length);
      pairs.push(pairOf(pair.chain.share(start, end), pair.model.subarray(start, end)));
      pair.holes.length = 0;
    },
  },
  trimFront: {
    weight: 5,
    run(random, pair) {
      const length = position(random, pair.model.length);
      pair.chain.trimFront(length);
      pair.holes.length = 0;
      pair.model = pair.model.subarray(length);
    },
  },
  trimBack: {
    weight: 3,
    run(random, pair) {
      const length = position(random, pair.model.length);
      pair.chain.trimBack(length);
      pair.holes.length = 0;
      pair.model = pair.model.subarray(0, pair.model.length - length);
    },
  },
  clear: {
    weight: 1,
    run(_random, pair) {
      pair.chain.clear();
      pair.holes.length = 0;
      pair.model = Buffer.alloc(0);
    },
  },
  copy: { weight: 2, run: (_random, pair, pairs) => void pairs.push(pairOf(pair.chain.copy(), pair.model)) },
  release: {
    weight: 3,
    run(_random, pair, pairs) {
      pair.chain.release();
      pairs.splice(pairs.indexOf(pair), 1);
    },
  },
  toBuffer: {
    weight: 3,
    run(random, pair) {
      const [start, end] = range(random, pair.model.length);
      expectSame(pair.chain.toBuffer(start, end), pair.model.subarray(start, end));
    },
  },
  copyTo: {
    weight: 3,
    run(random, pair) {
      const [start, end] = range(random, pair.model.length);
      const targetStart = random.upTo(20);
      const target = Buffer.alloc(targetStart + random.upTo(2 * (end - start) + 1), '#');
      const expected = Buffer.from(target);
      const length = pair.model.copy(expected, targetStart, start, end);
      expectEqual(pair.chain.copyTo(target, targetStart, start, end), length);
      expectSame(target, expected);
    },
  },
  iterate: { weight: 2, run: (_random, pair) => expectSame(Buffer.concat([...pair.chain]), pair.model) },
  compare: {
    weight: 3,
    run(random, pair, pairs) {
      const other = random.pick(pairs);
      expectEqual(pair.chain.compare(other.chain), Buffer.compare(pair.model, other.model));
      expectEqual(pair.chain.compare(other.model), Buffer.compare(pair.model, other.model));
      expectEqual(pair.chain.equals(other.chain), pair.model.equals(other.model));
      const bytes = Buffer.from(pair.model);
      expectEqual(pair.chain.equals(bytes), true);
      if (bytes.length > 0) bytes[random.upTo(bytes.length - 1)]! ^= 1;
      expectEqual(pair.chain.equals(bytes), bytes.length === 0);
    },
  },
  indexOf: {
    weight: 4,
    run(random, pair) {
      const [start] = range(random, pair.model.length);
      const needle = Buffer.from(pair.model.subarray(start, start + random.size(random.upTo(10) === 0 ? 6000 : 30)));
      if (needle.length > 0 && random.upTo(2) === 0) needle[random.upTo(needle.length - 1)] = random.upTo(255);
      const from = position(random, pair.model.length) - random.upTo(1) * pair.model.length;
      expectEqual(pair.chain.indexOf(needle, from), pair.model.indexOf(needle, from));
      const byte = random.upTo(255);
      expectEqual(pair.chain.indexOf(byte, from), pair.model.indexOf(byte, from));
    },
  },
  edges: {
    weight: 2,
    run(random, pair) {
      const length = position(random, pair.model.length);
      using share = pair.chain.share(0, length);
      pair.holes.length = 0;
      const front = pair.model.subarray(0, length);
      const back = pair.model.subarray(pair.model.length - length);
      expectEqual(pair.chain.startsWith(front), true);
      expectEqual(pair.chain.startsWith(share), true);
      expectEqual(pair.chain.endsWith(back), true);
      expectEqual(pair.chain.endsWith(share), front.equals(back));
      const index = random.upTo(2 * pair.model.length + 2) - pair.model.length - 1;
      expectEqual(pair.chain.at(index), pair.model.at(index));
    },
  },
  xxhash64: {
    weight: 2,
    run(random, pair) {
      const seed = BigInt(random.upTo(2 ** 32));
      using whole = IoBuf.from(pair.model);
      expectEqual(pair.chain.xxhash64(seed), whole.xxhash64(seed));
    },
  },
  crc32c: { weight: 2, run: (_random, pair) => expectEqual(pair.chain.crc32c(), crc32c(pair.model)) },
  read: { weight: 20, run: (random, pair) => read(random, pair, pair.reader) },
  readFreshly: { weight: 5, run: (random, pair) => read(random, pair, pair.chain.reader()) },
};

const drawn = Object.values(operations).flatMap((operation) => Array.from({ length: operation.weight }, () => operation.run));

/** Reads of one kind or another, where the reader stands or at a place of their own. */
function read(random: Random, { model, holes }: Pair, reader: IoBufReader): void {
  if (reader.position > model.length || random.upTo(3) === 0) reader.position = position(random, model.length);
  for (let count = random.upTo(8); count > 0; count--) {
    const at = reader.position;
    const left = model.length - at;
    expectEqual(reader.remaining, left);
    const wanted = random.upTo(6) === 0 ? random.size(left) : Math.min(random.upTo(16), left);
    switch (random.upTo(7)) {
      case 0:
        expectRead(reader, at, left, 1, () => reader.readUInt8(), () => model.readUInt8(at));
        break;
      case 1:
      case 2:
        expectRead(reader, at, left, 4, () => reader.readUInt32BE(), () => model.readUInt32BE(at));
        break;
      case 3:
        expectRead(reader, at, left, 4, () => reader.readUInt32LE(), () => model.readUInt32LE(at));
        break;
      case 4:
        expectSame(reader.readBytes(wanted), model.subarray(at, at + wanted));
        break;
      case 5:
        expectEqual(reader.readString(wanted, 'latin1'), model.toString('latin1', at, at + wanted));
        break;
      case 6: {
        using shared = reader.share(wanted);
        holes.length = 0;
        expectSame(shared.toBuffer(), model.subarray(at, at + wanted));
        break;
      }
      default:
        reader.skip(wanted);
        expectEqual(reader.position, at + wanted);
    }
  }
}

function expectRead(reader: IoBufReader, at: number, left: number, size: number, ours: () => number, theirs: () => number): void {
  if (left >= size) {
    expectEqual(ours(), theirs());
    expectEqual(reader.position, at + size);
  } else {
    expect(thrownBy(ours)).toMatchObject({ code: 'ERR_OUT_OF_BOUNDS' });
    expectEqual(reader.position, at);
  }
}

function appendBytes(pair: Pair, bytes: Buffer): void {
  pair.model = Buffer.concat([pair.model, bytes]);
  pair.chain.append(bytes);
}

function pairOf(chain: IoBuf, model: Buffer): Pair {
  return { chain, model, reader: chain.reader(), holes: [] };
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value > 127n; value /= 128n) bytes.push(Number(value % 128n) + 128);
  return Buffer.from([...bytes, Number(value)]);
}

function position(random: Random, length: number): number {
  return random.upTo(1) === 0 ? random.upTo(length) : random.size(length);
}

function range(random: Random, length: number): [number, number] {
  const ends = [position(random, length), position(random, length)].sort((a, b) => a - b);
  return ends as [number, number];
}

/** The matchers are slow: they are only asked to say what is wrong. */
function expectSame(ours: Buffer, model: Buffer): void {
  if (!ours.equals(model)) expect(ours.toString('hex')).toBe(model.toString('hex'));
}

function expectEqual<T>(ours: T, model: T): void {
  if (ours !== model) expect(ours).toBe(model);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** CRC-32C a byte at a time, from its polynomial. */
function crc32c(bytes: Buffer): number {
  let rest = 0xffff_ffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ crcTable[(rest ^ byte) & 0xff]!;
  return ~rest >>> 0;
}

test(`${OPERATIONS} random operations do to chains what they do to Buffers`, () => {
  const random = new Random();
  console.info(`COREBUF_SEED=${random.seed}`);
  const live = thisShard.memory.stats().liveObjects;
  const pairs: Pair[] = [];
  for (let operation = 0; operation < OPERATIONS; operation++) {
    if (pairs.length === 0 || random.upTo(20) === 0) pairs.push(pairOf(new IoBuf(), Buffer.alloc(0)));
    const pair = random.pick(pairs);
    random.pick(drawn)(random, pair, pairs);
    while (pairs.length > PAIRS_MAX) pairs.splice(random.upTo(pairs.length - 1), 1)[0]!.chain.release();
    if (pair.chain.released) continue;
    if (pair.model.length > LENGTH_MAX) operations['trimFront']!.run(random, pair, pairs);
    expectEqual(pair.chain.length, pair.model.length);
    if (pair.model.length <= COMPARED_ALWAYS || operation % 64 === 0) expectSame(pair.chain.toBuffer(), pair.model);
  }
  for (const pair of pairs) {
    expectSame(pair.chain.toBuffer(), pair.model);
    pair.chain.release();
  }
  expectEqual(thisShard.memory.stats().liveObjects, live);
});
