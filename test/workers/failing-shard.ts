// A shard whose allocations can be made to fail from outside.
import { DmaBuffer, IoBuf, serve, stats } from 'corebuf';
import { failIn } from '../support/fail-in';

export const service = serve({
  failIn(allocations: number): void {
    failIn(allocations);
  },
  large(): string {
    return 'x'.repeat(1000);
  },
  made(bytes: number): IoBuf {
    return IoBuf.from(Buffer.alloc(bytes, 'm'));
  },
  shareOf(data: IoBuf): number {
    try {
      const shared = data.share(1, data.length - 1);
      const { length } = shared;
      shared.release();
      return length;
    } finally {
      data.release();
    }
  },
  aligned(length: number): DmaBuffer {
    return DmaBuffer.alloc(length);
  },
  live(): number {
    return stats().memory.liveObjects;
  },
});

export type FailingShard = typeof service;
