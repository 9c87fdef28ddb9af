// Questions about all bytes of a chain (checksum, search, comparison), beside the same for one flat Buffer.
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

/** Compares a chain with the flat bytes it equals, and searches it for a needle that it does not contain. */
export function searchingCases(): Case[] {
  const length = 4 * MiB;
  const chain = filled(length, 256);
  const flat = chain.toBuffer();
  const other = Buffer.from(flat);
  const needle = Buffer.from('nowhere in random bytes');
  const equal = (same: boolean): void => {
    if (!same) throw new Error('the bytes differ');
  };
  const absent = (index: number): void => {
    if (index !== -1) throw new Error('the needle was found');
  };
  return [
    {
      kind: 'work',
      name: 'equals, 4 MiB in 256 fragments',
      unit: 'GB/s',
      bytes: length,
      peerName: 'Buffer.equals on the flat bytes',
      ours(count) {
        for (; count > 0; count--) equal(chain.equals(flat));
      },
      peer(count) {
        for (; count > 0; count--) equal(other.equals(flat));
      },
    },
    {
      kind: 'work',
      name: 'indexOf of what is absent, 4 MiB in 256 fragments',
      unit: 'GB/s',
      bytes: length,
      peerName: 'Buffer.indexOf on the flat bytes',
      ours(count) {
        for (; count > 0; count--) absent(chain.indexOf(needle));
      },
      peer(count) {
        for (; count > 0; count--) absent(flat.indexOf(needle));
      },
    },
  ];
}
