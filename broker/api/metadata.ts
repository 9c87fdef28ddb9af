// Metadata and DescribeCluster: the broker, and topics with their partitions.
import { errorCodes } from '../protocol/error-codes.js';
import { describeCluster as clusterLayout, metadata as layout } from '../protocol/layouts/cluster.js';
import { NO_UUID } from '../protocol/primitives.js';
import { isTopicName, LEADER_EPOCH } from '../topics/topic.js';
import type { Topic } from '../topics/topic.js';
import { implement } from './api.js';
import type { Call } from './api.js';

const endpoints = { brokers: 1, controllers: 2 } as const;
/** First version that may name topics by id. Two versions before it have the field, and need a name. */
const IDS_SINCE = 12;

export const metadata = implement(layout, async ({ topics, allowAutoTopicCreation }, call) => {
  const { nodeId, host, port, clusterId } = call.services.facts;
  const wantsAll = topics === null || (topics.length === 0 && call.version === 0);
  const found = wantsAll
    ? [...call.services.topics.all()].map((topic) => answer(topic, nodeId))
    : await Promise.all(topics.map(({ name, topicId }) => lookUp(name, topicId, allowAutoTopicCreation, call)));
  return { brokers: [{ nodeId, host, port }], clusterId, controllerId: nodeId, topics: found, errorCode: errorCodes.NONE };
}, ({ topics, allowAutoTopicCreation }, call) => {
  const isMissing = (name: string | null): boolean => name !== null && call.services.topics.byName(name) === undefined;
  return allowAutoTopicCreation && call.services.facts.autoCreateTopics && topics !== null && topics.some(({ name }) => isMissing(name));
});

export const describeCluster = implement(clusterLayout, ({ endpointType }, call) => {
  const { nodeId, host, port, clusterId } = call.services.facts;
  if (endpointType !== endpoints.brokers) {
    const { MISMATCHED_ENDPOINT_TYPE, UNSUPPORTED_ENDPOINT_TYPE } = errorCodes;
    const errorCode = endpointType === endpoints.controllers ? MISMATCHED_ENDPOINT_TYPE : UNSUPPORTED_ENDPOINT_TYPE;
    return { errorCode, errorMessage: `this endpoint is one of brokers (1), not of type ${endpointType}`, clusterId, brokers: [] };
  }
  return { errorCode: errorCodes.NONE, clusterId, controllerId: nodeId, brokers: [{ brokerId: nodeId, host, port, isFenced: false }] };
});

async function lookUp(name: string | null, id: string, mayCreate: boolean, call: Call) {
  const { topics, admin, facts } = call.services;
  if (call.version < IDS_SINCE && (name === null || id !== NO_UUID)) return missing(name ?? '', id, errorCodes.INVALID_REQUEST);
  if (name === null) {
    const topic = topics.byId(id);
    return topic === undefined ? missing(null, id, errorCodes.UNKNOWN_TOPIC_ID) : answer(topic, facts.nodeId);
  }
  const topic = topics.byName(name);
  if (topic !== undefined) return answer(topic, facts.nodeId);
  if (!isTopicName(name)) return missing(name, NO_UUID, errorCodes.INVALID_TOPIC_EXCEPTION);
  if (!mayCreate || !facts.autoCreateTopics) return missing(name, NO_UUID, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  await admin.createTopic({ name, partitions: -1, configs: [] }, false);
  // Another client may have created it meanwhile, or deleted it.
  const created = topics.byName(name);
  return created === undefined ? missing(name, NO_UUID, errorCodes.LEADER_NOT_AVAILABLE) : answer(created, facts.nodeId);
}

function answer({ name, id, partitions }: Topic, nodeId: number) {
  const nodes = [nodeId];
  const indexes = Array.from({ length: partitions }, (_, index) => index);
  return {
    errorCode: errorCodes.NONE as number,
    name: name as string | null,
    topicId: id,
    isInternal: false,
    partitions: indexes.map((partitionIndex) => ({
      errorCode: errorCodes.NONE, partitionIndex, leaderId: nodeId, leaderEpoch: LEADER_EPOCH, replicaNodes: nodes, isrNodes: nodes, offlineReplicas: [],
    })),
  };
}

function missing(name: string | null, topicId: string, errorCode: number): ReturnType<typeof answer> {
  return { errorCode, name, topicId, isInternal: false, partitions: [] };
}
