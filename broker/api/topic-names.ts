// Requests name topics by name in older versions, and by id in newer ones.
import { errorCodes } from '../protocol/error-codes.js';
import { fetch, produce } from '../protocol/layouts/data.js';
import { offsetCommit, offsetFetch } from '../protocol/layouts/groups.js';
import { NO_UUID } from '../protocol/primitives.js';
import type { Topic } from '../topics/topic.js';
import type { Call } from './api.js';

/** First versions that name topics by id alone, by the keys of their APIs. The others name topics by name, or either way. */
const idsSince = new Map([[produce.key, 13], [fetch.key, 13], [offsetCommit.key, 10], [offsetFetch.key, 10]]);

export interface Found {
  readonly topic: Topic | undefined;
  /** Code for a topic that is not there; it depends on how the client has named it. */
  readonly errorCode: number;
}

/** The topic that a request means: the one with this id, or, where there is none, with this name. */
export function topicOf(call: Call, name: string | null, id: string): Found {
  const { topics } = call.services;
  const isById = id !== NO_UUID || call.version >= (idsSince.get(call.apiKey) ?? Infinity);
  if (isById) return { topic: topics.byId(id), errorCode: errorCodes.UNKNOWN_TOPIC_ID };
  return { topic: name === null ? undefined : topics.byName(name), errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION };
}
