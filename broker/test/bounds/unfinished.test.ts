// Clients that send large requests and never finish them: together they would hold more than the memory of a shard.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { BrokerShardStats } from 'corebuf-broker';
import { produce } from '../../protocol/layouts/data';
import { createTopic } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';

const MIB = 1024 * 1024;
const MEMORY = 64 * MIB;
const CLIENTS = 16;
const LENGTH = 12 * MIB;

/** Sends a request but for its last byte, as far as it is taken. */
async function unfinished(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const bytes = Buffer.alloc(4 + LENGTH - 1);
  bytes.writeInt32BE(LENGTH);
  socket.write(bytes);
  return socket;
}

/** Resolves when nothing more is taken of what they send. */
async function untilNobodyReads(sockets: readonly Socket[]): Promise<void> {
  const received = (): number => sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
  for (let before = -1; before !== received(); ) {
    before = received();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function send(client: WireClient, bytes: number): Promise<number> {
  const topicData = [{ name: 'much', topicId: '', partitionData: [{ index: 0, records: batchOf({ values: ['x'.repeat(bytes)] }) }] }];
  const { responses } = await client.call(produce, 9, { acks: -1, timeoutMs: 1000, topicData });
  return responses[0]!.partitionResponses[0]!.errorCode;
}

test('small requests are served meanwhile, large ones when those who hold the room send nothing, and memory is bounded', async () => {
  const broker = await startBroker({ memory: MEMORY });
  const client = await WireClient.to(broker);
  await createTopic(client, 'much', 1);
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => unfinished(broker.address.port)));
  await untilNobodyReads(sockets);
  const [{ memory }] = (await broker.stats()) as [BrokerShardStats];
  expect(memory.committed).toBeLessThan(MEMORY / 2);
  expect(await send(client, 32 * 1024)).toBe(0);
  // All of them but one wait for room; that one loses it within ten seconds.
  for (const socket of sockets.slice(1)) socket.destroy();
  expect(await send(client, MIB / 2)).toBe(0);
  sockets[0]!.destroy();
  client.close();
}, 60_000);
