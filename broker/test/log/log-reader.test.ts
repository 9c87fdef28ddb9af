// Reads from the disk, where nothing is in memory.
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf, recordsIn } from './batches';

removeScratchAfterEach();

test('batches that are longer than one read of the disk are read whole, from any of their offsets', async () => {
  const folder = scratchPath();
  const config = { maxMessageBytes: 8 * 1024 * 1024, retentionMs: -1 };
  let store = new LogStore({ retentionInterval: 0 });
  let log = await PartitionLog.open(folder, config, store);
  const long = 'x'.repeat(2_000_000);
  const values = [['a', 'b'], [long, 'c'], ['d'], ['e', long]];
  for (const batch of values) await log.append(batchOf({ values: batch }), { leaderEpoch: 0, acks: -1 }).durable;
  await log.close();
  await store.close();
  store = new LogStore({ retentionInterval: 0, cacheBytes: 0 });
  log = await PartitionLog.open(folder, config, store);
  for (const [offset, expected] of [['a', 'b'], ['a', 'b'], [long, 'c'], [long, 'c'], ['d'], ['e', long], ['e', long]].entries()) {
    const seen = recordsIn(await log.read(BigInt(offset), 1));
    expect(seen.map(({ value }) => value.length)).toEqual(expected.map(({ length }) => length));
    expect(seen[0]!.offset).toBeLessThanOrEqual(offset);
  }
  await log.close();
  await store.close();
});
