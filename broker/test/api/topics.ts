// Topics and records for tests of single requests.
import type { IoBuf } from 'corebuf';
import { produce } from '../../protocol/layouts/data';
import { createTopics } from '../../protocol/layouts/topics';
import { metadata } from '../../protocol/layouts/cluster';
import type { WireClient } from './wire-client';

export async function createTopic(client: WireClient, name: string, numPartitions = 1, configs: Record<string, string> = {}): Promise<string> {
  const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const wish = { name, numPartitions, replicationFactor: 1, assignments: [], configs: entries };
  const { topics } = await client.call(createTopics, 7, { topics: [wish], timeoutMs: 1000, validateOnly: false });
  if (topics[0]!.errorCode !== 0) throw new Error(topics[0]!.errorMessage!);
  return topics[0]!.topicId;
}

/** Sends one batch. Takes the chain. */
export async function send(client: WireClient, name: string, index: number, records: IoBuf | null, version = 9, acks = -1) {
  const topicData = [{ name, topicId: '', partitionData: [{ index, records }] }];
  const { responses } = await client.call(produce, version, { acks, timeoutMs: 1000, topicData });
  return responses[0]!.partitionResponses[0]!;
}

export async function describeTopic(client: WireClient, name: string, allowAutoTopicCreation = false) {
  const { topics } = await client.call(metadata, 12, {
    topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name }], allowAutoTopicCreation, includeTopicAuthorizedOperations: false,
    includeClusterAuthorizedOperations: false,
  });
  return topics[0]!;
}
