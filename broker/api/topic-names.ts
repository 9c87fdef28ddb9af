// Requests name topics by name in older versions, and by id in newer ones.
import { errorCodes } from '../protocol/error-codes.js';
import { NO_UUID } from '../protocol/primitives.js';
import type { Topic } from '../topics/topic.js';
import type { Call } from './api.js';

export interface Found {
  readonly topic: Topic | undefined;
  /** Code for a topic that is not there; it depends on how the client has named it. */
  readonly errorCode: number;
}

/** The topic that a request means. A request that has ids has no names. */
export function topicOf({ services: { topics } }: Call, name: string | null, id: string): Found {
  if (id !== NO_UUID) return { topic: topics.byId(id), errorCode: errorCodes.UNKNOWN_TOPIC_ID };
  const topic = name === null || name === '' ? undefined : topics.byName(name);
  const errorCode = name === '' ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  return { topic, errorCode };
}
