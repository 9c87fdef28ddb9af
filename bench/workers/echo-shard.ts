// The shard that the hop suite calls.
import { serve } from 'corebuf';
import type { IoBuf } from 'corebuf';

export const echo = serve({
  nothing() {},
  back(chain: IoBuf): IoBuf {
    return chain;
  },
});

export type Echo = typeof echo;
