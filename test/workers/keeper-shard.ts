// Keeps the chains that it is called with, in the memory that workerData names.
import { workerData } from 'node:worker_threads';
import type { DmaBuffer} from 'corebuf';
import { IoBuf, serve, thisShard } from 'corebuf';

const kept: (IoBuf | DmaBuffer)[] = [];

const keeper = {
  keep(...chains: (IoBuf | DmaBuffer)[]): boolean[] {
    kept.push(...chains);
    return chains.map(({ home }) => home === thisShard.id);
  },
  /** Sends one back, which comes home. */
  text(): string[] {
    return kept.map((chain) => (chain instanceof IoBuf ? chain.toString() : chain.bytes.toString('latin1', 0, 4)));
  },
  release(): void {
    for (const chain of kept.splice(0)) chain.release();
  },
};

export const service = serve(keeper, { arguments: workerData as 'lent' | 'adopt' });
export type Keeper = typeof service;
