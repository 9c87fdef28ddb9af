// Owners that release what they own when they are collected: the object itself is held by the registry until then.
import assert from 'node:assert/strict';
import { attach, DmaBuffer, IoBuf } from 'corebuf';

const COUNT = 3000;
const { memory } = attach({ memory: '64MiB' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let called = 0;
const registry = new FinalizationRegistry<DmaBuffer | IoBuf>((owned) => {
  called += 1;
  owned.release();
  owned.release();
  // An object that is made here is as good as any.
  IoBuf.from('in between').release();
});

function own(): void {
  for (let at = 0; at < COUNT; at++) registry.register({ owner: at }, at % 2 === 0 ? DmaBuffer.alloc(100) : IoBuf.from('owned'));
}

async function main(): Promise<void> {
  const before = memory.stats().liveObjects;
  own();
  const held = IoBuf.from('held meanwhile');
  for (let round = 0; round < 300 && called < COUNT; round++) {
    gc!();
    await turn();
  }
  assert.equal(called, COUNT);
  assert.equal(held.toString(), 'held meanwhile');
  held.release();
  assert.equal(memory.stats().leaksReclaimed, 0);
  assert.equal(memory.stats().liveObjects, before);
}

void main();
