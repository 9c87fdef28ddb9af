// Groups of consumers of kafkajs.
import { Kafka, logLevel } from 'kafkajs';
import type { Consumer } from 'kafkajs';
import { addressOf, newFolder, startBroker } from './broker';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

function clientOf(address: string): Kafka {
  return new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 10 } });
}

async function produce(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value, at) => ({ value, partition: at % 2 })) });
  await producer.disconnect();
}

/** Collects values until there are `count` of them. */
class Collector {
  readonly values: string[] = [];
  #wake: () => void = () => undefined;

  add(value: string): void {
    this.values.push(value);
    this.#wake();
  }

  async until(count: number): Promise<string[]> {
    while (this.values.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return [...this.values].sort();
  }
}

async function consume(kafka: Kafka, groupId: string, topic: string, into: Collector): Promise<Consumer> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 200, maxWaitTimeInMs: 100, rebalanceTimeout: 6000 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ message }) => into.add(message.value!.toString()),
  });
  return consumer;
}

const ten = Array.from({ length: 10 }, (_, at) => `value ${at}`);

test('a group goes on where it stopped, also when the broker has restarted with another number of shards', async () => {
  const dir = newFolder();
  const broker = await startBroker({ dir, partitions: 2, groupInitialDelay: 0 });
  const kafka = clientOf(addressOf(broker));
  await produce(kafka, 'once', ten);
  const first = new Collector();
  const consumer = await consume(kafka, 'readers', 'once', first);
  expect(await first.until(10)).toEqual(ten);
  await consumer.disconnect();
  await broker.close();

  const again = clientOf(addressOf(await startBroker({ dir, shards: 2, groupInitialDelay: 0 })));
  await produce(again, 'once', ['later']);
  const second = new Collector();
  const successor = await consume(again, 'readers', 'once', second);
  expect(await second.until(1)).toEqual(['later']);
  await successor.disconnect();
});

test('the partitions of a member that leaves are taken over', async () => {
  const kafka = clientOf(addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 })));
  await produce(kafka, 'shared', ten);
  const all = new Collector();
  const one = await consume(kafka, 'pair', 'shared', all);
  const two = await consume(kafka, 'pair', 'shared', all);
  await all.until(10);
  await one.disconnect();
  await produce(kafka, 'shared', ['x', 'y']);
  expect(await all.until(12)).toEqual([...ten, 'x', 'y'].sort());
  await two.disconnect();
});

test('groups are listed, described and deleted', async () => {
  const kafka = clientOf(addressOf(await startBroker({ shards: 2, partitions: 2, groupInitialDelay: 0 })));
  await produce(kafka, 'seen', ten);
  const values = new Collector();
  const consumer = await consume(kafka, 'watched', 'seen', values);
  await values.until(10);
  const admin = kafka.admin();
  await admin.connect();
  expect((await admin.listGroups()).groups).toEqual([{ groupId: 'watched', protocolType: 'consumer' }]);
  expect((await admin.describeGroups(['watched'])).groups).toMatchObject([{ groupId: 'watched', state: 'Stable', protocol: 'RoundRobinAssigner' }]);
  await expect(admin.deleteGroups(['watched'])).rejects.toMatchObject({ groups: [{ errorCode: 68 }] });
  await consumer.disconnect();
  await admin.deleteGroups(['watched']);
  expect((await admin.listGroups()).groups).toEqual([]);
  await admin.disconnect();
});
