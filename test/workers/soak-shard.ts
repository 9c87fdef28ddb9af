// A shard of soak-shards.ts: answers, plays itself, and dies when it is told to.
import { workerData } from 'node:worker_threads';
import { attach, serve, stats } from 'corebuf';
import type { DmaBuffer, IoBuf, Peers } from 'corebuf';
import { chainOf, checkChain, Lives, Player } from '../support/soak-player.js';
import type { Score } from '../support/soak-player.js';

export type Death = 'exit' | 'throw' | 'reject' | 'exhaust';

interface WithChain {
  readonly number: number;
  readonly chain: IoBuf;
}

const KEPT_MOST = 30;

const lives = new Lives(0, workerData as SharedArrayBuffer);
const kept: IoBuf[] = [];
let player: Player | undefined;

function peers(): Peers<SoakShard> {
  return attach<SoakShard>().group!;
}

function exhaust(): never {
  const hog: unknown[] = [];
  for (;;) hog.push(stats(), new Array(1000).fill(hog.length));
}

const shard = {
  play(seed: number): void {
    player = new Player(peers(), lives, seed);
  },
  async stop(): Promise<Score> {
    return player!.stop();
  },
  drop(): void {
    for (const chain of kept.splice(0)) chain.release();
  },
  live: () => stats().memory.liveObjects,
  echo: (number: number) => number,
  large: (number: number, text: string) => ({ number, text }),
  async back(number: number, chain: IoBuf): Promise<WithChain> {
    checkChain(chain);
    if (number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    return { number, chain };
  },
  /** Another one than it got: of whatever shard. */
  swap(number: number, chain: IoBuf): WithChain {
    checkChain(chain);
    kept.push(chain);
    if (kept.length < KEPT_MOST) return { number, chain: chainOf(number, 500) };
    return { number, chain: kept.splice((number * 7) % kept.length, 1)[0]! };
  },
  dma: (number: number, block: DmaBuffer) => ({ number, block }),
  look(number: number, chain: IoBuf): number {
    using mine = chain;
    checkChain(mine);
    return number;
  },
  /** To a third shard, which may have ended; the answer says no more of it. */
  async relay(number: number, third: number, chain: IoBuf): Promise<number> {
    const before = lives.succeeded(third);
    try {
      return await peers().shard(third).look(number, chain);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SHARD_GONE' || lives.ended(third) <= before) throw new Error('no reason to fail', { cause: error });
      return number;
    }
  },
  die(how: Death): void {
    lives.end(peers().index!);
    if (how === 'exit') process.exit(3);
    setImmediate(() => {
      if (how === 'throw') throw new Error('meant to die');
      if (how === 'reject') void Promise.reject(new Error('meant to die'));
      else exhaust();
    });
  },
};

export type SoakShard = typeof shard;

serve(shard);
