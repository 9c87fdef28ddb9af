// 64 KiB out of 1,000 fragments of 4 KiB, by reference.
import { DmaBuffer, IoBuf } from 'corebuf';
import type { Case } from '../harness/suite.js';
import type { BufferList, NewBufferList } from '../peers/buffer-list.js';
import { Chance } from './random.js';

const FRAGMENTS = 1000;
const FRAGMENT = 4096;
const SHARED = 64 * 1024;
const PLACES = 1024;

function sharingCase(what: string, chain: IoBuf, list: BufferList, places: readonly number[]): Case {
  return {
    kind: 'work',
    name: `share 64 KiB of 1,000 fragments, ${what}`,
    unit: 'ns',
    peerName: 'bl.shallowSlice',
    ours(count) {
      for (; count > 0; count--) {
        const start = places[count % places.length]!;
        chain.share(start, start + SHARED).release();
      }
    },
    peer(count) {
      for (; count > 0; count--) {
        const start = places[count % places.length]!;
        list.shallowSlice(start, start + SHARED);
      }
    },
  };
}

export function sharingCases(List: NewBufferList): Case[] {
  const chance = new Chance();
  const chain = new IoBuf();
  const list = new List();
  for (let at = 0; at < FRAGMENTS; at++) {
    const block = DmaBuffer.alloc(FRAGMENT);
    block.bytes.fill(at);
    list.append(Buffer.from(block.bytes));
    chain.take(block);
  }
  const middle = (FRAGMENTS / 2) * FRAGMENT + 100;
  const anywhere = Array.from({ length: PLACES }, () => Math.floor(chance.unit() * (chain.length - SHARED)));
  for (const start of [middle, ...anywhere]) {
    using shared = chain.share(start, start + SHARED);
    if (!shared.toBuffer().equals(list.shallowSlice(start, start + SHARED).slice())) throw new Error('bl shares other bytes');
  }
  return [sharingCase('in the middle', chain, list, [middle]), sharingCase('anywhere', chain, list, anywhere)];
}
