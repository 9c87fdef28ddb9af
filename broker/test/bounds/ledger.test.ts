// How often payload bytes are copied on their way through the broker: by the ledgers of its shards, which count every copy.
import type { Broker, BrokerShardStats } from 'corebuf-broker';
import { fetch } from '../../protocol/layouts/data';
import { createTopic, send } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { newFolder, startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';

const PARTITIONS = 4;

/** Bytes that the shards have copied since `before`, by place. */
function copiesSince(before: readonly BrokerShardStats[], after: readonly BrokerShardStats[]): number {
  const all = (stats: readonly BrokerShardStats[]): number => stats.flatMap(({ ledger }) => Object.values(ledger.copied)).reduce((sum, bytes) => sum + bytes, 0);
  return all(after) - all(before);
}

async function copiesOf(broker: Broker, work: () => Promise<number>): Promise<number> {
  const before = await broker.stats();
  const bytes = await work();
  return copiesSince(before, await broker.stats()) / bytes;
}

/** Fetches some of the records of each partition. Returns their bytes. */
async function fetchSome(client: WireClient, topic: string): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 500_000 }));
  const request = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, topicId: '', partitions }], forgottenTopicsData: [], rackId: '' };
  const { responses } = await client.call(fetch, 11, request);
  return responses[0]!.partitions.reduce((sum, { records }) => sum + records!.length, 0);
}

test.each([
  ['4 KiB', 4096],
  ['64 KiB', 65_536],
  ['900 KiB', 921_600],
])('a byte of a batch of %s is copied at most twice on its way to the disk, and not at all when it is fetched from memory', async (_, length) => {
  const broker = await startBroker({ shards: 2 });
  const client = await WireClient.to(broker);
  await createTopic(client, 'ledger', PARTITIONS);
  const value = 'x'.repeat(length);
  const produced = await copiesOf(broker, async () => {
    const batches = Math.max(PARTITIONS, Math.ceil(2_000_000 / length));
    for (let at = 0; at < batches; at++) expect((await send(client, 'ledger', at % PARTITIONS, batchOf({ values: [value] }))).errorCode).toBe(0);
    return batches * length;
  });
  expect(produced).toBeGreaterThanOrEqual(1);
  expect(produced).toBeLessThan(2.1); // Headers and messages are above 2.
  const fetched = await copiesOf(broker, () => fetchSome(client, 'ledger'));
  expect(fetched).toBeLessThan(0.1);
  client.close();
});

test('bytes that are fetched from the disk are copied at most once', async () => {
  const dir = newFolder();
  const first = await startBroker({ dir, shards: 2 });
  const producer = await WireClient.to(first);
  await createTopic(producer, 'cold', PARTITIONS);
  for (let at = 0; at < 20; at++) await send(producer, 'cold', at % PARTITIONS, batchOf({ values: ['x'.repeat(100_000)] }));
  producer.close();
  await first.close();
  const broker = await startBroker({ dir, shards: 2 });
  const client = await WireClient.to(broker);
  const fetched = await copiesOf(broker, () => fetchSome(client, 'cold'));
  expect(fetched).toBeLessThan(1.1);
  client.close();
});
