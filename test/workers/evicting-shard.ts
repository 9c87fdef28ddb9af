// Keeps the chains that it is given until a shard that has spent its budget asks for its memory.
import { IoBuf, serve, thisShard } from 'corebuf';

const kept: IoBuf[] = [];
const told: { wanted: number; home: number }[] = [];

thisShard.memory.onPressure((wanted, home) => {
  told.push({ wanted, home });
  for (const chain of kept.splice(0)) chain.release();
});

export type Evicting = typeof service;
const service = {
  id: () => thisShard.id,
  keep: (chain: IoBuf) => kept.push(chain),
  keepAdopted: (chain: IoBuf) => kept.push(chain.adopt()),
  make: (length: number) => IoBuf.from(Buffer.alloc(length)),
  /** Asks for more than the budget has. */
  spend(): string {
    try {
      IoBuf.from(Buffer.alloc(thisShard.memory.budget)).release();
      return 'enough';
    } catch (error) {
      return (error as { code: string }).code;
    }
  },
  lent: () => thisShard.memory.stats().lent,
  told: () => told.splice(0),
  drop(): void {
    for (const chain of kept.splice(0)) chain.release();
  },
};
serve(service);
