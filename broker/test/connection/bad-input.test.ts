// Clients that send what is no request, and requests that arrive together: over sockets, byte by byte.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Broker, BrokerShardStats } from 'corebuf-broker';
import { fetch } from '../../protocol/layouts/data';
import { createTopic, describeTopic, send } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});

async function open(): Promise<Socket> {
  const socket = connect(broker.address.port, broker.address.host);
  await once(socket, 'connect');
  return socket;
}

/** A request with header version 1 and an empty client id. */
function request(apiKey: number, version: number, correlationId: number, body = ''): Buffer {
  const bytes = Buffer.from(body, 'hex');
  const frame = Buffer.alloc(14 + bytes.length);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(version, 6);
  frame.writeInt32BE(correlationId, 8);
  bytes.copy(frame, 14);
  return frame;
}

/** Everything that the broker sends until it closes the connection. */
async function untilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** The next `count` answers, without their sizes. */
async function answers(socket: Socket, count: number): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      frames.push(bytes.subarray(4, 4 + bytes.readInt32BE(0)));
      bytes = bytes.subarray(4 + bytes.readInt32BE(0));
    }
    if (frames.length >= count) return frames;
  }
  throw new Error('the connection has closed');
}

const API_VERSIONS = 18;
const METADATA = 3;

test.each([
  ['bytes of another protocol', Buffer.from('GET / HTTP/1.1\r\nhost: here\r\n\r\n')],
  ['a negative length', Buffer.from('ffffffff', 'hex')],
  ['a length of 2 GiB', Buffer.from('7fffffff', 'hex')],
  ['a frame without a header', Buffer.from('0000000100', 'hex')],
  ['an api that is not there', request(999, 0, 1)],
  ['a version that is not offered', request(METADATA, 99, 1)],
  ['a body that is cut off', request(METADATA, 1, 1, '0000ffff')],
])('%s close the connection, and no other one', async (_, bytes) => {
  const other = await open();
  const socket = await open();
  socket.write(bytes);
  expect((await untilClosed(socket)).length).toBe(0);
  other.write(request(API_VERSIONS, 0, 7));
  expect((await answers(other, 1))[0]!.readInt32BE(0)).toBe(7);
  other.destroy();
});

test('a version of ApiVersions that is too new is answered in the oldest layout, with error 35 and what is offered', async () => {
  const socket = await open();
  socket.write(request(API_VERSIONS, 99, 5, 'ff'));
  const [answer] = await answers(socket, 1);
  expect(answer!.toString('hex')).toBe('00000005' + '0023' + '00000001' + '0012' + '0000' + '0004');
  socket.destroy();
});

test('requests that arrive together are answered in their order', async () => {
  const socket = await open();
  const ids = Array.from({ length: 500 }, (_, at) => at);
  socket.write(Buffer.concat(ids.map((id) => (id % 2 === 0 ? request(API_VERSIONS, 0, id) : request(METADATA, 1, id, '00000000')))));
  expect((await answers(socket, ids.length)).map((answer) => answer.readInt32BE(0))).toEqual(ids);
  socket.destroy();
});

test('a client that does not read its answers is not read either, and holds up nobody', async () => {
  const slow = await WireClient.to(broker);
  await createTopic(slow, 'large');
  await send(slow, 'large', 0, batchOf({ values: ['x'.repeat(1_000_000)] }));
  slow.pause();
  const topics = [{ topic: 'large', topicId: '', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 2_000_000 }] }];
  const request = { maxWaitMs: 0, minBytes: 0, topics, forgottenTopicsData: [], rackId: '' };
  const REQUESTS = 40;
  for (let requests = 1; requests < REQUESTS; requests++) slow.send(fetch, 11, request);
  const other = await WireClient.to(broker);
  for (let round = 0; round < 50; round++) await describeTopic(other, 'large');
  const [{ net }] = (await broker.stats()) as [BrokerShardStats];
  expect(net.bytesSent).toBeLessThan(20_000_000);
  slow.resume();
  for (let answers = 1; answers < REQUESTS; answers++) await slow.nextAnswer(fetch, 11);
  expect((await slow.call(fetch, 11, request)).responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(1_000_000);
  other.close();
  slow.close();
});

test('a request that arrives byte by byte is answered', async () => {
  const socket = await open();
  socket.setNoDelay(true);
  for (const byte of request(API_VERSIONS, 0, 3)) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
  expect((await answers(socket, 1))[0]!.readInt32BE(0)).toBe(3);
  socket.destroy();
});
