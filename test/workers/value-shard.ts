// A shard that reads and sets sharded values, and can die.
import { serve, ShardedValue, thisShard } from 'corebuf';
import type { Remote } from 'corebuf';

export interface Table {
  writer: string;
  number: number;
}

const table = ShardedValue.of<Table>('table', { writer: 'nobody', number: 0 });
/** The value that was there before anything could be called. */
const atLoad = { value: table.value, version: table.version };
const heard: number[] = [];
let behind = 0;
table.addListener('change', (value, version) => {
  if (heard.length > 0 && version <= heard.at(-1)!) behind++;
  if (value !== table.value || version !== table.version) behind++;
  heard.push(version);
});

const shard = {
  read: () => ({ ...table.value }),
  version: () => table.version,
  atLoad: () => atLoad,
  heard: () => heard,
  /** Versions that came twice, or in the wrong order. */
  behind: () => behind,
  set: (value: Table) => table.set(value),
  /** Sets, and then reads on every shard: how many of them did not have it yet. */
  async setMany(writer: string, count: number): Promise<number> {
    let stale = 0;
    for (let number = 1; number <= count; number++) {
      await table.set({ writer, number });
      const mine = table.version;
      const versions = await (thisShard.group!.all as unknown as Remote<{ version(): number[] }>).version();
      if (table.value.writer === writer && table.value.number < number) stale++;
      stale += versions.filter((version) => version < mine - 3).length; // Others set at the same time.
    }
    return stale;
  },
  spoil(): void {
    table.value.writer = 'spoilt';
  },
  listenBadly(): void {
    table.addListener('change', () => {
      throw new Error('a bad listener');
    });
  },
  exit(): never {
    process.exit(1);
  },
};

export type ValueShard = typeof shard;

serve(shard);
