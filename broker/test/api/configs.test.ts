// Changes of settings: several clients at once, and changes that contradict themselves.
import { alterConfigs, createTopics, describeConfigs, incrementalAlterConfigs } from '../../protocol/layouts/topics';
import type { Broker } from 'corebuf-broker';
import { startBroker } from '../clients/broker';
import { createTopic, describeTopic } from './topics';
import { WireClient } from './wire-client';

const TOPIC = 2;
const SET = 0;
const DELETE = 1;

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2 });
  client = await WireClient.to(broker);
});
afterAll(() => client.close());

interface Entry {
  name: string;
  configOperation: number;
  value: string | null;
}

async function change(by: WireClient, resourceName: string, configs: Entry[]) {
  const { responses } = await by.call(incrementalAlterConfigs, 1, { resources: [{ resourceType: TOPIC, resourceName, configs }], validateOnly: false });
  return responses[0]!;
}

/** The settings that are not the defaults. */
async function settingsOf(resourceName: string): Promise<Record<string, string | null>> {
  const resources = [{ resourceType: TOPIC, resourceName, configurationKeys: null }];
  const { results } = await client.call(describeConfigs, 4, { resources, includeSynonyms: false, includeDocumentation: false });
  return Object.fromEntries(results[0]!.configs.filter(({ configSource }) => configSource === 1).map(({ name, value }) => [name, value]));
}

test('changes of one topic by several clients at once are all kept', async () => {
  await createTopic(client, 'shared');
  const clients = await Promise.all(Array.from({ length: 4 }, () => WireClient.to(broker)));
  const names = ['retention.ms', 'retention.bytes', 'segment.ms', 'segment.bytes'];
  for (let round = 1; round <= 10; round++) {
    const value = String(round * 1000);
    const answers = await Promise.all(clients.map((by, at) => change(by, 'shared', [{ name: names[at]!, configOperation: SET, value }])));
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 0]);
    expect(await settingsOf('shared')).toEqual(Object.fromEntries(names.map((name) => [name, value])));
  }
  for (const each of clients) each.close();
});

test.each<[string, number, Entry[]]>([
  ['a setting twice', 42, [{ name: 'segment.ms', configOperation: SET, value: '1' }, { name: 'segment.ms', configOperation: DELETE, value: null }]],
  ['no value', 42, [{ name: 'retention.ms', configOperation: SET, value: null }]],
  ['a name that objects have', 40, [{ name: '__proto__', configOperation: SET, value: '1' }]],
  ['one value that is allowed and one that is not', 40, [
    { name: 'segment.ms', configOperation: SET, value: '5' }, { name: 'retention.ms', configOperation: SET, value: 'long' },
  ]],
])('a change with %s is refused with error %i, and changes nothing', async (what, errorCode, configs) => {
  const name = `refuses-${errorCode}-${configs.length}-${what.length}`;
  await createTopic(client, name, 1, { 'retention.ms': '1000' });
  expect(await change(client, name, configs)).toMatchObject({ errorCode, errorMessage: expect.stringMatching(/\w/) as unknown });
  expect(await settingsOf(name)).toEqual({ 'retention.ms': '1000' });
});

test('a replacement of all settings has values, each setting once, and each topic once', async () => {
  await createTopic(client, 'replaced', 1, { 'retention.ms': '1000' });
  const replace = async (...all: { name: string; value: string | null }[][]) => {
    const resources = all.map((configs) => ({ resourceType: TOPIC, resourceName: 'replaced', configs }));
    const { responses } = await client.call(alterConfigs, 2, { resources, validateOnly: false });
    return responses.map(({ errorCode }) => errorCode);
  };
  const entry = { name: 'segment.ms', value: '5' };
  expect(await replace([{ ...entry, value: null }])).toEqual([42]);
  expect(await replace([entry, entry])).toEqual([42]);
  expect(await replace([entry], [entry])).toEqual([42, 42]);
  expect(await settingsOf('replaced')).toEqual({ 'retention.ms': '1000' });
  expect(await replace([entry])).toEqual([0]);
  expect(await settingsOf('replaced')).toEqual({ 'segment.ms': '5' });
});

test.each([['retention.ms', null], ['__proto__', 'x']])('a topic is not created with the setting %s: %s', async (name, value) => {
  const wish = { name: 'never', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [{ name, value }] };
  const { topics } = await client.call(createTopics, 7, { topics: [wish], timeoutMs: 1000, validateOnly: false });
  expect(topics[0]).toMatchObject({ errorCode: 40, errorMessage: expect.stringContaining(name) as unknown });
  expect((await describeTopic(client, 'never')).errorCode).toBe(3);
});
