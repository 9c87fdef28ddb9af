// Objects that are forgotten without release() are reclaimed and counted, but never while a view still shows their bytes.
import assert from 'node:assert/strict';
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const COUNT = 5_000;

async function collect(done: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !done(); round++) {
    gc!();
    await turn();
  }
}

/** Views of objects that nobody holds any more, and of those a part, in memory of their own blocks. */
function keepViews(): Buffer[] {
  const kept: Buffer[] = [];
  for (let number = 0; number < 40; number++) {
    const block = DmaBuffer.alloc(4096);
    block.bytes.fill(number);
    kept.push(number % 2 === 0 ? block.bytes : block.bytes.subarray(100, 200).subarray(10));
    const [view] = [...IoBuf.from(Buffer.alloc(3000, number))];
    kept.push(view!.subarray(1));
    kept.push(Buffer.from(block.view(Uint32Array, 4, 10).buffer, block.bytes.byteOffset, 8));
    forget(200);
  }
  return kept;
}

/** Makes and drops; fills blocks of handles, which are the unit of the net. */
function forget(count: number): void {
  for (let at = 0; at < count; at++) {
    if (at % 2 === 0) IoBuf.from('forgotten'.repeat(20));
    else DmaBuffer.alloc(512).bytes.fill(0xff);
  }
}

/** A function of its own: when it returns nothing holds the views. */
async function expectViewsToLast(): Promise<void> {
  const views = keepViews();
  const contents = views.map((view) => Buffer.from(view));
  for (let round = 0; round < 10; round++) {
    forget(2_000);
    gc!();
    await turn();
  }
  for (const [at, view] of views.entries()) assert.ok(view.equals(contents[at]!), `view ${at} shows other bytes`);
}

async function main(): Promise<void> {
  let told = 0;
  thisShard.on('leak', () => (told += 1));
  const before = thisShard.memory.stats();

  forget(COUNT);
  assert.ok(thisShard.memory.stats().liveObjects > before.liveObjects + COUNT);
  // The newest objects are found only some time after they were made.
  const few = 600;
  await collect(() => thisShard.memory.stats().liveObjects < before.liveObjects + few);
  const after = thisShard.memory.stats();
  assert.ok(after.liveObjects < before.liveObjects + few, `${after.liveObjects} objects are still there`);
  assert.ok(after.leaksReclaimed > COUNT - few && after.leaksReclaimed <= COUNT, `${after.leaksReclaimed} of ${COUNT} reclaimed`);
  assert.equal(told, after.leaksReclaimed);

  await expectViewsToLast();
  assert.ok(thisShard.memory.stats().leaksReclaimed > after.leaksReclaimed);

  // An object that is released in time is no leak.
  await collect(() => false);
  const settled = thisShard.memory.stats().leaksReclaimed;
  for (let at = 0; at < 3_000; at++) IoBuf.from('released').release();
  await collect(() => false);
  assert.ok(thisShard.memory.stats().leaksReclaimed - settled < 300, 'what was released counts as leaked');
  await collect(() => thisShard.memory.stats().liveObjects < before.liveObjects + few);
  assert.ok(thisShard.memory.stats().liveObjects < before.liveObjects + few, `the views are gone, ${thisShard.memory.stats().liveObjects} objects are not`);
}

void main();
