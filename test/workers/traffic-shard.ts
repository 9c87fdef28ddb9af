// One shard of traffic.ts.
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { DmaFile, IoBuf, serve, thisShard } from 'corebuf';
import type { DmaBuffer, Peers } from 'corebuf';

export interface ServiceInTraffic {
  /** The chains with something of a sibling behind them; writes, reads, and keeps a share for a while. */
  mix(chain: IoBuf, block: DmaBuffer, other: number, round: number): Promise<IoBuf>;
  make(length: number): IoBuf;
  hold(chain: IoBuf): number;
  exit(code: number): never;
  throwUncaught(): void;
}

serve(async () => {
  const file = await DmaFile.open(join(workerData as string, `shard-${thisShard.id}`), 'w+');
  const kept: IoBuf[] = [];
  return {
    async mix(chain: IoBuf, block: DmaBuffer, other: number, round: number): Promise<IoBuf> {
      const peers = thisShard.group as Peers<ServiceInTraffic>;
      kept.push(chain.share());
      if (kept.length > 20) kept.shift()!.release();
      void file.write(round * 4096, block).catch(() => undefined); // Keeps it alive, wherever it goes.
      const [third, read] = await Promise.all([peers.shard(other).make(700), file.read(round * 2048, 4096)]);
      read.release();
      return chain.take(block).take(third);
    },
    make: (length: number) => IoBuf.from('a'.repeat(length)),
    hold(chain: IoBuf): number {
      return kept.push(chain);
    },
    exit(code: number): never {
      process.exit(code);
    },
    throwUncaught(): void {
      setImmediate(() => {
        throw new Error('uncaught on a shard');
      });
    },
  };
});
