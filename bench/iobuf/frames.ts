// A byte stream in chunks as a socket gives them, cut into length-prefixed records. Ours links each chunk, as bl does, or copies it
// once, into slab memory that a disk can write; its records are references. Those of bl are references or, as one Buffer each, copies.
import { IoBuf } from 'corebuf';
import type { Case } from '../harness/suite.js';
import type { BufferList, NewBufferList } from '../peers/buffer-list.js';
import { Chance } from './random.js';

const KiB = 1024;
const STREAM = 8 * KiB * KiB;
const PREFIX = 4;

/** The work for each record. The sum of all results shows that both sides cut alike. */
type Framer = () => number;

function chunksOfRecords(): Buffer[] {
  const chance = new Chance();
  const records: Buffer[] = [];
  for (let length = 0; length < STREAM; length += records.at(-1)!.length) {
    const record = Buffer.alloc(PREFIX + chance.size(100, 200 * KiB), records.length);
    record.writeUInt32BE(record.length - PREFIX);
    records.push(record);
  }
  const stream = Buffer.concat(records);
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += chunks.at(-1)!.length) {
    chunks.push(stream.subarray(at, at + chance.size(KiB, 64 * KiB)));
  }
  return chunks;
}

/** Depends on the record's length and, a little, on its bytes. */
function sumOf(length: number, first: number): number {
  return length * 256 + first;
}

function ourFramer(chunks: readonly Buffer[], add: (chain: IoBuf, chunk: Buffer) => void): Framer {
  return () => {
    let sum = 0;
    let length = -1;
    const chain = new IoBuf();
    for (const chunk of chunks) {
      add(chain, chunk);
      for (;;) {
        if (length < 0) {
          if (chain.length < PREFIX) break;
          length = chain.reader().readUInt32BE();
          chain.trimFront(PREFIX);
        }
        if (chain.length < length) break;
        const record = chain.takeFront(length);
        sum += sumOf(length, record.reader().peekUInt8());
        record.release();
        length = -1;
      }
    }
    chain.release();
    return sum;
  };
}

function listFramer(List: NewBufferList, chunks: readonly Buffer[], cut: (list: BufferList, end: number) => unknown): Framer {
  return () => {
    let sum = 0;
    const list = new List();
    for (const chunk of chunks) {
      list.append(chunk);
      while (list.length >= PREFIX) {
        const length = list.readUInt32BE(0);
        if (list.length < PREFIX + length) break;
        sum += sumOf(length, list.get(PREFIX)!);
        cut(list, PREFIX + length);
        list.consume(PREFIX + length);
      }
    }
    return sum;
  };
}

function concatFramer(chunks: readonly Buffer[]): Framer {
  return () => {
    let sum = 0;
    let rest = Buffer.alloc(0);
    for (const chunk of chunks) {
      rest = Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= PREFIX) {
        const length = rest.readUInt32BE(at);
        if (rest.length - at < PREFIX + length) break;
        sum += sumOf(length, rest[at + PREFIX]!);
        rest.subarray(at + PREFIX, at + PREFIX + length);
        at += PREFIX + length;
      }
      rest = rest.subarray(at);
    }
    return sum;
  };
}

export function framingCases(List: NewBufferList): Case[] {
  const chunks = chunksOfRecords();
  const linked = ourFramer(chunks, (chain, chunk) => chain.wrap(chunk));
  const copied = ourFramer(chunks, (chain, chunk) => chain.append(chunk));
  const concat = concatFramer(chunks);
  const rows: [string, Framer, string, Framer][] = [
    ['chunks linked', linked, 'bl, slice', listFramer(List, chunks, (list, end) => list.slice(PREFIX, end))],
    ['chunks linked', linked, 'bl, shallowSlice', listFramer(List, chunks, (list, end) => list.shallowSlice(PREFIX, end))],
    ['chunks linked', linked, 'Buffer.concat per chunk', concat],
    ['chunks copied once', copied, 'Buffer.concat per chunk', concat],
  ];
  return rows.map(([how, ours, peerName, peer]) => {
    if (ours() !== peer()) throw new Error(`${peerName} cuts other records`);
    return { kind: 'work', name: `cut 8 MiB into records, ${how}`, unit: 'µs', peerName, ours: times(ours), peer: times(peer) };
  });
}

function times(framer: Framer): (count: number) => void {
  return (count) => {
    for (; count > 0; count--) framer();
  };
}
