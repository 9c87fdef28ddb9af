// OffsetCommit, OffsetFetch and OffsetDelete: how far groups have read.
import { errorCodes } from '../protocol/error-codes.js';
import type { Decoded } from '../protocol/layout.js';
import { offsetCommit as commitLayout, offsetDelete as deleteLayout, offsetFetch as fetchLayout } from '../protocol/layouts/groups.js';
import { NO_UUID } from '../protocol/primitives.js';
import { implement } from './api.js';
import type { Call } from './api.js';
import { topicOf } from './topic-names.js';

type Wanted = Decoded<typeof fetchLayout.request>['groups'][number];

/** First version of OffsetFetch with many groups; and first one, also of OffsetCommit, with ids of topics. */
const MANY_SINCE = 8;
const IDS_SINCE = 10;

export const offsetCommit = implement(commitLayout, async (request, call) => {
  const named = request.topics.map((topic) => ({ topic, ...nameOf(call, topic.name, topic.topicId) }));
  const known = named.flatMap(({ topic, name }) => (name === undefined ? [] : [{ ...topic, name }]));
  const committed = await call.services.groups.of(request.groupId).commit({ ...request, topics: known });
  const answers = committed.topics[Symbol.iterator]();
  const topics = named.map(({ topic: { name, topicId, partitions }, name: found, errorCode }) => {
    if (found !== undefined) return { name, topicId, partitions: [...answers.next().value!.partitions] };
    return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
  });
  return { topics };
});

export const offsetFetch = implement(fetchLayout, async ({ groupId, topics, groups }, call) => {
  if (call.version >= MANY_SINCE) return { topics: [], groups: await Promise.all(groups.map((group) => fetchGroup(group, call))) };
  const named = topics?.map((topic) => ({ ...topic, topicId: NO_UUID })) ?? null;
  const { topics: found, errorCode } = await fetchGroup({ groupId, topics: named, memberId: null, memberEpoch: -1 }, call);
  return { topics: found, errorCode, groups: [] };
});

async function fetchGroup({ groupId, topics }: Wanted, call: Call) {
  const named = topics?.map((topic) => ({ topic, ...nameOf(call, topic.name, topic.topicId) })) ?? null;
  const known = named?.flatMap(({ topic, name }) => (name === undefined ? [] : [{ name, partitionIndexes: topic.partitionIndexes }])) ?? null;
  const fetched = await call.services.groups.of(groupId).fetchOffsets({ groupId, topics: known });
  const found = fetched.topics.map(({ name, partitions }) => ({ name, topicId: idOf(call, name), partitions: [...partitions] }));
  const missing = (named ?? []).filter(({ name }) => name === undefined).map(({ topic, errorCode }) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitionIndexes.map((partitionIndex) => ({ partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode })),
  }));
  // A client that names topics by id cannot be told of one that has none any more.
  const tellable = call.version < IDS_SINCE ? found : found.filter(({ topicId }) => topicId !== NO_UUID);
  return { groupId, errorCode: fetched.errorCode, topics: [...tellable, ...missing] };
}

export const offsetDelete = implement(deleteLayout, async ({ groupId, topics }, { services }) => {
  const lists = topics.map(({ name, partitions }) => ({ name, partitionIndexes: partitions.map(({ partitionIndex }) => partitionIndex) }));
  const deleted = await services.groups.of(groupId).deleteOffsets(groupId, lists);
  return { errorCode: deleted.errorCode, topics: deleted.topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })) };
});

/** Offsets are kept by name. A name that no topic has, also the empty one, is passed on: whether that is an error depends on the request. */
function nameOf(call: Call, name: string, topicId: string): { name: string | undefined; errorCode: number } {
  if (topicId === NO_UUID && (name !== '' || call.version < IDS_SINCE)) return { name, errorCode: errorCodes.NONE };
  const { topic, errorCode } = topicOf(call, name, topicId);
  return { name: topic?.name, errorCode };
}

function idOf({ services }: Call, name: string): string {
  return services.topics.byName(name)?.id ?? NO_UUID;
}
