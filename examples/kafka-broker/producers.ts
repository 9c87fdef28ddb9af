// Idempotent producers of two client libraries, with acks=all. Each sends a batch again until it is acknowledged, also while the broker is gone.
import { logLevel, Kafka } from 'kafkajs';
import type { Address } from 'corebuf-broker';
import { topics } from './input.js';
import type { InputFile, Place } from './input.js';

export const libraries = ['kafkajs', '@platformatic/kafka'] as const;

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

/** Milliseconds between two attempts. */
const RETRY_MS = 50;
const RETRIES = 1000;
/** Records of one partition in one request, at most. */
const BATCH_RECORDS = 48;

interface OutRecord extends Place {
  readonly key: string;
  readonly value: Buffer;
}

/** A producer of any library. */
interface Client {
  send(records: readonly OutRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Told of each batch that is acknowledged: its bytes, and when it was sent. */
export type Acknowledged = (bytes: number, sentAt: number) => void;

/** Sends the files with one producer of the library. Resolves when all is acknowledged. */
export async function produce(library: (typeof libraries)[number], address: Address, files: readonly InputFile[], acknowledged: Acknowledged): Promise<void> {
  const client = await (library === 'kafkajs' ? kafkajsClient(address) : platformaticClient(address));
  try {
    for (const batch of batchesOf(files)) {
      const sentAt = performance.now();
      await client.send(batch);
      acknowledged(batch.reduce((sum, { value }) => sum + value.length, 0), sentAt);
    }
  } finally {
    await client.close();
  }
}

/** Some records for each partition in each batch. */
function* batchesOf(files: readonly InputFile[]): Generator<OutRecord[]> {
  const queues = new Map<string, Generator<OutRecord>>();
  for (const { topic, partition } of files) {
    const ofPartition = files.filter((file) => file.topic === topic && file.partition === partition);
    queues.set(`${topic}/${partition}`, recordsOf(ofPartition));
  }
  while (queues.size > 0) {
    const batch: OutRecord[] = [];
    for (const [name, queue] of queues) {
      if (!moveSome(queue, batch)) queues.delete(name);
    }
    if (batch.length > 0) yield batch;
  }
}

function* recordsOf(files: readonly InputFile[]): Generator<OutRecord> {
  for (const { topic, partition, key, records } of files) {
    for (const value of records) yield { topic, partition, key, value };
  }
}

/** Returns whether the queue may have more. */
function moveSome(queue: Generator<OutRecord>, batch: OutRecord[]): boolean {
  for (let count = 0; count < BATCH_RECORDS; count++) {
    const next = queue.next();
    if (next.done === true) return false;
    batch.push(next.value);
  }
  return true;
}

async function kafkajsClient({ host, port }: Address): Promise<Client> {
  const retry = { initialRetryTime: RETRY_MS, maxRetryTime: RETRY_MS, retries: RETRIES };
  const kafka = new Kafka({ brokers: [`${host}:${port}`], clientId: 'demo', logLevel: logLevel.NOTHING, retry });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return {
    async send(records) {
      const topicMessages = topics.map((topic) => ({ topic, messages: records.filter((record) => record.topic === topic) }));
      await producer.sendBatch({ acks: -1, topicMessages: topicMessages.filter(({ messages }) => messages.length > 0) });
    },
    close: () => producer.disconnect(),
  };
}

async function platformaticClient({ host, port }: Address): Promise<Client> {
  const { Producer } = await import('@platformatic/kafka');
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: 'demo', bootstrapBrokers: [`${host}:${port}`], idempotent: true, retries: RETRIES, retryDelay: RETRY_MS,
  });
  return {
    async send(records) {
      await producer.send({ messages: records.map(({ key, ...record }) => ({ ...record, key: Buffer.from(key) })) });
    },
    close: () => producer.close(),
  };
}
