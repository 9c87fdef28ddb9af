// The shard that the hop suite calls.
import { createHash } from 'node:crypto';
import { serve } from 'corebuf';
import type { IoBuf } from 'corebuf';

const HASHED = Buffer.alloc(256 * 1024, 'h');

export const echo = serve({
  nothing() {},
  back(chain: IoBuf): IoBuf {
    return chain;
  },
  /** Some 200 µs of work for a processor. */
  hash(): number {
    return createHash('sha256').update(HASHED).digest()[0]!;
  },
});

export type Echo = typeof echo;
