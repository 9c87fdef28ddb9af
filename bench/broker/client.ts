// Load from a client in Node, kafkajs: sends of 100 records with acks=all, four at a time. Prints what load.c prints, without latencies.
// Arguments: HOST:PORT TOPIC PARTITIONS RECORD_BYTES MILLISECONDS
import { Kafka, logLevel, Partitioners } from 'kafkajs';

const SENDS = 4;
const RECORDS = 100;

const [broker, topic, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [partitions, recordBytes, milliseconds] = numbers.map(Number) as [number, number, number];
const value = Buffer.alloc(recordBytes);

async function main(): Promise<void> {
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR }).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const began = performance.now();
  let records = 0;
  const send = async (partition: number): Promise<void> => {
    const messages = Array.from({ length: RECORDS }, () => ({ partition, value }));
    while (performance.now() - began < milliseconds) {
      await producer.send({ topic, messages });
      records += RECORDS;
    }
  };
  await Promise.all(Array.from({ length: SENDS }, (_, at) => send(at % partitions)));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ bytes: records * recordBytes, records, seconds, cpuSeconds: (user + system) / 1e6, p50: 0, p99: 0, p999: 0 }));
  await producer.disconnect();
}

void main();
