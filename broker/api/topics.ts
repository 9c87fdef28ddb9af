// CreateTopics, DeleteTopics, CreatePartitions and DeleteRecords.
import { errorCodes } from '../protocol/error-codes.js';
import { deleteRecords as recordsLayout } from '../protocol/layouts/data.js';
import type { Decoded } from '../protocol/layout.js';
import { createPartitions as partitionsLayout, createTopics as createLayout, deleteTopics as deleteLayout } from '../protocol/layouts/topics.js';
import { NO_UUID } from '../protocol/primitives.js';
import type { Topic } from '../topics/topic.js';
import { always, implement } from './api.js';
import type { Call } from './api.js';
import { configAnswers } from './configs.js';
import { repeatsIn } from './repeats.js';
import { topicOf } from './topic-names.js';

type Wish = Decoded<typeof createLayout.request>['topics'][number];

export const createTopics = implement(createLayout, async ({ topics, validateOnly }, call) => {
  const repeats = repeatsIn(topics.map(({ name }) => name));
  const created = topics.map((wish) => create(wish, repeats.has(wish.name), validateOnly, call));
  return { topics: await Promise.all(created) };
}, always);

async function create(wish: Wish, isTwice: boolean, validateOnly: boolean, call: Call) {
  const { name, numPartitions, assignments, configs } = wish;
  const refusal = isTwice ? failure(errorCodes.INVALID_REQUEST, `topic '${name}' is in the request twice`) : refusalOf(wish, call);
  if (refusal !== undefined) return { name, ...refusal };
  const partitions = assignments.length > 0 ? assignments.length : numPartitions;
  const { errorCode, errorMessage, topic } = await call.services.admin.createTopic({ name, partitions, configs }, validateOnly);
  if (topic === undefined) return { name, ...failure(errorCode, errorMessage) };
  const made = { numPartitions: topic.partitions, replicationFactor: 1, configs: configAnswers(topic.configs, null) };
  return { name, topicId: validateOnly ? NO_UUID : topic.id, errorCode, errorMessage, ...made };
}

/** What the topic itself does not decide: where its replicas lie. */
function refusalOf({ numPartitions, replicationFactor, assignments }: Wish, { services }: Call) {
  if (assignments.length > 0) {
    if (numPartitions !== -1 || replicationFactor !== -1) {
      return failure(errorCodes.INVALID_REQUEST, 'with assignments, the numbers of partitions and replicas must be -1');
    }
    const isSound = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === services.facts.nodeId);
    const isWhole = assignments.map(({ partitionIndex }) => partitionIndex).sort((a, b) => a - b).every((index, at) => index === at);
    if (isSound && isWhole) return undefined;
    return failure(errorCodes.INVALID_REPLICA_ASSIGNMENT, `every partition from 0 on must be assigned to broker ${services.facts.nodeId} alone`);
  }
  if (replicationFactor === -1 || replicationFactor === 1) return undefined;
  return failure(errorCodes.INVALID_REPLICATION_FACTOR, `the replication factor must be 1, or -1 for the default, not ${replicationFactor}`);
}

export const deleteTopics = implement(deleteLayout, async ({ topics, topicNames }, call) => {
  const named = [...topics, ...topicNames.map((name) => ({ name, topicId: NO_UUID }))];
  const wanted = named.map((naming) => ({ ...naming, ...topicOf(call, naming.name, naming.topicId) }));
  const repeats = repeatsIn(wanted.filter((naming) => mistakeIn(naming) === undefined).map(keyOf));
  const responses = wanted.map(async (naming) => {
    const { name, topicId, topic, errorCode } = naming;
    const mistake = mistakeIn(naming) ?? (repeats.has(keyOf(naming)) ? 'the topic is in the request twice' : undefined);
    if (mistake !== undefined) return { name, topicId, errorCode: errorCodes.INVALID_REQUEST, errorMessage: mistake };
    if (topic === undefined) return { name, topicId, errorCode };
    const deleted = await call.services.admin.deleteTopic(topic.id);
    return { name: topic.name, topicId: topic.id, errorCode: deleted.errorCode, errorMessage: deleted.errorMessage };
  });
  return { responses: await Promise.all(responses) };
}, always);

/** A topic of a request, which may name it by its name or its id. */
interface Naming {
  readonly name: string | null;
  readonly topicId: string;
}

/** The same for all namings of one topic. */
function keyOf({ name, topicId, topic }: Naming & { readonly topic: Topic | undefined }): string {
  return `${topic?.id ?? topicId} ${topic === undefined ? name : ''}`;
}

function mistakeIn({ name, topicId }: Naming): string | undefined {
  if (name !== null && topicId !== NO_UUID) return 'a topic must be named by its name or its id, not by both';
  return name === null && topicId === NO_UUID ? 'a topic must be named by its name or its id' : undefined;
}

export const createPartitions = implement(partitionsLayout, async ({ topics, validateOnly }, call) => {
  const { nodeId } = call.services.facts;
  const repeats = repeatsIn(topics.map(({ name }) => name));
  const results = topics.map(async ({ name, count, assignments }) => {
    if (repeats.has(name)) return { name, errorCode: errorCodes.INVALID_REQUEST, errorMessage: `topic '${name}' is in the request twice` };
    const topic = call.services.topics.byName(name);
    if (topic === undefined) return { name, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION };
    if (assignments !== null && assignments.some(({ brokerIds }) => brokerIds.length !== 1 || brokerIds[0] !== nodeId)) {
      return { name, errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, errorMessage: `partitions can be assigned to broker ${nodeId} only` };
    }
    const growth = { total: count, assignments: assignments?.length };
    const { errorCode, errorMessage } = await call.services.admin.addPartitions(topic.id, growth, validateOnly);
    return { name, errorCode, errorMessage };
  });
  return { results: await Promise.all(results) };
}, always);

export const deleteRecords = implement(recordsLayout, async ({ topics }, call) => {
  const answers = topics.map(async ({ name, partitions }) => {
    const topic = call.services.topics.byName(name);
    const deleted = partitions.map(async ({ partitionIndex, offset }) => {
      const unknown = { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, offset: -1n };
      const exists = topic !== undefined && partitionIndex >= 0 && partitionIndex < topic.partitions;
      const result = exists ? await call.services.partitions.deleteRecords(topic.id, partitionIndex, offset) : unknown;
      return { partitionIndex, lowWatermark: result.offset, errorCode: result.errorCode };
    });
    return { name, partitions: await Promise.all(deleted) };
  });
  return { topics: await Promise.all(answers) };
}, always);

function failure(errorCode: number, errorMessage: string | null) {
  return { topicId: NO_UUID, errorCode, errorMessage, configs: null };
}
