// Chains made piece by piece. bl keeps references to the pieces, which the caller may not touch again; ours are copied into slab
// memory, and so are Buffer.concat's.
import { IoBuf } from 'corebuf';
import type { Case, Work } from '../harness/suite.js';
import type { NewBufferList } from '../peers/buffer-list.js';

const PIECES = 1000;

function ourWork(pieces: readonly Buffer[]): Work {
  return (count) => {
    for (; count > 0; count--) {
      const chain = new IoBuf();
      for (const piece of pieces) chain.append(piece);
      chain.release();
    }
  };
}

function listWork(List: NewBufferList, pieces: readonly Buffer[]): Work {
  return (count) => {
    for (; count > 0; count--) {
      const list = new List();
      for (const piece of pieces) list.append(piece);
    }
  };
}

function concatWork(pieces: readonly Buffer[]): Work {
  return (count) => {
    for (; count > 0; count--) {
      const kept: Buffer[] = [];
      for (const piece of pieces) kept.push(piece);
      Buffer.concat(kept);
    }
  };
}

function piecesOf(size: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.alloc(size, at));
}

function expectSame(List: NewBufferList, pieces: readonly Buffer[]): void {
  using chain = new IoBuf();
  const list = new List();
  for (const piece of pieces) {
    chain.append(piece);
    list.append(piece);
  }
  if (!chain.toBuffer().equals(list.slice())) throw new Error('bl holds other bytes');
}

function appendCases(List: NewBufferList, size: number): Case[] {
  const pieces = piecesOf(size, PIECES);
  expectSame(List, pieces);
  const name = `${PIECES} appends of ${size} B`;
  const ours = ourWork(pieces);
  return [
    { kind: 'work', name, unit: 'µs', peerName: 'bl, which references', ours, peer: listWork(List, pieces) },
    { kind: 'work', name, unit: 'µs', peerName: 'Buffer.concat of the pieces', ours, peer: concatWork(pieces) },
  ];
}

export function appendingCases(List: NewBufferList): Case[] {
  const ten = piecesOf(1024, 10);
  const short: Case = {
    kind: 'work',
    name: 'new, 10 appends of 1 KiB, release',
    unit: 'ns',
    peerName: 'bl, which references',
    ours: ourWork(ten),
    peer: listWork(List, ten),
  };
  return [...[16, 512, 4096].flatMap((size) => appendCases(List, size)), short];
}
