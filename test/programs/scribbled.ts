// Writes over every ArrayBuffer that a view lies on, as a whole: what others keep there is lost, and nothing else is.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { attach, DmaBuffer, IoBuf, ShardGroup, thisShard } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service.js';

const CALLS = 40;

attach({ memory: '64MiB' });

function scribble(views: Iterable<Uint8Array>): void {
  for (const { buffer } of views) new Uint8Array(buffer).fill(0xff);
}

async function main(): Promise<void> {
  const before = thisShard.memory.stats().liveObjects;
  const blocks = [4096, 100, 300_000].map((length) => DmaBuffer.alloc(length));
  const chains = Array.from({ length: 200 }, (_, at) => new IoBuf().append(Buffer.alloc(1 + at * 50, at)));
  const shares = chains.map((chain) => chain.share(0, 1));
  const views = [...blocks.map(({ bytes }) => bytes), ...chains.flatMap((chain) => [...chain])];
  scribble(views);
  assert.equal(chains[199]!.toBuffer().length, chains[199]!.length);
  for (const each of [...shares, ...chains, ...blocks]) each.release();
  scribble(views);
  assert.ok(thisShard.memory.stats().liveObjects >= before);

  const group = await ShardGroup.start<ServiceUnderTest>(join(__dirname, '../workers/service.js'), { shards: 1, memory: '32MiB' });
  let failed = 0;
  for (let call = 0; call < CALLS; call++) {
    const sent = [group.shard(0).echo('x'.repeat(1000)), group.shard(0).echo(IoBuf.from('y'.repeat(3000)))];
    scribble(views); // Calls under way are damaged: they give an error, or other bytes.
    for (const outcome of await Promise.allSettled(sent)) {
      if (outcome.status === 'rejected') failed += 1;
      else if ((outcome.value) instanceof IoBuf) (outcome.value).release();
    }
  }
  assert.ok(failed > 0, 'nothing was damaged');
  await group.close();
  thisShard.memory.trim();
}

void main();
