// Requests that a client sends without waiting for answers: each sees what those before it have changed, and an end of the connection takes
// no answer with it.
import { apiVersions, metadata } from '../../protocol/layouts/cluster';
import { fetch, produce } from '../../protocol/layouts/data';
import type { Broker } from 'corebuf-broker';
import { createTopic, send } from '../api/topics';
import { WireClient } from '../api/wire-client';
import { startBroker } from '../clients/broker';
import { batchOf } from '../log/batches';

const ALL_TOPICS = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false, includeClusterAuthorizedOperations: false };
const SOFTWARE = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };

const records = (name: string, acks: number) => ({
  acks, timeoutMs: 1000, topicData: [{ name, topicId: '', partitionData: [{ index: 0, records: batchOf({ values: ['v'] }) }] }],
});

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2, requestBytesMax: 100_000 });
});
beforeEach(async () => {
  client = await WireClient.to(broker);
});
afterEach(() => client.close());

describe('the connection ends behind the answers to earlier requests when a request', () => {
  test.each<[string, () => void]>([
    ['wants no answer and fails', () => client.send(produce, 8, records('nowhere', 0))],
    ['has an api that is not there', () => client.send({ ...metadata, key: 999 }, 9, ALL_TOPICS)],
    ['has a version that is not offered', () => client.send(metadata, 99, ALL_TOPICS)],
    ['is cut off', () => client.sendBytes(Buffer.from('0000000100', 'hex'))],
    ['has a negative length', () => client.sendBytes(Buffer.from('80000000', 'hex'))],
    ['is too long', () => client.sendBytes(Buffer.from('000f0000', 'hex'))],
  ])('%s', async (what, sendLast) => {
    const name = `kept-${what.replaceAll(' ', '-')}`;
    await createTopic(client, name);
    client.together(() => {
      client.send(produce, 8, records(name, -1));
      client.send(metadata, 9, ALL_TOPICS);
      sendLast();
    });
    expect((await client.nextAnswer(produce, 8)).responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0n });
    expect((await client.nextAnswer(metadata, 9)).brokers).toHaveLength(1);
    await client.untilClosed();
  });

  test('has no length, though many before it have not started', async () => {
    const REQUESTS = 500;
    client.together(() => {
      for (let sent = 0; sent < REQUESTS; sent++) client.send(metadata, 9, ALL_TOPICS);
      client.sendBytes(Buffer.from('ffffffff', 'hex'));
    });
    for (let answers = 0; answers < REQUESTS; answers++) await client.nextAnswer(metadata, 9);
    await client.untilClosed();
  });

  test('fails behind one that waits, which is answered at once', async () => {
    await createTopic(client, 'waited-for');
    const topics = [{ topic: 'waited-for', topicId: '', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }] }];
    client.together(() => {
      client.send(fetch, 11, { maxWaitMs: 600_000, minBytes: 1, topics, forgottenTopicsData: [], rackId: '' });
      client.send(metadata, 99, ALL_TOPICS);
      client.send(apiVersions, 3, SOFTWARE);
    });
    expect((await client.nextAnswer(fetch, 11)).responses[0]!.partitions[0]!.errorCode).toBe(0);
    await client.untilClosed();
  });
});

test('what was appended before the connection ended is there once', async () => {
  await createTopic(client, 'once');
  client.together(() => {
    client.send(produce, 8, records('once', -1));
    client.send(produce, 8, records('nowhere', 0));
  });
  expect((await client.nextAnswer(produce, 8)).responses[0]!.partitionResponses[0]!.errorCode).toBe(0);
  await client.untilClosed();
  const other = await WireClient.to(broker);
  expect((await send(other, 'once', 0, batchOf({ values: ['v'] }))).baseOffset).toBe(1n);
  other.close();
});
