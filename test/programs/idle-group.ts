// Eight shards that have all been called, by each other too, and have nothing to do now: prints the share of one processor they take.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShardGroup } from 'corebuf';
import type { Busy } from '../workers/busy-shard';

async function used(milliseconds: number): Promise<number> {
  const before = process.cpuUsage();
  const started = performance.now();
  await sleep(milliseconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - started);
}

async function main(): Promise<void> {
  await using group = await ShardGroup.start<Busy>(join(__dirname, '../workers/busy-shard.js'), { shards: 8, memory: '256MiB', spin: 50, pin: false });
  for (let round = 0; round < 100; round++) await group.all.work(10);
  // Memory that lies idle is given back after a second, the watch falls asleep: all of that is over by then.
  await sleep(3000);
  // The least of a few: what V8 tidies up after the start, on threads of its own, ends; a shard that looks for work does not.
  let least = Infinity;
  for (let window = 0; window < 3; window++) least = Math.min(least, await used(1500));
  console.log(least.toFixed(4));
}

void main();
