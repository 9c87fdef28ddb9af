// A byte stream in chunks as a socket gives them, cut into length-prefixed records. Ours copies each chunk once, into slab
// memory, and cuts records out as references; bl references the chunks, and its records are references or, as one Buffer each,
// copies.
import { IoBuf } from 'corebuf';
import type { Case } from '../harness/suite.js';
import type { BufferList, NewBufferList } from '../peers/buffer-list.js';
import { Chance } from './random.js';

const KiB = 1024;
const STREAM = 8 * KiB * KiB;
const PREFIX = 4;

/** What is done with each record; the sum of all results tells that both sides cut alike. */
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

function ourFramer(chunks: readonly Buffer[]): Framer {
  return () => {
    let sum = 0;
    const chain = new IoBuf();
    const reader = chain.reader();
    for (const chunk of chunks) {
      chain.append(chunk);
      let done = 0;
      while (reader.has(PREFIX)) {
        const length = reader.readUInt32BE();
        if (!reader.has(length)) break;
        sum += sumOf(length, reader.peekUInt8());
        reader.share(length).release();
        done = reader.position;
      }
      chain.trimFront(done);
      reader.position = 0;
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
  const ours = ourFramer(chunks);
  const peers: [string, Framer][] = [
    ['bl, shallowSlice', listFramer(List, chunks, (list, end) => list.shallowSlice(PREFIX, end))],
    ['bl, slice', listFramer(List, chunks, (list, end) => list.slice(PREFIX, end))],
    ['Buffer.concat per chunk', concatFramer(chunks)],
  ];
  return peers.map(([peerName, peer]) => {
    if (ours() !== peer()) throw new Error(`${peerName} cuts other records`);
    return { kind: 'work', name: 'cut 8 MiB into records', unit: 'µs', peerName, ours: times(ours), peer: times(peer) };
  });
}

function times(framer: Framer): (count: number) => void {
  return (count) => {
    for (; count > 0; count--) framer();
  };
}
