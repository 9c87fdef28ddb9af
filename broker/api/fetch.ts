// Fetch: batches from partitions, or a wait until there are some. Sessions are declined: every answer has session id 0.
import { errorCodes } from '../protocol/error-codes.js';
import { fetch as layout } from '../protocol/layouts/data.js';
import type { Decoded } from '../protocol/layout.js';
import { implement } from './api.js';
import type { Call } from './api.js';
import { readWhenEnough } from './fetch-read.js';
import type { Part, Wanted } from './fetch-read.js';
import { topicOf } from './topic-names.js';

type ForTopic = Decoded<typeof layout.request>['topics'][number];

export const fetch = implement(layout, async (request, call) => {
  if (request.sessionId !== 0) return { errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, responses: [] };
  // Requests and answers nest partitions by topics; between them they are one list.
  const parts = await readWhenEnough(request.topics.flatMap((topic) => wantedOf(topic, call)), request, call);
  let at = 0;
  const responses = request.topics.map(({ topic, topicId, partitions }) => ({
    topic, topicId, partitions: partitions.map(() => answer(parts[at++]!, request.isolationLevel)),
  }));
  return { errorCode: errorCodes.NONE, responses };
});

function wantedOf({ topic: name, topicId, partitions }: ForTopic, call: Call): Wanted[] {
  const { topic, errorCode } = topicOf(call, name, topicId);
  return partitions.map(({ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch }) => {
    if (topic === undefined) return { partition, errorCode, read: undefined };
    const exists = partition >= 0 && partition < topic.partitions;
    if (!exists) return { partition, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, read: undefined };
    const maxBytes = Math.max(partitionMaxBytes, 0);
    const read = { topicId: topic.id, partition, offset: fetchOffset, maxBytes, wholeFirst: false, leaderEpoch: currentLeaderEpoch };
    return { partition, errorCode: errorCodes.NONE, read };
  });
}

function answer({ wanted: { partition }, result }: Part, isolationLevel: number) {
  const { errorCode, highWatermark, logStartOffset, records } = result;
  const abortedTransactions = isolationLevel === 1 && errorCode === errorCodes.NONE ? [] : null;
  const lastStableOffset = highWatermark;
  return { partitionIndex: partition, errorCode, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records };
}
