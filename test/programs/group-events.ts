// Listeners of a group that throw suppress no other event; and a group that is not referenced does not keep the process alive.
import { join } from 'node:path';
import { ShardGroup } from 'corebuf';
import type { LifecycleData, LifecycleService } from '../workers/lifecycle-shard.js';

const worker = join(__dirname, '../workers/lifecycle-shard.js');
const workerData = { log: '/dev/null', cleanUp: 'none' } satisfies LifecycleData;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  process.on('uncaughtException', (error) => say(`uncaught: ${error.message}`));
  const group = await ShardGroup.start<LifecycleService>(worker, { shards: 1, memory: '16MiB', restart: { delay: 0 }, workerData });
  const restarted = new Promise<void>((resolve) => {
    group.on('exit', () => {
      say('exit');
      throw new Error('of a listener');
    });
    group.on('error', () => say('error'));
    group.on('restart', () => {
      say('restart');
      resolve();
    });
  });
  await group.shard(0).throwSoon('of the shard').catch(() => undefined);
  await restarted;
  group.unref();
  // A reference holds until it is taken back; a call holds until it is answered.
  group.ref();
  group.unref();
  await group.shard(0).inherited();
  process.on('exit', () => say('ends by itself'));
}

void main();
