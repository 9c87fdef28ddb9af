// Groups of four shards that come and go, in every other one a shard terminated: nothing is left of them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IoBuf, ShardGroup, thisShard } from 'corebuf';
import '../support/compile-in-thread.js';
import type { ServiceUnderTest } from '../workers/service.js';

const WARM = 10;
const SHARDS = 4;

async function once(number: number): Promise<number[]> {
  const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: SHARDS, memory: '64MiB' });
  await group.shard(0).hold(IoBuf.from('x'.repeat(10_000)));
  const made = await group.shard(0).makeLarge(1 << 20, number);
  const ids = await group.all.id();
  if (number % 2 === 0) await group.terminate(0);
  await group.close();
  assert.equal(made.reader().readUInt8(), number & 0xff);
  made.release();
  return ids;
}

async function main(rounds: number, judgeMemory: boolean): Promise<void> {
  const ids = new Set<number>();
  let warm = 0;
  let warmFiles = 0;
  let warmThreads = 0;
  const before = thisShard.memory.stats().liveObjects;
  for (let number = 0; number < rounds; number++) {
    for (const id of await once(number)) ids.add(id);
    if (number === WARM) {
      gc!();
      warm = process.memoryUsage.rss();
      warmFiles = readdirSync('/proc/self/fd').length;
      warmThreads = readdirSync('/proc/self/task').length;
    }
  }
  while (thisShard.memory.stats().liveObjects !== before) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(ids.size <= SHARDS + 2, `shard numbers are not used again: ${[...ids].join(' ')}`);
  gc!();
  const grown = process.memoryUsage.rss() - warm;
  if (judgeMemory) assert.ok(grown < 48 << 20, `grown by ${grown >> 20} MiB in ${rounds - WARM} groups`);
  assert.ok(readdirSync('/proc/self/task').length <= warmThreads, 'threads go on');
  assert.ok(readdirSync('/proc/self/fd').length <= warmFiles + 2, 'descriptors are left open');
}

void main(Number(process.argv[2]), process.argv[3] !== 'asan');
