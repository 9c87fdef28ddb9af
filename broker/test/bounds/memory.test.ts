// Much more than its memory goes through a broker, and thousands of clients that do nothing: its memory stays within bounds.
// COREBUF_BROKER_MEMORY=1 sends 1 GiB through 256 MiB; COREBUF_BROKER_CLIENTS is the number of clients that do nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Broker, BrokerShardStats } from 'corebuf-broker';
import { apiVersions } from '../../protocol/layouts/cluster';
import { produce } from '../../protocol/layouts/data';
import { createTopic } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { newFolder, startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';

const MIB = 1024 * 1024;
const [TOTAL, BUDGET] = process.env.COREBUF_BROKER_MEMORY === '1' ? [1024 * MIB, 256 * MIB] : [64 * MIB, 16 * MIB];
const CLIENTS = 4;
const IDLE_CLIENTS = Number(process.env.COREBUF_BROKER_CLIENTS ?? 2000);
/** 2,000 of them within 64 MiB. */
const IDLE_BYTES = (64 * MIB) / 2000;
const BATCH = 256 * 1024;
const IN_FLIGHT = 8;

/** Sends `bytes` with several requests under way. Returns the codes of refused batches. */
async function fill(broker: Broker, partition: number, bytes: number): Promise<number[]> {
  const client = await WireClient.to(broker);
  const refused: number[] = [];
  let underWay = 0;
  const answer = async (): Promise<void> => {
    const { responses } = await client.nextAnswer(produce, 9);
    underWay--;
    const { errorCode } = responses[0]!.partitionResponses[0]!;
    if (errorCode !== 0) refused.push(errorCode);
  };
  for (let sent = 0; sent < bytes; sent += BATCH) {
    const partitionData = [{ index: partition, records: batchOf({ values: ['x'.repeat(BATCH)] }) }];
    client.send(produce, 9, { acks: -1, timeoutMs: 1000, topicData: [{ name: 'much', topicId: '', partitionData }] });
    if (++underWay === IN_FLIGHT) await answer();
  }
  while (underWay > 0) await answer();
  client.close();
  return refused;
}

test('four times its memory goes through a broker, and nothing is refused', async () => {
  const broker = await startBroker({ memory: BUDGET });
  const client = await WireClient.to(broker);
  await createTopic(client, 'much', CLIENTS);
  client.close();
  const refused = await Promise.all(Array.from({ length: CLIENTS }, (_, partition) => fill(broker, partition, TOTAL / CLIENTS)));
  expect(refused.flat()).toEqual([]);
  const [{ memory, io }] = (await broker.stats()) as [BrokerShardStats];
  expect(io.bytesWritten).toBeGreaterThanOrEqual(TOTAL);
  expect(memory.budget).toBeLessThanOrEqual(BUDGET);
  expect(memory.committed).toBeLessThanOrEqual(BUDGET);
}, 300_000);

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

test('clients that do nothing take less than 33 KB each, and others are served', async () => {
  const program = join(__dirname, '../../bin/corebuf-broker.js');
  const child = spawn(process.execPath, [program, '--dir', newFolder(), '--port', '0', '--memory', '64MiB', '--shards', '2'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const broker = { address: { host: '127.0.0.1', port: Number(line.split(':').at(-1)) } } as Broker;
  const request = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
  const first = await WireClient.to(broker);
  await first.call(apiVersions, 3, request);
  const before = memoryOf(child.pid!);
  const clients: WireClient[] = [];
  for (let at = 0; at < IDLE_CLIENTS; at++) clients.push(await WireClient.to(broker));
  await Promise.all(clients.map((client) => client.call(apiVersions, 3, request)));
  expect(memoryOf(child.pid!) - before).toBeLessThan(IDLE_CLIENTS * IDLE_BYTES);
  await first.call(apiVersions, 3, request);
  for (const client of [first, ...clients]) client.close();
  child.kill('SIGKILL');
  await once(child, 'exit');
}, 60_000);
