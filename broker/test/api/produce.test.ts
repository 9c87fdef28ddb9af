// Produce and InitProducerId, request by request.
import type { Broker } from 'corebuf-broker';
import { initProducerId, listOffsets, produce } from '../../protocol/layouts/data';
import { startBroker } from '../clients/broker';
import { batchOf, changed } from '../log/batches';
import { createTopic, send } from './topics';
import { WireClient } from './wire-client';

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2 });
  client = await WireClient.to(broker);
  await createTopic(client, 'here', 2);
});
afterAll(() => client.close());

test.each([
  ['a topic that there is not', () => send(client, 'nowhere', 0, batchOf()), 3],
  ['a partition that there is not', () => send(client, 'here', 2, batchOf()), 3],
  ['no records', () => send(client, 'here', 0, null), 87],
  ['a wrong checksum', () => send(client, 'here', 0, changed(batchOf(), 70, 9)), 2],
  ['acks that there are not', () => send(client, 'here', 0, batchOf(), 9, 2), 21],
  ['an old format of records', () => send(client, 'here', 0, batchOf(), 2), 35],
  ['too large a batch', () => send(client, 'here', 0, batchOf({ values: ['x'.repeat(1_100_000)] })), 10],
])('%s has an error, and the connection goes on', async (_, request, errorCode) => {
  expect(await request()).toMatchObject({ errorCode, baseOffset: -1n });
  expect((await send(client, 'here', 1, batchOf())).errorCode).toBe(0);
});

test('one partition with an error does not hold up the others', async () => {
  const partitionData = [{ index: 0, records: batchOf() }, { index: 7, records: batchOf() }];
  const { responses } = await client.call(produce, 9, { acks: -1, timeoutMs: 1000, topicData: [{ name: 'here', topicId: '', partitionData }] });
  expect(responses[0]!.partitionResponses.map(({ errorCode }) => errorCode)).toEqual([0, 3]);
});

test('the answer has the append time if the topic has, also for a batch that comes again', async () => {
  await createTopic(client, 'timed', 1, { 'message.timestamp.type': 'LogAppendTime' });
  const before = Date.now();
  const first = await send(client, 'timed', 0, batchOf({ producerId: 901n, epoch: 0, sequence: 0 }), 7);
  const time = Number(first.logAppendTimeMs);
  expect([time >= before, time <= Date.now()]).toEqual([true, true]);
  while (Date.now() === time) await new Promise((resolve) => setTimeout(resolve, 1));
  const again = await send(client, 'timed', 0, batchOf({ producerId: 901n, epoch: 0, sequence: 0 }), 9);
  expect(again).toMatchObject({ baseOffset: 0n, logAppendTimeMs: first.logAppendTimeMs });
  expect((await send(client, 'here', 0, batchOf(), 9)).logAppendTimeMs).toBe(-1n);
});

test('a batch with acks 0 has no answer, and one that is refused ends the connection', async () => {
  const silent = await WireClient.to(broker);
  const topicData = (name: string) => [{ name, topicId: '', partitionData: [{ index: 0, records: batchOf() }] }];
  silent.send(produce, 9, { acks: 0, timeoutMs: 1000, topicData: topicData('here') });
  silent.skipAnswer();
  // The next answer is that of the next request.
  const { topics } = await silent.call(listOffsets, 1, { replicaId: -1, isolationLevel: 0, timeoutMs: 1000, topics: [] });
  expect(topics).toEqual([]);
  silent.send(produce, 9, { acks: 0, timeoutMs: 1000, topicData: topicData('nowhere') });
  await silent.untilClosed();
  silent.close();
});

test('a batch of an idempotent producer that comes again has the offset of the first, and one out of order has error 45', async () => {
  await createTopic(client, 'once');
  const batch = (sequence: number) => batchOf({ producerId: 900n, epoch: 0, sequence });
  expect(await send(client, 'once', 0, batch(0))).toMatchObject({ errorCode: 0, baseOffset: 0n });
  expect(await send(client, 'once', 0, batch(0))).toMatchObject({ errorCode: 0, baseOffset: 0n });
  expect(await send(client, 'once', 0, batch(2))).toMatchObject({ errorCode: 45 });
  expect(await send(client, 'once', 0, batch(1))).toMatchObject({ errorCode: 0, baseOffset: 1n });
});

test('every request for a producer id is given a new one, whatever it names', async () => {
  const ids = [];
  for (let requests = 0; requests < 3; requests++) {
    const answer = await client.call(initProducerId, 3, { transactionalId: null, transactionTimeoutMs: 0, producerId: 0n, producerEpoch: 0 });
    expect(answer).toMatchObject({ errorCode: 0, producerEpoch: 0 });
    ids.push(answer.producerId);
  }
  expect(new Set(ids).size).toBe(3);
  expect(await client.call(initProducerId, 3, { transactionalId: 'one', transactionTimeoutMs: 0 })).toMatchObject({ errorCode: 53 });
});
