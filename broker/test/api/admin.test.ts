// Topics, their settings, the cluster and security, request by request.
import { describeCluster, metadata, saslHandshake } from '../../protocol/layouts/cluster';
import { createAcls, deleteAcls } from '../../protocol/layouts/security';
import { alterConfigs, createPartitions, createTopics, deleteTopics, describeConfigs, incrementalAlterConfigs } from '../../protocol/layouts/topics';
import type { Broker } from 'corebuf-broker';
import { startBroker } from '../clients/broker';
import { createTopic, describeTopic } from './topics';
import { WireClient } from './wire-client';

const TOPIC = 2;
const BROKER = 4;
const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2, nodeId: 7, partitions: 3 });
  client = await WireClient.to(broker);
});
afterAll(() => client.close());

const wish = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };

test.each([
  ['a topic that is there', { ...wish, name: 'twice' }, 36],
  ['no partitions', { ...wish, name: 'n', numPartitions: 0 }, 37],
  ['two replicas', { ...wish, name: 'n', replicationFactor: 2 }, 38],
  ['a broker that there is not', { ...wish, name: 'n', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [9] }] }, 39],
  ['a wrong name', { ...wish, name: 'a/b' }, 17],
  ['a setting that there is not', { ...wish, name: 'n', configs: [{ name: 'colour', value: 'red' }] }, 40],
  ['a wrong value', { ...wish, name: 'n', configs: [{ name: 'retention.ms', value: 'long' }] }, 40],
])('a topic is not created with %s', async (_, topic, errorCode) => {
  if (errorCode === 36) await createTopic(client, 'twice');
  const { topics } = await client.call(createTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: false });
  expect(topics[0]).toMatchObject({ errorCode, errorMessage: expect.stringMatching(/\w/) as unknown });
});

test('with assignments, and to validate only', async () => {
  const assignments = [{ partitionIndex: 1, brokerIds: [7] }, { partitionIndex: 0, brokerIds: [7] }];
  const topic = { ...wish, name: 'assigned', numPartitions: -1, replicationFactor: -1, assignments };
  const request = { topics: [topic], timeoutMs: 1000 };
  expect((await client.call(createTopics, 7, { ...request, validateOnly: true })).topics[0]).toMatchObject({ errorCode: 0, numPartitions: 2 });
  expect((await describeTopic(client, 'assigned')).errorCode).toBe(3);
  expect((await client.call(createTopics, 7, { ...request, validateOnly: false })).topics[0]).toMatchObject({ errorCode: 0, numPartitions: 2 });
  expect((await describeTopic(client, 'assigned')).partitions).toHaveLength(2);
});

test('metadata of a topic: created when that is allowed, error 3 or 17 otherwise, 100 for an id', async () => {
  expect(await describeTopic(client, 'none')).toMatchObject({ errorCode: 3, partitions: [] });
  expect(await describeTopic(client, 'a b', true)).toMatchObject({ errorCode: 17 });
  expect((await describeTopic(client, 'wanted', true)).partitions).toHaveLength(3);
  const { topics, brokers, controllerId } = await client.call(metadata, 12, {
    topics: [{ topicId: 'BAAAAAAAAAAAAAAAAAAAAA', name: null }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false,
    includeClusterAuthorizedOperations: false,
  });
  expect(topics).toMatchObject([{ errorCode: 100, name: null }]);
  expect(brokers).toMatchObject([{ nodeId: 7, ...broker.address }]);
  expect(controllerId).toBe(7);
});

test.each([10, 11])('metadata of version %i, which has ids and needs names, is error 42 for a topic without a name', async (version) => {
  const topicId = await createTopic(client, `named-${version}`);
  const names = [{ topicId, name: null }, { topicId: 'BAAAAAAAAAAAAAAAAAAAAA', name: null }, { topicId: NO_UUID, name: `named-${version}` }];
  const { topics } = await client.call(metadata, version, {
    topics: names, allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false, includeClusterAuthorizedOperations: false,
  });
  expect(topics).toMatchObject([{ errorCode: 42, name: '' }, { errorCode: 42, name: '' }, { errorCode: 0, name: `named-${version}` }]);
});

test('a topic is deleted by name or id, and a new one of its name has another id', async () => {
  const id = await createTopic(client, 'renewed');
  const remove = async (name: string | null, topicId: string) => {
    const { responses } = await client.call(deleteTopics, 6, { topics: [{ name, topicId }], topicNames: [], timeoutMs: 1000 });
    return responses[0]!;
  };
  expect(await remove(null, id)).toMatchObject({ errorCode: 0, name: 'renewed' });
  expect(await remove(null, id)).toMatchObject({ errorCode: 100 });
  expect(await remove('renewed', NO_UUID)).toMatchObject({ errorCode: 3 });
  expect(await createTopic(client, 'renewed')).not.toBe(id);
  expect(await remove('renewed', NO_UUID)).toMatchObject({ errorCode: 0 });
});

test('a topic is deleted when one name or one id is given, once', async () => {
  const remove = async (...topics: { name: string | null; topicId: string }[]) => {
    const { responses } = await client.call(deleteTopics, 6, { topics, topicNames: [], timeoutMs: 1000 });
    return responses.map(({ errorCode }) => errorCode);
  };
  const topicId = await createTopic(client, 'kept');
  const byName = { name: 'kept', topicId: NO_UUID };
  const byId = { name: null, topicId };
  expect(await remove({ name: 'unknown', topicId })).toEqual([42]);
  expect(await remove({ name: 'kept', topicId })).toEqual([42]);
  expect(await remove({ name: null, topicId: NO_UUID })).toEqual([42]);
  expect(await remove(byName, byName)).toEqual([42, 42]);
  expect(await remove(byId, byId, { name: 'never', topicId: NO_UUID })).toEqual([42, 42, 3]);
  expect(await remove(byName, byId)).toEqual([42, 42]);
  expect((await describeTopic(client, 'kept')).errorCode).toBe(0);
  const { responses } = await client.call(deleteTopics, 1, { topics: [], topicNames: ['kept', 'kept'], timeoutMs: 1000 });
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([42, 42]);
  expect(await remove({ name: 'kept', topicId }, byId)).toEqual([42, 0]);
});

test('new partitions are assigned all or not at all, and a topic grows once in a request', async () => {
  await createTopic(client, 'assigned-later');
  const grow = async (...all: (number[][] | null)[]) => {
    const topics = all.map((brokers) => ({ name: 'assigned-later', count: 3, assignments: brokers?.map((brokerIds) => ({ brokerIds })) ?? null }));
    const { results } = await client.call(createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false });
    return results.map(({ errorCode }) => errorCode);
  };
  for (const brokers of [[], [[7]], [[7], [7], [7]]]) expect(await grow(brokers)).toEqual([39]);
  expect(await grow(null, null)).toEqual([42, 42]);
  expect((await describeTopic(client, 'assigned-later')).partitions).toHaveLength(1);
  expect(await grow([[7], [7]])).toEqual([0]);
  expect((await describeTopic(client, 'assigned-later')).partitions).toHaveLength(3);
});

test('partitions are added, never removed', async () => {
  await createTopic(client, 'grows', 2);
  const grow = async (name: string, count: number, validateOnly = false, brokerIds = [7]) => {
    const assignments = [{ brokerIds }];
    const { results } = await client.call(createPartitions, 3, { topics: [{ name, count, assignments }], timeoutMs: 1000, validateOnly });
    return results[0]!.errorCode;
  };
  expect(await grow('grows', 3, true)).toBe(0);
  expect((await describeTopic(client, 'grows')).partitions).toHaveLength(2);
  expect(await grow('grows', 3)).toBe(0);
  expect((await describeTopic(client, 'grows')).partitions).toHaveLength(3);
  expect(await grow('grows', 3)).toBe(37);
  expect(await grow('grows', 4, false, [9])).toBe(39);
  expect(await grow('nowhere', 4)).toBe(3);
});

async function settingOf(resourceName: string, name: string) {
  const resources = [{ resourceType: TOPIC, resourceName, configurationKeys: [name] }];
  const { results } = await client.call(describeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true });
  return results[0]!.configs[0];
}

test('settings are set and deleted one by one, or all replaced', async () => {
  await createTopic(client, 'set', 1, { 'retention.ms': '1000' });
  const change = async (configs: { name: string; configOperation: number; value: string | null }[], resourceName = 'set', resourceType = TOPIC) => {
    const { responses } = await client.call(incrementalAlterConfigs, 1, { resources: [{ resourceType, resourceName, configs }], validateOnly: false });
    return responses[0]!.errorCode;
  };
  expect(await change([{ name: 'segment.ms', configOperation: 0, value: '5000' }])).toBe(0);
  expect(await settingOf('set', 'segment.ms')).toMatchObject({ value: '5000', configSource: 1, documentation: expect.stringMatching(/\w/) as unknown });
  expect(await settingOf('set', 'retention.ms')).toMatchObject({ value: '1000' });
  expect(await change([{ name: 'retention.ms', configOperation: 1, value: null }])).toBe(0);
  expect(await settingOf('set', 'retention.ms')).toMatchObject({ value: '604800000', configSource: 5 });
  expect(await change([{ name: 'cleanup.policy', configOperation: 2, value: 'delete' }])).toBe(42);
  expect(await change([{ name: 'segment.ms', configOperation: 0, value: '-5' }])).toBe(40);
  expect(await change([], 'nowhere')).toBe(3);
  expect(await change([], '7', BROKER)).toBe(42);
  const replaced = [{ resourceType: TOPIC, resourceName: 'set', configs: [{ name: 'retention.bytes', value: '10' }] }];
  expect((await client.call(alterConfigs, 2, { resources: replaced, validateOnly: false })).responses[0]!.errorCode).toBe(0);
  expect(await settingOf('set', 'retention.bytes')).toMatchObject({ value: '10' });
  expect(await settingOf('set', 'segment.ms')).toMatchObject({ configSource: 5 });
});

test('settings come in the order of the request, and with synonyms when they are asked for', async () => {
  const describe = async (includeSynonyms: boolean) => {
    const resources = [
      { resourceType: BROKER, resourceName: '7', configurationKeys: ['num.partitions', 'broker.id', 'num.partitionz'] },
      { resourceType: TOPIC, resourceName: 'ordered', configurationKeys: ['segment.ms', 'cleanup.policy'] },
    ];
    const { results } = await client.call(describeConfigs, 4, { resources, includeSynonyms, includeDocumentation: false });
    return results;
  };
  await createTopic(client, 'ordered', 1, { 'segment.ms': '1000' });
  const [broker, topic] = await describe(false);
  expect(broker!.configs.map(({ name }) => name)).toEqual(['num.partitions', 'broker.id']);
  expect(topic!.configs.map(({ name, synonyms }) => [name, synonyms])).toEqual([['segment.ms', []], ['cleanup.policy', []]]);
  const [, withSynonyms] = await describe(true);
  expect(withSynonyms!.configs.map(({ synonyms }) => synonyms.map(({ source }) => source))).toEqual([[1, 5], [5]]);
});

test('settings of the broker are shown, those of others are errors', async () => {
  const describe = async (resourceType: number, resourceName: string) => {
    const resources = [{ resourceType, resourceName, configurationKeys: null }];
    const { results } = await client.call(describeConfigs, 4, { resources, includeSynonyms: false, includeDocumentation: false });
    return results[0]!;
  };
  expect((await describe(BROKER, '7')).configs).toContainEqual(expect.objectContaining({ name: 'num.partitions', value: '3', readOnly: true }));
  expect(await describe(TOPIC, 'nowhere')).toMatchObject({ errorCode: 3 });
  expect(await describe(BROKER, '8')).toMatchObject({ errorCode: 42 });
});

test('the cluster has one broker, which is no controller endpoint', async () => {
  const flags = { includeClusterAuthorizedOperations: false, includeFencedBrokers: false };
  const described = await client.call(describeCluster, 1, { ...flags, endpointType: 1 });
  expect(described).toMatchObject({ errorCode: 0, controllerId: 7, brokers: [{ brokerId: 7, ...broker.address }] });
  expect(described.clusterId).toMatch(/^[\w-]{22}$/);
  expect(await client.call(describeCluster, 1, { ...flags, endpointType: 2 })).toMatchObject({ errorCode: 114 });
  expect(await client.call(describeCluster, 1, { ...flags, endpointType: 9 })).toMatchObject({ errorCode: 115 });
});

test('there are no access lists and no SASL', async () => {
  const creation = { resourceType: 2, resourceName: 'x', resourcePatternType: 3, principal: 'User:a', host: '*', operation: 2, permissionType: 3 };
  expect(await client.call(createAcls, 3, { creations: [creation] })).toMatchObject({ results: [{ errorCode: 54 }] });
  const filter = { resourceTypeFilter: 2, resourceNameFilter: null, patternTypeFilter: 3, principalFilter: null, hostFilter: null, operation: 2, permissionType: 3 };
  expect(await client.call(deleteAcls, 3, { filters: [filter] })).toMatchObject({ filterResults: [{ errorCode: 54 }] });
  expect(await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })).toEqual({ errorCode: 34, mechanisms: [] });
});
