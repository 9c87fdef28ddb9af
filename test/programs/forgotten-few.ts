// Forgotten objects are found however few they are: nothing else fills the block of handles in which they lie.
import assert from 'node:assert';
import { setTimeout } from 'node:timers/promises';
import { attach, DmaBuffer, IoBuf, thisShard } from 'corebuf';

const MiB = 1024 * 1024;
const { memory } = attach({ memory: '64MiB' });
let told = 0;
thisShard.on('leak', () => (told += 1));

async function collect(leaks: number, turn: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 500 && memory.stats().leaksReclaimed < leaks; round++) {
    globalThis.gc!();
    await turn();
  }
  assert.equal(memory.stats().leaksReclaimed, leaks);
  assert.equal(told, leaks);
}

const later = (): Promise<unknown> => setTimeout(10);
const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

function forget(count: number, length: number): void {
  for (let at = 0; at < count; at++) DmaBuffer.alloc(length);
}

/** Two or more to a block, with objects between them that are released in time, and one that is not forgotten. */
async function forgetFew(): Promise<void> {
  const kept = IoBuf.from('kept');
  const { liveObjects } = memory.stats();
  let leaks = 0;
  for (const count of [1, 2, 6, 200]) {
    forget(count, 4096);
    IoBuf.from('released').release();
    const short = DmaBuffer.alloc(4096);
    await collect((leaks += count), later);
    short.release();
  }
  assert.equal(memory.stats().liveObjects, liveObjects);
  assert.equal(kept.toString(), 'kept');
  kept.release();
  for (let at = 0; at < 1000; at++) IoBuf.from('released').release();
  await collect(leaks, later);
  assert.equal(memory.stats().liveObjects, 0);
}

/** An allocation that fails has the forgotten objects watched, which the next collection finds, before any timer has run. */
async function spend(): Promise<void> {
  const { leaksReclaimed } = memory.stats();
  forget(60, MiB);
  assert.throws(() => DmaBuffer.alloc(8 * MiB), { code: 'ERR_OUT_OF_MEMORY' });
  await collect(leaksReclaimed + 60, turn);
  DmaBuffer.alloc(8 * MiB).release();
}

async function main(): Promise<void> {
  await forgetFew();
  await spend();
  assert.equal(memory.stats().liveObjects, 0);
}

void main();
