// What is asked of all bytes of a chain, beside the same of one Buffer that somebody has flattened before.
import { crc32c } from '@node-rs/crc32';
import { DmaBuffer, IoBuf } from 'corebuf';
import type { Case } from '../harness/suite.js';
import { Chance } from './random.js';

const MiB = 2 ** 20;

/** Random bytes in so many fragments. */
function filled(length: number, fragments: number): IoBuf {
  const chance = new Chance();
  const chain = new IoBuf();
  for (let made = 0; made < fragments; made++) {
    const block = DmaBuffer.alloc(length / fragments);
    for (let at = 0; at < block.length; at += 4) block.bytes.writeUInt32LE(Math.floor(chance.unit() * 2 ** 32), at);
    chain.take(block);
  }
  return chain;
}

export function checksumCases(): Case[] {
  const chain = filled(MiB, 64);
  const flat = chain.toBuffer();
  const target = Buffer.alloc(MiB);
  const expected = crc32c(flat);
  const expectSame = (got: number): void => {
    if (got !== expected) throw new Error('the checksums differ');
  };
  const named = { kind: 'work', name: 'crc32c of 1 MiB in 64 fragments', unit: 'GB/s', bytes: MiB } as const;
  const ours = (count: number): void => {
    for (; count > 0; count--) expectSame(chain.crc32c());
  };
  return [
    {
      ...named,
      peerName: '@node-rs/crc32 on the flat bytes',
      ours,
      peer(count) {
        for (; count > 0; count--) expectSame(crc32c(flat));
      },
    },
    {
      ...named,
      peerName: 'copying the flat bytes: memory itself',
      ours,
      peer(count) {
        for (; count > 0; count--) target.set(flat);
      },
    },
  ];
}
