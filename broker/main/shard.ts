// The module of every shard: what it serves to the other shards and to the thread that started them.
import { workerData } from 'node:worker_threads';
import { serve, thisShard } from 'corebuf';
import type { Connection, IoBuf, Peers } from 'corebuf';
import type {
  Caller, CommitRequest, FetchOffsetsRequest, JoinRequest, LeaveRequest, MemberRequest, PartitionList, SyncRequest,
} from '../groups/messages.js';
import type { AdminRouter } from '../topics/admin-router.js';
import type { ConfigChange } from '../topics/config-change.js';
import type { PartitionRead } from '../topics/partition-service.js';
import type { Growth, TopicWish } from '../topics/topic-admin.js';
import type { Topic } from '../topics/topic.js';
import { BrokerShard } from './broker-shard.js';
import type { Address, ShardSettings } from './shard-settings.js';

const settings = workerData as ShardSettings;

function peers(): Peers<BrokerShardService> {
  return thisShard.group as Peers<BrokerShardService>;
}

const shard: BrokerShard = new BrokerShard(settings, {
  index: thisShard.index!,
  shards: () => peers().size,
  partitionsOf: (index) => peers().shard(index),
  groupsOf: (index) => peers().shard(index),
  admin: (): AdminRouter => peers().shard(0),
  openLogs: async (topic) => void (await peers().all.openTopic(topic)),
  deleteLogs: async (topic) => void (await peers().all.removeTopic(topic)),
});

export const service = serve({
  /** Opens the logs of this shard. */
  open: (topics: readonly Topic[], clusterId: string): Promise<void> => shard.open(topics, clusterId),
  /** Every shard gets its share of the clients. */
  connection: (connection: Connection): void => shard.connection(connection),
  /** Tells the shard the address that clients are to use, and lets it serve clients. */
  announce: (address: Address): void => shard.announce(address),
  counters: () => shard.counters(),
  /** Ends the requests that are under way, and the connections. */
  drain: (): Promise<void> => shard.drain(),
  close: (): Promise<void> => shard.close(),

  append: (topicId: string, partition: number, records: IoBuf, acks: number) => shard.partitions.append(topicId, partition, records, acks),
  read: (reads: readonly PartitionRead[]) => shard.partitions.read(reads),
  whenReadable: (reads: readonly PartitionRead[], signal: AbortSignal) => shard.partitions.whenReadable(reads, signal),
  findOffset: (topicId: string, partition: number, timestamp: bigint) => shard.partitions.findOffset(topicId, partition, timestamp),
  deleteRecords: (topicId: string, partition: number, offset: bigint) => shard.partitions.deleteRecords(topicId, partition, offset),

  join: (request: JoinRequest, caller: Caller) => shard.groups.join(request, caller),
  sync: (request: SyncRequest) => shard.groups.sync(request),
  heartbeat: (request: MemberRequest) => shard.groups.heartbeat(request),
  leave: (request: LeaveRequest) => shard.groups.leave(request),
  commit: (request: CommitRequest) => shard.groups.commit(request),
  fetchOffsets: (request: FetchOffsetsRequest) => shard.groups.fetchOffsets(request),
  describe: (groupId: string, apiVersion: number) => shard.groups.describe(groupId, apiVersion),
  list: (statesFilter: readonly string[], typesFilter: readonly string[]) => shard.groups.list(statesFilter, typesFilter),
  deleteGroup: (groupId: string) => shard.groups.deleteGroup(groupId),
  deleteOffsets: (groupId: string, topics: readonly PartitionList[]) => shard.groups.deleteOffsets(groupId, topics),

  openTopic: (topic: Topic): Promise<void> => shard.logs.open(topic),
  removeTopic: (topic: Topic): Promise<void> => shard.removeTopic(topic),
  createTopic: (wish: TopicWish, validateOnly: boolean) => shard.admin.create(wish, validateOnly),
  deleteTopic: (id: string) => shard.admin.delete(id),
  addPartitions: (id: string, growth: Growth, validateOnly: boolean) => shard.admin.addPartitions(id, growth, validateOnly),
  configureTopic: (id: string, change: ConfigChange, validateOnly: boolean) => shard.admin.configure(id, change, validateOnly),
  nextProducerId: (): Promise<bigint> => shard.nextProducerId(),
});

export type BrokerShardService = typeof service;
