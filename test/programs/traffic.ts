// Calls that carry chains of every home to every shard, and file I/O in each of them, without end.
import { join } from 'node:path';
import { DmaBuffer, IoBuf, ShardGroup } from 'corebuf';
import type { ServiceInTraffic } from '../workers/traffic-shard.js';

export type TrafficGroup = ShardGroup<ServiceInTraffic>;

export function startTraffic(shards: number, folder: string): Promise<TrafficGroup> {
  return ShardGroup.start<ServiceInTraffic>(join(__dirname, '../workers/traffic-shard.js'), { shards, memory: shards * (32 << 20), pin: false, workerData: folder });
}

/** One call there and back, with bytes of ours and of a third shard; checks what comes back. */
async function exchange(group: TrafficGroup, shard: number, round: number): Promise<void> {
  const chain = IoBuf.from(`round ${round} `.repeat(50));
  const block = DmaBuffer.alloc(4096);
  block.bytes.fill(round);
  const expected = chain.length;
  let back: IoBuf | undefined;
  try {
    back = await group.shard(shard).mix(chain, block, (shard + 1) % group.size, round);
    if (back.length !== expected + 4096 + 700) throw new Error(`${back.length} bytes came back`);
    const tail = back.toBuffer(back.length - 4096 - 700);
    if (!tail.subarray(0, 4096).equals(Buffer.alloc(4096, round))) throw new Error('our block has changed');
    if (!tail.subarray(4096).equals(Buffer.alloc(700, 0x61))) throw new Error("the third shard's bytes have changed");
  } finally {
    back?.release();
  }
}

/** Keeps `width` calls to each shard going until `stopped`; calls to a shard that is gone fail as they must. */
export async function traffic(group: TrafficGroup, width: number, stopped: () => boolean): Promise<{ done: number; gone: number }> {
  const count = { done: 0, gone: 0 };
  const lane = async (shard: number): Promise<void> => {
    for (let round = 0; !stopped(); round++) {
      try {
        await exchange(group, shard, round & 0xff);
        count.done++;
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_SHARD_GONE') throw error;
        count.gone++;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  await Promise.all(Array.from({ length: width * group.size }, (_, at) => lane(at % group.size)));
  return count;
}
