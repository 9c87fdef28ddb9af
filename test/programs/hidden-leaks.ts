// Keeps every n-th of 50,000 objects and forgets the others: they must be found although long-lived ones lie between them.
import assert from 'node:assert';
import { attach, DmaBuffer, IoBuf, thisShard } from 'corebuf';

const [, , nth, kind] = process.argv;
const COUNT = 50_000;
const MiB = 1024 * 1024;
const ROUNDS_MOST = 200;

const kept: (IoBuf | DmaBuffer)[] = [];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function make(): IoBuf | DmaBuffer {
  if (kind === 'DmaBuffer') return DmaBuffer.alloc(1024);
  const chain = IoBuf.from('x'.repeat(900));
  // The views are not kept, and so must not hold anything.
  if (kind === 'seen IoBuf') for (const fragment of chain) fragment[0] = 1;
  return chain;
}

async function forget(): Promise<void> {
  for (let count = 1; count <= COUNT; count++) {
    const made = make();
    if (count % Number(nth) === 0) kept.push(made);
    if (count % 1000 === 0) await turn();
    if (count % 10_000 === 0) globalThis.gc!();
  }
}

async function main(): Promise<void> {
  attach({ memory: '256MiB' });
  let reported = 0;
  thisShard.on('leak', () => reported++);
  await forget();
  const forgotten = COUNT - kept.length;
  // The newest objects lie in blocks that are not full.
  const wanted = forgotten - 600;
  for (let round = 0; round < ROUNDS_MOST && thisShard.memory.stats().leaksReclaimed < wanted; round++) {
    globalThis.gc!();
    await turn();
  }
  const { leaksReclaimed, used } = thisShard.memory.stats();
  assert.ok(leaksReclaimed >= wanted && leaksReclaimed <= forgotten, `${leaksReclaimed} of ${forgotten}`);
  assert.equal(reported, leaksReclaimed);
  assert.ok(used < 16 * MiB, `${used} bytes are used`);
  for (const each of kept) each.release();
}

void main();
