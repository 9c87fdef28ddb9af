// ListOffsets and OffsetForLeaderEpoch: offsets by time, and the ends of logs.
import { errorCodes } from '../protocol/error-codes.js';
import { listOffsets as layout, offsetForLeaderEpoch as epochLayout } from '../protocol/layouts/data.js';
import type { Topic } from '../topics/topic.js';
import { LEADER_EPOCH } from '../topics/topic.js';
import { implement } from './api.js';
import type { Call } from './api.js';

const LATEST = -1n;

export const listOffsets = implement(layout, async ({ topics }, call) => {
  const answers = topics.map(async ({ name, partitions }) => {
    const topic = call.services.topics.byName(name);
    const found = partitions.map(async ({ partitionIndex, timestamp, currentLeaderEpoch }) => {
      const errorCode = epochError(currentLeaderEpoch);
      const none = { errorCode, offset: -1n, timestamp: -1n };
      const result = errorCode === errorCodes.NONE ? await find(topic, partitionIndex, timestamp, call) : none;
      return { partitionIndex, ...result, leaderEpoch: result.offset < 0n ? -1 : LEADER_EPOCH };
    });
    return { name, partitions: await Promise.all(found) };
  });
  return { topics: await Promise.all(answers) };
});

/** All records have the one epoch that there is, so that its end is the end of the log. */
export const offsetForLeaderEpoch = implement(epochLayout, async ({ topics }, call) => {
  const answers = topics.map(async ({ topic: name, partitions }) => {
    const topic = call.services.topics.byName(name);
    const found = partitions.map(async ({ partition, currentLeaderEpoch, leaderEpoch }) => {
      const wrong = epochError(currentLeaderEpoch);
      if (wrong !== errorCodes.NONE) return { errorCode: wrong, partition };
      const { errorCode, offset } = await find(topic, partition, LATEST, call);
      const isKnown = errorCode === errorCodes.NONE && leaderEpoch === LEADER_EPOCH;
      return { errorCode, partition, ...(isKnown ? { leaderEpoch, endOffset: offset } : {}) };
    });
    return { topic: name, partitions: await Promise.all(found) };
  });
  return { topics: await Promise.all(answers) };
});

async function find(topic: Topic | undefined, partition: number, timestamp: bigint, { services }: Call) {
  const exists = topic !== undefined && partition >= 0 && partition < topic.partitions;
  if (!exists) return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION as number, offset: -1n, timestamp: -1n };
  return services.partitions.findOffset(topic.id, partition, timestamp);
}

function epochError(epoch: number): number {
  if (epoch > LEADER_EPOCH) return errorCodes.UNKNOWN_LEADER_EPOCH;
  return epoch < -1 ? errorCodes.FENCED_LEADER_EPOCH : errorCodes.NONE;
}
