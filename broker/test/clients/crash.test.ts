// The program is killed with SIGKILL while idempotent producers wait for acks=all, and started again: nothing that was acknowledged is lost,
// doubled or out of order. COREBUF_BROKER_KILLS=n repeats it n times.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { Random } from '../../../test/support/random';
import { newFolder } from './broker';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const KILLS = Number(process.env.COREBUF_BROKER_KILLS ?? 2);
const PARTITIONS = 2;
const program = join(__dirname, '../../bin/corebuf-broker.js');

interface Running {
  readonly process: ChildProcess;
  readonly port: number;
}

async function start(dir: string, port: number): Promise<Running> {
  const args = [program, '--dir', dir, '--port', String(port), '--partitions', String(PARTITIONS), '--shards', '2', '--memory', '128MiB'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { process: child, port: Number(line.split(':').at(-1)) };
}

async function kill({ process: child }: Running): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Sends numbers to one partition until it is stopped; returns how many were acknowledged. Each batch is sent again until it is. */
type Send = (address: string, partition: number, signal: AbortSignal, acknowledged: (count: number) => void) => Promise<number>;

const sendWithKafkajs: Send = async (address, partition, signal, acknowledged) => {
  const producer = clientOf(address).producer({ idempotent: true, maxInFlightRequests: 1, retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 1000 } });
  await producer.connect();
  let next = 0;
  while (!signal.aborted) {
    const messages = Array.from({ length: 20 }, (_, at) => ({ value: String(next + at), partition }));
    await producer.send({ topic: 'numbers', acks: -1, messages });
    next += messages.length;
    acknowledged(messages.length);
  }
  await producer.disconnect();
  return next;
};

const sendWithPlatformatic: Send = async (address, partition, signal, acknowledged) => {
  const args = [join(__dirname, 'platformatic-client.mjs'), '@platformatic/kafka', address, 'count', 'numbers', String(partition)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  signal.addEventListener('abort', () => child.stdin.end(), { once: true });
  const exited = once(child, 'exit');
  let sent = 0;
  for await (const line of createInterface(child.stdout)) {
    sent += Number(line);
    acknowledged(Number(line));
  }
  expect(await exited).toEqual([0, null]);
  return sent;
};

function clientOf(address: string): Kafka {
  return new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 1000 } });
}

/** All values of the topic, by partition. */
async function readAll(kafka: Kafka, counts: readonly number[]): Promise<string[][]> {
  const read = counts.map((): string[] => []);
  const consumer = kafka.consumer({ groupId: `check ${Math.random()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'numbers', fromBeginning: true });
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        read[partition]!.push(message.value!.toString());
        if (++seen === total) resolve();
      },
    });
  });
  await consumer.disconnect();
  return read;
}

const clients: [string, Send][] = [
  ['kafkajs', sendWithKafkajs],
  ['@platformatic/kafka', sendWithPlatformatic],
];

test.each(clients)('what was acknowledged to %s is there once and in order after SIGKILL', async (_, send) => {
  const random = new Random();
  const dir = newFolder();
  let running = await start(dir, 0);
  const { port } = running;
  const address = `127.0.0.1:${port}`;
  const stop = new AbortController();
  let count = 0;
  let enough = (): void => undefined;
  const acknowledged = (more: number): void => {
    count += more;
    enough();
  };
  /** Waits for some more acknowledgements: the moment of the kill is then anywhere between two of them. */
  const someMore = async (): Promise<void> => {
    const wanted = count + 20 * (1 + random.upTo(40));
    while (count < wanted) await new Promise<void>((resolve) => (enough = resolve));
  };
  const sent = Array.from({ length: PARTITIONS }, (_, partition) => send(address, partition, stop.signal, acknowledged));
  for (let kills = 0; kills < KILLS; kills++) {
    await Promise.race([someMore(), Promise.all(sent)]);
    await kill(running);
    running = await start(dir, port);
  }
  await Promise.race([someMore(), Promise.all(sent)]);
  stop.abort();
  const counts = await Promise.all(sent);
  const read = await readAll(clientOf(address), counts);
  await kill(running);
  expect(read).toEqual(counts.map((length) => Array.from({ length }, (_, at) => String(at))));
  if (process.env.COREBUF_BROKER_KILLS !== undefined) console.log(`${KILLS} kills, ${counts.join(' + ')} records acknowledged`);
}, 60_000 + KILLS * 5000);
