// Four shards and the thread that started them call each other at random for some seconds, while shards end and come back. No reply is
// lost or doubled or another's, calls fail only because their callee has ended, and at the end nothing is left in any memory.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ShardGroup, thisShard } from 'corebuf';
import type { ShardExit } from 'corebuf';
import '../support/compile-in-thread.js';
import { Random } from '../support/random.js';
import { Lives, Player } from '../support/soak-player.js';
import type { Death, SoakShard } from '../workers/soak-shard.js';

const SHARDS = 4;
const PAUSE_MS = 300;
const PATIENCE_MS = 30_000;

const [seconds, seed] = process.argv.slice(2).map(Number) as [number, number];
const random = new Random(seed);
const lives = new Lives(SHARDS);
const total = { calls: 0, gone: 0, deaths: 0 };
/** Shards that take part; a shard that is about to end is not among them. */
const up = new Set<number>();

async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function begin(group: ShardGroup<SoakShard>, shard: number): Promise<void> {
  lives.succeed(shard);
  await group.shard(shard).play(random.upTo(2 ** 32 - 1));
  up.add(shard);
}

async function kill(group: ShardGroup<SoakShard>, shard: number): Promise<void> {
  up.delete(shard);
  total.deaths++;
  const way = random.unit() < 0.05 ? 'exhaust' : random.pick(['restart', 'exit', 'throw', 'reject'] as const);
  if (way === 'restart') {
    lives.end(shard);
    await group.restart(shard);
  } else {
    await group.shard(shard).die(way satisfies Death).catch((error: { code?: unknown }) => assert.equal(error.code, 'ERR_SHARD_GONE'));
  }
}

async function main(): Promise<void> {
  const liveBefore = thisShard.memory.stats().liveObjects;
  const group = await ShardGroup.start<SoakShard>(join(__dirname, '../workers/soak-shard.js'), {
    shards: SHARDS, memory: '256MiB', pin: false, maxInFlight: 64, workerData: lives.shared,
    restart: { limit: 1_000_000, within: 1, delay: 10 }, resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  let exits = 0;
  group.addListener('exit', ({ code }: ShardExit) => {
    exits++;
    assert.ok(exits > total.deaths ? code === 0 : code === 1 || code === 3, `a shard ended with code ${code}`);
  });
  group.addListener('error', (error: Error) => assert.match(error.message, /meant to die|memory limit/, error));
  group.addListener('restart', (shard: number) => void begin(group, shard));
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const idle = await Promise.all(shards.map((shard) => group.shard(shard).live()));
  await Promise.all(shards.map((shard) => begin(group, shard)));
  const player = new Player(group, lives, random.upTo(2 ** 32 - 1));

  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, random.upTo(PAUSE_MS)));
    if (up.size > 0) await kill(group, random.pick([...up]));
  }

  await until(() => up.size === SHARDS, () => `only ${[...up].join()} came back`);
  assert.equal(exits, total.deaths, 'shards ended that were not meant to');
  const scores = await Promise.all([player.stop(), ...shards.map((shard) => group.shard(shard).stop())]);
  await group.all.drop();
  for (const { calls, gone } of scores) {
    total.calls += calls;
    total.gone += gone;
  }
  const live = (): Promise<number[]> => Promise.all(shards.map((shard) => group.shard(shard).live()));
  let left = await live();
  await until(async () => (left = await live()).join() === idle.join(), () => `live objects ${left.join()}, were ${idle.join()}`);
  await group.close();
  const here = (): number => thisShard.memory.stats().liveObjects;
  await until(() => here() === liveBefore, () => `${here()} live objects here, were ${liveBefore}`);
  console.log(JSON.stringify(total));
}

void main();
