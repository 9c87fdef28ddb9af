// The broker as kafkajs uses it.
import { gzipSync } from 'node:zlib';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { addressOf, newFolder, startBroker } from './broker';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

function clientOf(address: string): Kafka {
  return new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 3 } });
}

async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

describe.each([1, 2])('with %d shards', (shards) => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = clientOf(addressOf(await startBroker({ shards, partitions: 3 })));
  });

  test('a producer gets the offset of its first record in each partition', async () => {
    const producer = kafka.producer();
    await producer.connect();
    const send = (values: string[]) => producer.send({ topic: 'offsets', messages: values.map((value) => ({ value, partition: 1 })) });
    expect(await send(['a', 'b'])).toMatchObject([{ topicName: 'offsets', partition: 1, errorCode: 0, baseOffset: '0', logStartOffset: '0' }]);
    expect(await send(['c'])).toMatchObject([{ baseOffset: '2' }]);
    await producer.disconnect();
    expect(await withAdmin(kafka, (admin) => admin.fetchTopicOffsets('offsets'))).toContainEqual({ partition: 1, offset: '3', high: '3', low: '0' });
  });

  test('an idempotent producer is given an id', async () => {
    const producer = kafka.producer({ idempotent: true });
    await producer.connect();
    const messages = Array.from({ length: 50 }, (_, at) => ({ value: gzipSync(String(at)) }));
    for (let round = 0; round < 3; round++) await producer.send({ topic: 'idempotent', messages });
    await producer.disconnect();
    const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets('idempotent'));
    expect(offsets.reduce((sum, { high }) => sum + Number(high), 0)).toBe(150);
  });

  test('topics are created, described, enlarged and deleted', async () => {
    await withAdmin(kafka, async (admin) => {
      const topic = { topic: 'made', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '1000' }] };
      expect(await admin.createTopics({ topics: [topic] })).toBe(true);
      expect(await admin.createTopics({ topics: [topic] })).toBe(false);
      await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] });
      const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
      expect(topics[0]!.partitions.map(({ partitionId, leader }) => [partitionId, leader])).toEqual([0, 1, 2, 3, 4].map((id) => [id, 0]));
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: 'made', configNames: ['retention.ms'] }] });
      expect(resources[0]!.configEntries).toMatchObject([{ configName: 'retention.ms', configValue: '1000', isDefault: false }]);
      await admin.deleteTopics({ topics: ['made'] });
      expect(await admin.listTopics()).not.toContain('made');
    });
  });

  test('there are no access lists', async () => {
    await withAdmin(kafka, async (admin) => {
      await expect(admin.describeAcls({ resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 })).rejects.toMatchObject({ type: 'SECURITY_DISABLED' });
    });
  });

  test('compaction is refused', async () => {
    const topic = { topic: 'compacted', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] };
    await withAdmin(kafka, async (admin) => {
      await expect(admin.createTopics({ topics: [topic] })).rejects.toMatchObject({ errors: [{ type: 'INVALID_CONFIG' }] });
    });
  });
});

test('records that are compressed with gzip come back as they were', async () => {
  const kafka = clientOf(addressOf(await startBroker({ groupInitialDelay: 0 })));
  const producer = kafka.producer();
  await producer.connect();
  const values = Array.from({ length: 500 }, (_, at) => `${'value '.repeat(at % 50)}${at}`);
  await producer.send({ topic: 'packed', compression: CompressionTypes.GZIP, messages: values.map((value) => ({ value })) });
  await producer.disconnect();

  const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'packed', fromBeginning: true });
  const read: string[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        read.push(message.value!.toString());
        if (read.length === values.length) resolve();
      },
    });
  });
  await consumer.disconnect();
  expect(read).toEqual(values);
});

test('records, topics and ids of producers are there after a restart', async () => {
  const dir = newFolder();
  const first = await startBroker({ dir });
  const producer = clientOf(addressOf(first)).producer();
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ value: 'one' }, { value: 'two' }] });
  await producer.disconnect();
  await first.close();

  const again = clientOf(addressOf(await startBroker({ dir, shards: 2 })));
  expect(await withAdmin(again, (admin) => admin.fetchTopicOffsets('kept'))).toMatchObject([{ partition: 0, high: '2', low: '0' }]);
});
