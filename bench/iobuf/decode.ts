// Integers, varints and doubles in turn, from fragments of 4 KiB.
import { DmaBuffer, IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';
import type { Case } from '../harness/suite.js';
import type { NewBufferList } from '../peers/buffer-list.js';
import { BufferListReader } from '../peers/buffer-list-reader.js';
import { ContiguousReader } from '../peers/contiguous.js';
import { Chance } from './random.js';

const FIELDS = 1_000_000;
/** From the middle: bl walks its list for each. */
const FIELDS_AT_OFFSETS = 10_000;
const KINDS = 10;
const FRAGMENT = 4096;
const BYTES_MAX = 10;

interface Encoded {
  readonly bytes: Buffer;
  readonly middle: number;
}

function encoded(): Encoded {
  const chance = new Chance();
  const bytes = Buffer.alloc(FIELDS * BYTES_MAX);
  let at = 0;
  let middle = 0;
  const bits = (most: number): number => Math.floor(2 ** (chance.unit() * most));
  const varint = (value: number): void => {
    for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes[at++] = (value % 0x80) | 0x80;
    bytes[at++] = value;
  };
  for (let count = 0; count < FIELDS; count += KINDS) {
    if (count === FIELDS / 2) middle = at;
    at = bytes.writeUInt8(bits(8) - 1, at);
    at = bytes.writeUInt16BE(bits(16) - 1, at);
    at = bytes.writeInt32BE(-bits(31), at);
    at = bytes.writeUInt32LE(bits(32) - 1, at);
    at = bytes.writeBigInt64BE(-BigInt(bits(53)), at);
    at = bytes.writeDoubleBE(chance.unit(), at);
    for (const most of [32, 14, 50, 20]) varint(bits(most) - 1);
  }
  return { bytes: bytes.subarray(0, at), middle };
}

/** One function for each side, made from this text: code that has met readers of several classes is slower for all of them. */
function decoder<Reader>(fields: number): (reader: Reader) => number {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- closures would share what V8 has learnt
  return new Function(
    'reader',
    `let sum = 0;
    for (let count = 0; count < ${fields}; count += ${KINDS}) {
      sum += reader.readUInt8() + reader.readUInt16BE() + reader.readInt32BE() + reader.readUInt32LE();
      sum += Number(reader.readBigInt64BE()) + reader.readDoubleBE();
      sum += reader.readUVarint() + reader.readVarint();
      sum += Number(reader.readUVarlong()) + Number(reader.readVarlong());
    }
    return sum;`,
  ) as (reader: Reader) => number;
}

/** With a decoder of its own, and always a reader alive: V8 drops code for classes that no object has. */
function sideOf<Reader>(fields: number, open: () => Reader): () => number {
  const decode = decoder<Reader>(fields);
  const last = { reader: open() };
  return () => decode((last.reader = open()));
}

function decodingCase(fields: number, what: string, ours: () => number, peerName: string, peer: () => number): Case {
  if (ours() !== peer()) throw new Error(`${peerName}: decodes to something else`);
  return { kind: 'work', name: `decode ${fields} fields${what}`, unit: 'µs', peerName, ours: times(ours), peer: times(peer) };
}

export function decodingCases(List: NewBufferList): Case[] {
  const { bytes, middle } = encoded();
  const chain = new IoBuf();
  const list = new List();
  for (let at = 0; at < bytes.length; at += FRAGMENT) {
    const piece = bytes.subarray(at, at + FRAGMENT);
    const block = DmaBuffer.alloc(piece.length);
    block.bytes.set(piece);
    chain.take(block);
    list.append(piece);
  }
  const some = FIELDS_AT_OFFSETS;
  const listAtMiddle = (): BufferListReader => new BufferListReader(list, middle);
  const all = sideOf<IoBufReader>(FIELDS, () => chain.reader());
  const fromMiddle = sideOf<IoBufReader>(some, () => chain.reader().skip(middle));
  return [
    decodingCase(some, ' from the middle', fromMiddle, 'bl.read… at offsets', sideOf(some, listAtMiddle)),
    decodingCase(FIELDS, '', all, 'bl.read… and consume', sideOf(FIELDS, () => new BufferListReader(list.duplicate()))),
    decodingCase(FIELDS, '', all, 'one contiguous Buffer', sideOf(FIELDS, () => new ContiguousReader(bytes))),
  ];
}

function times(side: () => number): (count: number) => void {
  return (count) => {
    for (; count > 0; count--) side();
  };
}
