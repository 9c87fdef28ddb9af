// Shards are ended at random moments in the middle of calls and I/O, in one of four ways. Their callers hear of it, the
// others go on, what the others hold stays as it was, and all memory comes home.
import assert from 'node:assert/strict';
import { IoBuf, thisShard } from 'corebuf';
import '../support/compile-in-thread.js';
import { startTraffic, traffic } from './traffic.js';
import type { TrafficGroup } from './traffic.js';

const SHARDS = 3;
const HELD = 50_000;

const endings: ((group: TrafficGroup, shard: number) => Promise<unknown>)[] = [
  (group, shard) => group.terminate(shard),
  (group, shard) => group.terminate(shard),
  (group, shard) => group.shard(shard).exit(3),
  (group, shard) => group.shard(shard).throwUncaught(),
];

async function round(number: number, folder: string, turns: number): Promise<void> {
  const group = await startTraffic(SHARDS, folder);
  const exits: { shard: number; code: number }[] = [];
  group.addListener('exit', ({ index, code }) => exits.push({ shard: index, code }));
  group.addListener('error', (error: Error) => assert.equal(error.message, 'uncaught on a shard'));
  const victim = number % SHARDS;
  const survivor = (victim + 1) % SHARDS;

  // Bytes of every home on every shard, when one goes.
  const ofSurvivor = await group.shard(survivor).make(HELD);
  const ofVictim = await group.shard(victim).make(HELD);
  await group.shard(survivor).hold(ofVictim.share());
  await group.shard(survivor).hold(IoBuf.from('ours'));
  await group.shard(victim).hold(ofSurvivor.share());
  await group.shard(victim).hold(IoBuf.from('ours too'));

  let stopped = false;
  const running = traffic(group, 4, () => stopped);
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  await endings[number % endings.length]!(group, victim).catch((error: { code?: string }) => assert.equal(error.code, 'ERR_SHARD_GONE'));
  while (exits.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  stopped = true;
  const { gone } = await running;
  assert.ok(gone > 0, 'nobody heard of the end');
  assert.deepEqual(exits.map(({ shard }) => shard), [victim]);

  const expected = Buffer.alloc(HELD, 'a');
  assert.ok(ofSurvivor.toBuffer().equals(expected));
  assert.ok(ofVictim.toBuffer().equals(expected), "a dead shard's bytes have changed");
  await assert.rejects(group.shard(victim).make(1), { code: 'ERR_SHARD_GONE' });
  (await group.shard(survivor).make(10)).release();
  ofSurvivor.release();
  ofVictim.release();
  await group.close();
}

async function main(folder: string, rounds: number, random: () => number): Promise<void> {
  const before = thisShard.memory.stats().liveObjects;
  for (let number = 0; number < rounds; number++) {
    await round(number, folder, Math.floor(random() * 60));
    while (thisShard.memory.stats().liveObjects !== before) await new Promise((resolve) => setImmediate(resolve));
  }
}

const seed = Number(process.argv[4]);
let state = seed;
// Numerical Recipes' generator: chance that can be repeated.
const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
void main(process.argv[2]!, Number(process.argv[3]), random);
