// The table of all APIs that are offered.
import type { IoBuf } from 'corebuf';
import type { RequestHeader } from '../protocol/messages.js';
import type { AnyApi } from './api.js';
import { apiVersionsOf, tooNew } from './api-versions.js';
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './configs.js';
import { deleteGroups, describeGroups, listGroups } from './group-admin.js';
import { fetch } from './fetch.js';
import { findCoordinator } from './find-coordinator.js';
import { initProducerId } from './init-producer-id.js';
import { listOffsets, offsetForLeaderEpoch } from './list-offsets.js';
import { describeCluster, metadata } from './metadata.js';
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './membership.js';
import { offsetCommit, offsetDelete, offsetFetch } from './offsets.js';
import { produce } from './produce.js';
import { createAcls, deleteAcls, describeAcls, saslAuthenticate, saslHandshake } from './security.js';
import { createPartitions, createTopics, deleteRecords, deleteTopics } from './topics.js';

const all: readonly AnyApi[] = [
  produce, fetch, listOffsets, offsetForLeaderEpoch, initProducerId, metadata, describeCluster, createTopics, deleteTopics, createPartitions,
  deleteRecords, describeConfigs, alterConfigs, incrementalAlterConfigs, findCoordinator, joinGroup, syncGroup, heartbeat, leaveGroup,
  offsetCommit, offsetFetch, offsetDelete, describeGroups, listGroups, deleteGroups, saslHandshake, saslAuthenticate, describeAcls, createAcls,
  deleteAcls,
];
const apiVersions = apiVersionsOf(all);

export const apis: ReadonlyMap<number, AnyApi> = new Map([...all, apiVersions].map((api) => [api.layout.key, api]));

/** The answer to a request whose version is not offered, if there is one: only a client's first request has it. */
export function answerTooNew(header: RequestHeader): IoBuf | undefined {
  return header.apiKey === apiVersions.layout.key ? tooNew(header) : undefined;
}
