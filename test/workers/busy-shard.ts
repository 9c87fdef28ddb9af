// A shard whose methods take as long as they are told, and that counts how often its loop comes round meanwhile.
import { serve, thisShard } from 'corebuf';
import type { Remote } from 'corebuf';

let turns = 0;
let counting = false;
let worked = 0;

function count(): void {
  turns++;
  if (counting) setImmediate(count);
}

const service = {
  begin(): void {
    counting = true;
    setImmediate(count);
  },
  /** For so many microseconds of this thread. */
  work(microseconds: number): number {
    const end = performance.now() + microseconds / 1000;
    while (performance.now() < end);
    worked++;
    return turns;
  },
  /** How often work() was done here while another shard was asked. */
  async ask(other: number): Promise<number> {
    const before = worked;
    await (thisShard.group!.shard(other) as unknown as Remote<Busy>).work(0);
    return worked - before;
  },
  end(): number {
    counting = false;
    return turns;
  },
};

export type Busy = typeof service;
serve(service);
