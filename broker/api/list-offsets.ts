// ListOffsets and OffsetForLeaderEpoch: offsets by time, and the ends of logs.
import { errorCodes } from '../protocol/error-codes.js';
import { listOffsets as layout, offsetForLeaderEpoch as epochLayout } from '../protocol/layouts/data.js';
import { offsetPlaces } from '../topics/offset-places.js';
import type { Topic } from '../topics/topic.js';
import { LEADER_EPOCH } from '../topics/topic.js';
import { implement } from './api.js';
import type { Call } from './api.js';

/** Places by the first version that knows them. */
const placesSince: ReadonlyMap<bigint, number> = new Map([
  [offsetPlaces.LATEST, 1],
  [offsetPlaces.EARLIEST, 1],
  [offsetPlaces.OF_MAX_TIMESTAMP, 7],
  [offsetPlaces.EARLIEST_LOCAL, 8],
  [offsetPlaces.LATEST_TIERED, 9],
  [offsetPlaces.EARLIEST_PENDING_UPLOAD, 11],
]);

export const listOffsets = implement(layout, async ({ topics }, call) => {
  const answers = topics.map(async ({ name, partitions }) => {
    const topic = call.services.topics.byName(name);
    const found = partitions.map(async ({ partitionIndex, timestamp, currentLeaderEpoch }) => {
      const errorCode = isKnown(timestamp, call.version) ? epochError(currentLeaderEpoch) : errorCodes.UNSUPPORTED_VERSION;
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
      const { errorCode, offset } = await find(topic, partition, offsetPlaces.LATEST, call);
      const isCurrent = errorCode === errorCodes.NONE && leaderEpoch === LEADER_EPOCH;
      return { errorCode, partition, ...(isCurrent ? { leaderEpoch, endOffset: offset } : {}) };
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

/** Whether a version asks for this: a time, or a place that it knows. */
function isKnown(timestamp: bigint, version: number): boolean {
  return timestamp >= 0n || version >= (placesSince.get(timestamp) ?? Infinity);
}

function epochError(epoch: number): number {
  if (epoch > LEADER_EPOCH) return errorCodes.UNKNOWN_LEADER_EPOCH;
  return epoch < -1 ? errorCodes.FENCED_LEADER_EPOCH : errorCodes.NONE;
}
