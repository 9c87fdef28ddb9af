// A group of two consumers, and the ends of all partitions.
import { Kafka, logLevel } from 'kafkajs';
import type { Consumer } from 'kafkajs';
import type { Address } from 'corebuf-broker';
import { topics } from './input.js';
import type { Check } from './check.js';

const MEMBERS = 2;
const RETRY_MS = 50;
const SESSION_MS = 6000;

/** Told of bytes of records that came for the first time and are right. */
export type Compared = (bytes: number) => void;

export class ConsumerGroup {
  readonly #consumers: readonly Consumer[];
  readonly #check: Check;
  readonly #compared: Compared;
  readonly #done: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  private constructor(kafka: Kafka, check: Check, compared: Compared) {
    this.#check = check;
    this.#compared = compared;
    this.#done = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
    this.#done.catch(() => undefined);
    const options = { groupId: 'comparing', sessionTimeout: SESSION_MS, heartbeatInterval: 500, maxWaitTimeInMs: 200 };
    this.#consumers = Array.from({ length: MEMBERS }, () => kafka.consumer(options));
  }

  /** Resolves when all members are running. */
  static async start({ host, port }: Address, check: Check, compared: Compared): Promise<ConsumerGroup> {
    const retry = { initialRetryTime: RETRY_MS, maxRetryTime: RETRY_MS, retries: 1000 };
    const group = new ConsumerGroup(new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING, retry }), check, compared);
    await Promise.all(group.#consumers.map((consumer) => group.#run(consumer)));
    return group;
  }

  /** Resolves when every record has come. @throws when one is not what it must be */
  whenComplete(): Promise<void> {
    return this.#done;
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.disconnect()));
  }

  async #run(consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 200,
      eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
        for (const message of batch.messages) {
          this.#receive(batch.topic, batch.partition, message);
          resolveOffset(message.offset);
        }
        await heartbeat();
      },
    });
  }

  #receive(topic: string, partition: number, { offset, key, value }: { offset: string; key: Buffer | null; value: Buffer | null }): void {
    try {
      const record = { topic, partition, offset: Number(offset), key: String(key), value: value ?? Buffer.alloc(0) };
      if (this.#check.receive(record)) this.#compared(record.value.length);
      if (this.#check.isComplete) this.#resolve();
    } catch (error) {
      this.#reject(error);
      throw error;
    }
  }
}

/** Creates the topics. */
export async function createTopics(address: Address, partitions: number): Promise<void> {
  await withAdmin(address, (admin) => admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: partitions })) }));
}

/** Compares the ends of all partitions, when all is acknowledged. @throws when one has more records than the input, or fewer */
export async function checkEnds(address: Address, check: Check): Promise<void> {
  await withAdmin(address, async (admin) => {
    for (const topic of topics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) check.end({ topic, partition }, Number(high));
    }
  });
}

async function withAdmin<T>({ host, port }: Address, use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
