// A shard that dies in every way there is, on request, and counts the lives before it in a file.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { threadId, workerData } from 'node:worker_threads';
import { serve, thisShard } from 'corebuf';
import type { Remote , IoBuf} from 'corebuf';

export interface MortalData {
  /** Where the lives of each shard are noted: a path without the shard's number. */
  readonly lives?: string;
  /** Lives from this one on fail to load, in that way. */
  readonly failFrom?: number;
  readonly failure?: 'throw' | 'exit' | 'hang' | 'other methods';
}

const { lives, failFrom = Infinity, failure } = (workerData ?? {}) as MortalData;
const life = noteLife();
/** As it was known when the module loaded. */
const loadedAs = thisShard.index;

/** Each start of the module adds a byte; shards take turns by their order of starting. */
function noteLife(): number {
  if (lives === undefined) return 0;
  const before = existsSync(lives) ? readFileSync(lives).length : 0;
  appendFileSync(lives, '.');
  return before;
}

if (life >= failFrom) {
  if (failure === 'throw') throw new RangeError('no luck this time');
  if (failure === 'exit') process.exit(9);
}

function sibling(shard: number): Remote<Mortal> {
  return thisShard.group!.shard(shard) as Remote<Mortal>;
}

/** Taken once, when first needed: it must reach whoever has that index. */
const known = new Map<number, Remote<Mortal>>();

const mortal = {
  thread: () => threadId,
  life: () => life,
  index: () => thisShard.group!.index,
  indexes: () => [loadedAs, thisShard.index],
  exit(code: number): never {
    process.exit(code);
  },
  exitSoon(code: number): void {
    setImmediate(() => process.exit(code));
  },
  throwSoon(): void {
    setImmediate(() => {
      throw new Error('uncaught on a shard');
    });
  },
  rejectSoon(): void {
    setImmediate(() => void Promise.reject(new Error('unhandled on a shard')));
  },
  async threadOf(shard: number): Promise<number> {
    if (!known.has(shard)) known.set(shard, sibling(shard));
    return known.get(shard)!.thread();
  },
  async never(): Promise<void> {
    await new Promise(() => undefined);
  },
  async callNever(shard: number): Promise<void> {
    await sibling(shard).never();
  },
  length(chain: IoBuf): number {
    using mine = chain;
    return mine.length;
  },
};

if (life >= failFrom && failure === 'hang') serve(() => new Promise<typeof mortal>(() => undefined));
else if (life >= failFrom && failure === 'other methods') serve({ thread: () => threadId });
else serve(mortal);

export type Mortal = typeof mortal;
