// ListOffsets, OffsetForLeaderEpoch and DeleteRecords, request by request.
import { gzipSync } from 'node:zlib';
import { deleteRecords, fetch, listOffsets, offsetForLeaderEpoch } from '../../protocol/layouts/data';
import { startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';
import { createTopic, send } from './topics';
import { WireClient } from './wire-client';

let client: WireClient;
beforeAll(async () => {
  client = await WireClient.to(await startBroker({ shards: 2 }));
  await createTopic(client, 'times');
  await send(client, 'times', 0, batchOf({ values: ['a', 'b'], timestamps: [1000n, 5000n] }));
  await send(client, 'times', 0, batchOf({ values: ['c'], timestamps: [3000n] }));
});
afterAll(() => client.close());

async function list(timestamp: bigint, { topic = 'times', partitionIndex = 0, currentLeaderEpoch = -1, version = 11 } = {}) {
  const partitions = [{ partitionIndex, currentLeaderEpoch, timestamp }];
  const { topics } = await client.call(listOffsets, version, { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }], timeoutMs: 1000 });
  return topics[0]!.partitions[0]!;
}

test.each([
  ['the end', -1n, { offset: 3n, timestamp: -1n, leaderEpoch: 0 }],
  ['the beginning', -2n, { offset: 0n, timestamp: -1n }],
  ['the greatest timestamp', -3n, { offset: 1n, timestamp: 5000n }],
  ['the beginning on this machine', -4n, { offset: 0n, timestamp: -1n }],
  ['the end in tiered storage, of which there is none', -5n, { offset: -1n, timestamp: -1n, leaderEpoch: -1 }],
  ['what is next to come to tiered storage', -6n, { offset: -1n, timestamp: -1n, leaderEpoch: -1 }],
  ['a time before all records', 0n, { offset: 0n, timestamp: 1000n }],
  ['a time between records', 2000n, { offset: 1n, timestamp: 5000n }],
  ['a time behind all records', 6000n, { offset: -1n, timestamp: -1n }],
])('the offset of %s', async (_, timestamp, expected) => {
  expect(await list(timestamp)).toMatchObject({ errorCode: 0, ...expected });
});

test('a record in a gzip batch is found by its own time', async () => {
  await createTopic(client, 'gzip');
  const timestamps = [1000n, 2000n, 3000n, 2500n];
  await send(client, 'gzip', 0, batchOf({ values: timestamps.map(String), timestamps, attributes: 1, compress: gzipSync }));
  for (const timestamp of [2500n, -3n]) expect(await list(timestamp, { topic: 'gzip' })).toMatchObject({ offset: 2n, timestamp: 3000n });
});

test.each([
  ['a partition that there is not', { partitionIndex: 5 }, 3],
  ['a topic that there is not', { topic: 'nowhere' }, 3],
  ['an epoch to come', { currentLeaderEpoch: 9 }, 75],
])('%s has an error', async (_, place, errorCode) => {
  expect(await list(-1n, place)).toMatchObject({ errorCode, offset: -1n });
});

test.each([[-3n, 7], [-4n, 8], [-5n, 9], [-6n, 11]])('the place %s is known from version %s on', async (place, since) => {
  expect(await list(place, { version: since })).toMatchObject({ errorCode: 0 });
  expect(await list(place, { version: since - 1 })).toMatchObject({ errorCode: 35, offset: -1n, timestamp: -1n });
});

test('a place that no version knows has error 35, in every version', async () => {
  for (const place of [-7n, -100n]) {
    for (const version of [1, 11]) expect(await list(place, { version })).toMatchObject({ errorCode: 35, offset: -1n });
  }
});

async function endOfEpoch(leaderEpoch: number, currentLeaderEpoch = -1, partition = 0) {
  const partitions = [{ partition, currentLeaderEpoch, leaderEpoch }];
  const { topics } = await client.call(offsetForLeaderEpoch, 3, { replicaId: -1, topics: [{ topic: 'times', partitions }] });
  return topics[0]!.partitions[0]!;
}

test('the one epoch ends at the end of the log, others are not known', async () => {
  expect(await endOfEpoch(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 3n });
  expect(await endOfEpoch(4)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1n });
  expect(await endOfEpoch(0, 4)).toMatchObject({ errorCode: 75 });
  expect(await endOfEpoch(0, -1, 8)).toMatchObject({ errorCode: 3 });
});

async function remove(topic: string, offset: bigint, partitionIndex = 0) {
  const { topics } = await client.call(deleteRecords, 2, { topics: [{ name: topic, partitions: [{ partitionIndex, offset }] }], timeoutMs: 1000 });
  return topics[0]!.partitions[0]!;
}

test('records before an offset are deleted: the log begins there, and reads before it are out of range', async () => {
  await createTopic(client, 'shrinks');
  for (const value of ['a', 'b', 'c']) await send(client, 'shrinks', 0, batchOf({ values: [value] }));
  expect(await remove('shrinks', 2n)).toMatchObject({ errorCode: 0, lowWatermark: 2n });
  expect(await list(-2n, { topic: 'shrinks' })).toMatchObject({ offset: 2n });
  const partitions = [{ partition: 0, fetchOffset: 1n, partitionMaxBytes: 1000 }];
  const { responses } = await client.call(fetch, 11, {
    maxWaitMs: 0, minBytes: 0, topics: [{ topic: 'shrinks', topicId: '', partitions }], forgottenTopicsData: [], rackId: '',
  });
  expect(responses[0]!.partitions[0]!.errorCode).toBe(1);
  expect(await remove('shrinks', 9n)).toMatchObject({ errorCode: 1, lowWatermark: -1n });
  expect(await remove('shrinks', -1n)).toMatchObject({ errorCode: 0, lowWatermark: 3n });
  expect(await remove('shrinks', 0n, 4)).toMatchObject({ errorCode: 3 });
  expect(await remove('nowhere', 0n)).toMatchObject({ errorCode: 3 });
});
