// Memory in the life of a request: taken, touched, given back. Both sides write one byte into each view, so that nothing is
// optimised away and the first page is really there. Our side releases; the peer's garbage is collected while it is measured.
import { DmaBuffer, IoBuf } from 'corebuf';
import type { Case, OpenSuite, Suite } from './harness/suite.js';

export const SIZES = [4, 16, 64, 128];
const LIVE = 1024;

export function allocCase(kib: number): Case {
  const size = kib * 1024;
  return {
    kind: 'work',
    name: `${kib} KiB: alloc, bytes, release`,
    unit: 'ns',
    peerName: 'Buffer.allocUnsafeSlow',
    ours(count) {
      for (let at = 0; at < count; at++) {
        const block = DmaBuffer.alloc(size);
        block.bytes[0] = at;
        block.release();
      }
    },
    peer(count) {
      for (let at = 0; at < count; at++) {
        const block = Buffer.allocUnsafeSlow(size);
        block[0] = at;
      }
    },
  };
}

/** As a page cache does: the oldest of many live blocks goes when a new one comes. */
function liveCase(): Case {
  const size = 4096;
  const ours: (DmaBuffer | undefined)[] = new Array<undefined>(LIVE).fill(undefined);
  const peer: (Buffer | undefined)[] = new Array<undefined>(LIVE).fill(undefined);
  return {
    kind: 'work',
    name: `4 KiB, the oldest of ${LIVE} released`,
    unit: 'ns',
    peerName: 'Buffer.allocUnsafeSlow',
    ours(count) {
      for (let at = 0; at < count; at++) {
        const block = DmaBuffer.alloc(size);
        block.bytes[0] = at;
        ours[at % LIVE]?.release();
        ours[at % LIVE] = block;
      }
    },
    peer(count) {
      for (let at = 0; at < count; at++) {
        const block = Buffer.allocUnsafeSlow(size);
        block[0] = at;
        peer[at % LIVE] = block;
      }
    },
  };
}

function appendCase(chunks: number, peerName: string, copy: (parts: readonly Buffer[]) => Buffer): Case {
  const parts = Array.from({ length: chunks }, () => Buffer.alloc(1024, 1));
  return {
    kind: 'work',
    name: chunks === 1 ? 'IoBuf: new, append 1 KiB, release' : `IoBuf: new, append ${chunks} x 1 KiB, release`,
    unit: 'ns',
    peerName,
    ours(count) {
      for (let at = 0; at < count; at++) {
        const chain = new IoBuf();
        for (const part of parts) chain.append(part);
        chain.release();
      }
    },
    peer(count) {
      for (let at = 0; at < count; at++) copy(parts)[0] = at;
    },
  };
}

function copyOfFirst(parts: readonly Buffer[]): Buffer {
  const copy = Buffer.allocUnsafe(1024);
  copy.set(parts[0]!);
  return copy;
}

export const alloc: Suite = {
  name: 'alloc',
  about: 'memory taken, touched and given back',
  open(): OpenSuite {
    return {
      cases: [
        ...SIZES.map(allocCase),
        liveCase(),
        appendCase(1, 'Buffer.allocUnsafe, set', copyOfFirst),
        appendCase(16, 'Buffer.concat', (parts) => Buffer.concat(parts)),
      ],
    };
  },
};
