// The broker as kafka-ts uses it: the newest versions of requests, and idempotent producers.
import { createKafkaClient } from 'kafka-ts';
import { startBroker } from './broker';

test('what a producer sends, a consumer of a group gets', async () => {
  const { address } = await startBroker({ partitions: 2, groupInitialDelay: 0 });
  const kafka = createKafkaClient({ clientId: 'test', bootstrapServers: [{ host: address.host, port: address.port }] });
  const producer = kafka.createProducer({ allowTopicAutoCreation: true });
  const values = Array.from({ length: 20 }, (_, at) => `value ${at}`);
  await producer.send(values.map((value) => ({ topic: 'newest', key: null, value })));
  await producer.close();

  const read: string[] = [];
  let done: () => void;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const consumer = await kafka.startConsumer({
    groupId: 'g', topics: ['newest'], fromBeginning: true, maxWaitMs: 100,
    onBatch: (messages) => {
      read.push(...messages.map(({ value }) => String(value)));
      if (read.length >= values.length) done();
    },
  });
  await finished;
  await consumer.close();
  expect(read.sort()).toEqual([...values].sort());
});
