// Two shards that append to two logs, until somebody kills the process.
import { join } from 'node:path';
import { ShardGroup } from 'corebuf';
import type { crashing } from '../workers/crash-shard.js';

async function main(paths: readonly string[]): Promise<void> {
  const group = await ShardGroup.start<typeof crashing>(join(__dirname, '../workers/crash-shard.js'), { shards: paths.length, memory: '64MiB', pin: false });
  await Promise.all(paths.map((path, shard) => group.shard(shard).run(path, 3 + shard * 10)));
}

void main(process.argv.slice(2));
