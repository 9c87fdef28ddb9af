// Warnings of large requests: their text, and that they do not flood.
import assert from 'node:assert/strict';
import { attach, DmaBuffer, IoBuf, thisShard } from 'corebuf';

const KiB = 1024;
const heard: Error[] = [];
process.on('warning', (warning) => heard.push(warning));

async function warnings(): Promise<Error[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return heard.splice(0);
}

function askFor(length: number): void {
  DmaBuffer.alloc(length).release();
}

async function main(): Promise<void> {
  for (const warnAbove of [0, 1000, '64KiB', NaN]) assert.throws(() => attach({ warnAbove }), RangeError);
  attach({ memory: '64MiB', warnAbove: '200KiB' });
  const before = thisShard.memory.stats().largeRequests;
  for (const length of [1, 128 * KiB, 200 * KiB]) askFor(length);
  new IoBuf().append(Buffer.alloc(1024 * KiB)).release();
  assert.deepEqual(await warnings(), []);

  for (let times = 0; times < 100; times++) askFor(300 * KiB);
  askFor(600 * KiB);
  askFor(601 * KiB);
  const [first, second, ...more] = await warnings();
  assert.equal(first!.name, 'CorebufLargeRequest');
  assert.match(first!.message, /^300 KiB of contiguous memory .* above 600 KiB\.\n +at askFor .*large-requests\.[jt]s/);
  assert.match(second!.message, /^601 KiB/);
  assert.deepEqual(more, []);
  assert.equal(thisShard.memory.stats().largeRequests - before, 103);
}

void main();
