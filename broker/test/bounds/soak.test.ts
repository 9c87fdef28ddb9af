// Memory of a broker over a long time: producers, a group of consumers, and members that come and go, at a moderate load.
//   COREBUF_BROKER_SOAK_SECONDS=600 npm test -- broker/test/bounds/soak
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { Consumer } from 'kafkajs';
import type { Address, BrokerShardStats } from 'corebuf-broker';
import { newFolder } from '../clients/broker';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const MIB = 2 ** 20;
const ASKED = process.env.COREBUF_BROKER_SOAK_SECONDS;
const SECONDS = Number(ASKED ?? 2);
/** Runs that are shorter say nothing about memory: caches fill, and code is compiled. */
const LONG_SECONDS = 120;
const PARTITIONS = 4;
/** Load of each producer: so many records of so many bytes, and a pause. */
const BATCH = 100;
const RECORD_BYTES = 1000;
const PAUSE_MS = 100;
/** A second member joins the group for a second, and leaves it for as long. */
const MEMBER_MS = 1000;
/** Growth that the collector's own timing, and the sizes of heaps, may explain. */
const SLACK = 16 * MIB;
const DESCRIPTORS_SLACK = 16;

interface Figures {
  readonly rss: number;
  readonly descriptors: number;
  readonly shards: readonly BrokerShardStats[];
}

/** One figure over the seconds of the run. */
type Name = 'rss' | 'committed' | 'heap' | 'objects' | 'descriptors';
type Sample = Readonly<Record<Name, number>>;

/** The first minute after the warm-up, of a tenth of the run, and the last one; in a short run, parts as long as the warm-up. */
interface Ends {
  readonly first: Sample;
  readonly last: Sample;
}

class Soak {
  readonly #broker: ChildProcess;
  readonly #kafka: Kafka;
  readonly #topic = 'soak';
  readonly #end = performance.now() + SECONDS * 1000;
  produced = 0;
  /** Offsets that have come, by partition: each record must come at least once. */
  readonly consumed = Array.from({ length: PARTITIONS }, () => new Set<number>());

  constructor(broker: ChildProcess, { host, port }: Address) {
    this.#broker = broker;
    this.#kafka = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 20 } });
  }

  async run(): Promise<Sample[]> {
    await this.#createTopic();
    const member = await this.#join();
    const [samples] = await Promise.all([this.#sample(), this.#produce(0), this.#produce(1), this.#comeAndGo()]);
    while (this.#received() < this.produced) await delay(20);
    await member.disconnect();
    return samples;
  }

  get #isOver(): boolean {
    return performance.now() >= this.#end;
  }

  async #createTopic(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const configEntries = [{ name: 'segment.bytes', value: `${8 * MIB}` }, { name: 'retention.bytes', value: `${16 * MIB}` }];
    await admin.createTopics({ topics: [{ topic: this.#topic, numPartitions: PARTITIONS, configEntries }] });
    await admin.disconnect();
  }

  async #produce(nth: number): Promise<void> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const value = 'x'.repeat(RECORD_BYTES);
    for (let round = nth; !this.#isOver; round++) {
      await producer.send({ topic: this.#topic, acks: -1, messages: Array.from({ length: BATCH }, () => ({ value, partition: round % PARTITIONS })) });
      this.produced += BATCH;
      await delay(PAUSE_MS);
    }
    await producer.disconnect();
  }

  async #join(): Promise<Consumer> {
    const consumer = this.#kafka.consumer({ groupId: 'soak', sessionTimeout: 10_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 200,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const { offset } of messages) this.consumed[partition]!.add(Number(offset));
      },
    });
    return consumer;
  }

  async #comeAndGo(): Promise<void> {
    while (!this.#isOver) {
      const member = await this.#join();
      await delay(MEMBER_MS);
      await member.disconnect();
      await delay(MEMBER_MS);
    }
  }

  async #sample(): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (; !this.#isOver; await delay(1000)) samples.push(await this.#figures());
    return samples;
  }

  async #figures(): Promise<Sample> {
    const answer = once(this.#broker, 'message');
    this.#broker.send('figures');
    const [{ rss, descriptors, shards }] = (await answer) as [Figures];
    const sum = (of: (shard: BrokerShardStats) => number): number => shards.reduce((total, shard) => total + of(shard), 0);
    return {
      rss, descriptors, committed: sum(({ memory }) => memory.committed), objects: sum(({ memory }) => memory.liveObjects), heap: sum(({ heapBytes }) => heapBytes),
    };
  }

  #received(): number {
    return this.consumed.reduce((sum, { size }) => sum + size, 0);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1]!;
}

function endsOf(samples: readonly Sample[]): Ends {
  const warmUp = Math.ceil(samples.length / 10);
  const part = Math.min(60, warmUp);
  const medians = (from: readonly Sample[]): Sample => {
    const of = (name: Name): number => median(from.map((sample) => sample[name]));
    return { rss: of('rss'), committed: of('committed'), heap: of('heap'), objects: of('objects'), descriptors: of('descriptors') };
  };
  return { first: medians(samples.slice(warmUp, warmUp + part)), last: medians(samples.slice(-part)) };
}

function inWords({ first, last }: Ends): string {
  const line = ({ rss, committed, heap, objects, descriptors }: Sample): string => {
    const [rssMiB, committedMiB, heapMiB] = [rss, committed, heap].map((bytes) => (bytes / MIB).toFixed(1));
    return JSON.stringify({ rssMiB, committedMiB, heapMiB, objects, descriptors });
  };
  return `first ${line(first)}\nlast  ${line(last)}`;
}

test(`a broker under load for ${SECONDS} s loses nothing, and its memory stays flat`, async () => {
  const options = { dir: newFolder(), shards: 2, memory: '64MiB', groupInitialDelay: 0 };
  const broker = fork(join(__dirname, 'programs/broker-process.mjs'), [JSON.stringify(options)]);
  const ended = once(broker, 'exit').then(([code, signal]: unknown[]) => Promise.reject(new Error(`the broker has ended with ${String(signal ?? code)}`)));
  ended.catch(() => undefined);
  const [{ address }] = (await Promise.race([once(broker, 'message'), ended])) as [{ address: Address }];
  const soak = new Soak(broker, address);
  const samples = await Promise.race([soak.run(), ended]);
  broker.disconnect();
  expect(await once(broker, 'exit')).toEqual([0, null]);
  const most = soak.consumed.map(({ size }) => Array.from({ length: size }, (_, offset) => offset));
  expect(soak.consumed.map((offsets) => [...offsets].sort((one, other) => one - other))).toEqual(most);
  if (SECONDS < LONG_SECONDS) return;
  const { first, last } = endsOf(samples);
  console.log(`${soak.produced} records\n${inWords({ first, last })}`);
  expect(last.rss).toBeLessThan(first.rss + SLACK);
  expect(last.committed).toBeLessThan(first.committed + SLACK);
  expect(last.heap).toBeLessThan(first.heap + SLACK);
  expect(last.descriptors).toBeLessThan(first.descriptors + DESCRIPTORS_SLACK);
}, (SECONDS + 60) * 1000);
