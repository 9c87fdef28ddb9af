// Ends a shard, a group or the process while 32 reads and writes are in flight whose ends would be told much later.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ShardGroup, thisShard } from 'corebuf';
import { beginLate, WRITES } from '../workers/late-shard.js';
import type { late } from '../workers/late-shard.js';

const NEVER = 100_000_000;
const LATER = 100;

async function main(path: string, how: string): Promise<void> {
  if (how === 'exit') {
    const { inFlight } = await beginLate(path, NEVER);
    // A turn later, so that the kernel has got what is not late.
    setImmediate(() => setImmediate(() => process.exit(inFlight)));
    return;
  }
  const before = thisShard.memory.stats().liveObjects;
  const group = await ShardGroup.start<typeof late>(join(__dirname, '../workers/late-shard.js'), { shards: 2, memory: '64MiB', pin: false });
  if (how === 'close') {
    const closed = group.shard(0).closeFile(path, LATER);
    await group.close();
    assert.equal(await closed, 2 * WRITES);
  } else {
    assert.equal(await group.shard(0).begin(path, NEVER), 2 * WRITES);
    if (how === 'terminate') await group.terminate(0);
    await group.close();
  }
  while (thisShard.memory.stats().liveObjects !== before) await new Promise((resolve) => setImmediate(resolve));
}

void main(process.argv[2]!, process.argv[3]!);
