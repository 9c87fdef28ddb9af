// Whose memory the chains of a call are, on either side.
import { DmaBuffer, IoBuf, stats } from 'corebuf';
import type { Keeper } from '../workers/keeper-shard';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();

const lent = (): number => stats().memory.lent;

function dma(): DmaBuffer {
  const made = DmaBuffer.alloc(8192, { alignment: 512, zero: true });
  made.bytes.write('dma!');
  return made;
}

test.each(['lent', 'adopt'] as const)('a service with arguments %s keeps chains and buffers in the memory that it says', async (how) => {
  const before = lent();
  const group = await startGroup<Keeper>(workerModule('keeper-shard'), { shards: 1, workerData: how });
  const large = IoBuf.from(Buffer.alloc(300_000, 'x'));
  const own = await group.shard(0).keep(IoBuf.from('small'), large, dma());
  expect(own).toEqual([how === 'adopt', how === 'adopt', how === 'adopt']);
  if (how === 'adopt') await until(() => lent() === before, () => `${lent() - before} bytes are lent`);
  else expect(lent() - before).toBe(5 + 300_000 + 8192);
  const [small, text, bytes] = await group.shard(0).text();
  expect([small, text!.length, bytes]).toEqual(['small', 300_000, 'dma!']);
  await group.shard(0).release();
  await until(() => lent() === before, () => `${lent() - before} bytes are lent after the release`);
});

test('lent counts a chain that several hold for each, and nothing that stays here', async () => {
  const before = lent();
  const group = await startGroup<Keeper>(workerModule('keeper-shard'), { shards: 2, workerData: 'lent' });
  using chain = IoBuf.from('0123456789');
  expect(lent()).toBe(before);
  await group.all.keep(chain);
  expect(lent() - before).toBe(20);
  await group.shard(0).release();
  await until(() => lent() - before === 10, () => `${lent() - before} bytes are lent`);
  await group.shard(1).release();
  await until(() => lent() === before, () => `${lent() - before} bytes are lent`);
});
