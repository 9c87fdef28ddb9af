// 64 MiB of live buffers of 4 KiB, all of them shown. The windows take what docs/design/views.md says, and give it back.
import assert from 'node:assert/strict';
import { DmaBuffer, stats, thisShard } from 'corebuf';

const COUNT = 16_384;
const LENGTH = 4096;
/** Bytes for each window that is shown, of V8's heap and of the system. Measured: 380 and 490. */
const HEAP_EACH_MOST = 600;
const SYSTEM_EACH_MOST = 1500;
/** What is left at most: the released objects themselves are still there. */
const LEFT_MOST = 2 << 20;

function heapBytes(): number {
  for (let round = 0; round < 3; round++) global.gc!();
  return process.memoryUsage().heapUsed;
}

const blocks: DmaBuffer[] = [];
for (let at = 0; at < COUNT; at++) blocks.push(DmaBuffer.alloc(LENGTH, { zero: true }));
// What one window needs that the next ones do not: code, and the bucket table.
blocks[0]!.bytes.fill(0);

const heapBefore = heapBytes();
const systemBefore = process.memoryUsage.rss();
for (let at = 0; at < COUNT; at++) assert.equal(blocks[at]!.bytes.buffer.byteLength, LENGTH);
const heapEach = (heapBytes() - heapBefore) / COUNT;
const systemEach = (process.memoryUsage.rss() - systemBefore) / COUNT;
assert.ok(heapEach < HEAP_EACH_MOST, `${heapEach} bytes of V8's heap for each window`);
if (process.env.LD_PRELOAD === undefined) assert.ok(systemEach < SYSTEM_EACH_MOST, `${systemEach} bytes of the system for each window`);

for (const block of blocks) block.release();
const { kept, keptMost, keptBytes } = stats().memory.windows;
assert.equal(kept, keptMost);
assert.equal(keptBytes, keptMost * LENGTH);
thisShard.memory.trim();
assert.equal(stats().memory.windows.kept, 0);
const left = heapBytes() - heapBefore;
assert.ok(left < LEFT_MOST, `${left} bytes of V8's heap are left`);
if (process.argv[2] === 'tell') console.log(heapEach, systemEach, left);
