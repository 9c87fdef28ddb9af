// Requests that a client sends without waiting for answers: each sees what those before it have changed, and an end of the connection takes
// no answer with it.
import { apiVersions, metadata } from '../../protocol/layouts/cluster';
import { deleteRecords, fetch, listOffsets, produce } from '../../protocol/layouts/data';
import { createPartitions, createTopics, deleteTopics, describeConfigs, incrementalAlterConfigs } from '../../protocol/layouts/topics';
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

describe('a request sees what the one before it has changed', () => {
  const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
  const named = (name: string, allowAutoTopicCreation: boolean) => ({ ...ALL_TOPICS, topics: [{ topicId: NO_UUID, name }], allowAutoTopicCreation });
  const wish = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] });
  const creation = (name: string) => ({ topics: [wish(name)], timeoutMs: 1000, validateOnly: false });
  const produced = async () => (await client.nextAnswer(produce, 8)).responses[0]!.partitionResponses[0]!.errorCode;

  test('a batch is for a topic that is created', async () => {
    client.together(() => {
      client.send(createTopics, 7, creation('fresh'));
      client.send(produce, 8, records('fresh', -1));
    });
    expect((await client.nextAnswer(createTopics, 7)).topics[0]!.errorCode).toBe(0);
    expect(await produced()).toBe(0);
  });

  test('a batch is for a topic that Metadata creates', async () => {
    client.together(() => {
      client.send(metadata, 9, named('automatic', true));
      client.send(produce, 8, records('automatic', -1));
    });
    expect((await client.nextAnswer(metadata, 9)).topics[0]!.errorCode).toBe(0);
    expect(await produced()).toBe(0);
  });

  test('a batch is for a partition that is added', async () => {
    await createTopic(client, 'growing');
    const batch = records('growing', -1);
    batch.topicData[0]!.partitionData[0]!.index = 1;
    client.together(() => {
      client.send(createPartitions, 3, { topics: [{ name: 'growing', count: 2, assignments: null }], timeoutMs: 1000, validateOnly: false });
      client.send(produce, 8, batch);
    });
    expect((await client.nextAnswer(createPartitions, 3)).results[0]!.errorCode).toBe(0);
    expect(await produced()).toBe(0);
  });

  test('a topic that is deleted is gone, and may be created again', async () => {
    await createTopic(client, 'brief');
    client.together(() => {
      client.send(deleteTopics, 1, { topics: [], topicNames: ['brief'], timeoutMs: 1000 });
      client.send(metadata, 9, named('brief', false));
      client.send(createTopics, 7, creation('brief'));
    });
    expect((await client.nextAnswer(deleteTopics, 1)).responses[0]!.errorCode).toBe(0);
    expect((await client.nextAnswer(metadata, 9)).topics[0]!.errorCode).toBe(3);
    expect((await client.nextAnswer(createTopics, 7)).topics[0]!.errorCode).toBe(0);
  });

  test('a setting that is set is shown', async () => {
    await createTopic(client, 'set');
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '1000' }];
    const resource = { resourceType: 2, resourceName: 'set' };
    client.together(() => {
      client.send(incrementalAlterConfigs, 1, { resources: [{ ...resource, configs }], validateOnly: false });
      const resources = [{ ...resource, configurationKeys: ['retention.ms'] }];
      client.send(describeConfigs, 4, { resources, includeSynonyms: false, includeDocumentation: false });
    });
    expect((await client.nextAnswer(incrementalAlterConfigs, 1)).responses[0]!.errorCode).toBe(0);
    expect((await client.nextAnswer(describeConfigs, 4)).results[0]!.configs[0]!.value).toBe('1000');
  });

  test('the earliest offset is the one that records were deleted up to', async () => {
    await createTopic(client, 'shortened');
    await send(client, 'shortened', 0, batchOf({ values: ['v'] }));
    client.together(() => {
      client.send(deleteRecords, 2, { topics: [{ name: 'shortened', partitions: [{ partitionIndex: 0, offset: 1n }] }], timeoutMs: 1000 });
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2n }];
      client.send(listOffsets, 6, { replicaId: -1, isolationLevel: 0, topics: [{ name: 'shortened', partitions }], timeoutMs: 1000 });
    });
    expect((await client.nextAnswer(deleteRecords, 2)).topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 1n });
    expect((await client.nextAnswer(listOffsets, 6)).topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, offset: 1n });
  });

  test('but a batch does not wait until a fetch in front of it is answered', async () => {
    await createTopic(client, 'awaited');
    const topics = [{ topic: 'awaited', topicId: '', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }] }];
    client.together(() => {
      client.send(fetch, 11, { maxWaitMs: 600_000, minBytes: 1, topics, forgottenTopicsData: [], rackId: '' });
      client.send(produce, 8, records('awaited', -1));
    });
    expect((await client.nextAnswer(fetch, 11)).responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(0);
    expect(await produced()).toBe(0);
  });
});

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
