// The broker as kafka-ts uses it: the newest versions of requests, and idempotent producers.
import { createKafkaClient } from 'kafka-ts';
import type { Broker } from 'corebuf-broker';
import { newFolder, startBroker } from './broker';

function clientOf({ address: { host, port } }: Broker): ReturnType<typeof createKafkaClient> {
  return createKafkaClient({ clientId: 'test', bootstrapServers: [{ host, port }] });
}

async function send(broker: Broker, topic: string, values: readonly string[]): Promise<void> {
  const producer = clientOf(broker).createProducer({ allowTopicAutoCreation: true });
  await producer.send(values.map((value) => ({ topic, key: null, value })));
  await producer.close();
}

/** So many values of a topic, which the group has not committed yet. */
async function read(broker: Broker, topic: string, groupId: string, count: number): Promise<string[]> {
  const found: string[] = [];
  let done: () => void;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const consumer = await clientOf(broker).startConsumer({
    groupId, topics: [topic], fromBeginning: true, maxWaitMs: 100,
    onBatch: (messages) => {
      found.push(...messages.map(({ value }) => String(value)));
      if (found.length >= count) done();
    },
  });
  await finished;
  await consumer.close();
  return found.sort();
}

const twenty = Array.from({ length: 20 }, (_, at) => `value ${at}`).sort();

test('what a producer sends, a consumer of a group gets', async () => {
  const broker = await startBroker({ partitions: 2, groupInitialDelay: 0 });
  await send(broker, 'newest', twenty);
  expect(await read(broker, 'newest', 'g', 20)).toEqual(twenty);
});

test('a group goes on where it stopped when the broker has restarted with another number of shards', async () => {
  const dir = newFolder();
  const broker = await startBroker({ dir, partitions: 2, groupInitialDelay: 0 });
  await send(broker, 'kept', twenty);
  expect(await read(broker, 'kept', 'readers', 20)).toEqual(twenty);
  await broker.close();
  const again = await startBroker({ dir, shards: 2, groupInitialDelay: 0 });
  await send(again, 'kept', ['later', 'latest']);
  expect(await read(again, 'kept', 'readers', 2)).toEqual(['later', 'latest']);
});
