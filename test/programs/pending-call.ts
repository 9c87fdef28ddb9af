// A pending call must be answered before the process may end by itself.
import { join } from 'node:path';
import { ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service.js';

async function main(): Promise<void> {
  const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 2, memory: '32MiB' });
  console.log(await group.shard(1).relay(0, 'echo', 'answered'));
  await group.close();
}

void main();
