// One shard of the broker: the logs that it owns, and the clients whose connections it holds.
import { join } from 'node:path';
import type { Connection, Remote } from 'corebuf';
import { stats, thisShard } from 'corebuf';
import type { Services } from '../api/api.js';
import { ClusterFile } from '../cluster/cluster-file.js';
import type { Facts } from '../cluster/facts.js';
import { GroupRouter, GroupSlots } from '../cluster/group-slots.js';
import type { RemoteGroups } from '../cluster/group-slots.js';
import { Intake } from '../connection/intake.js';
import { Front } from '../connection/front.js';
import { GroupMemory } from '../groups/group-memory.js';
import { LogStore } from '../log/log-store.js';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import { nodeTls } from '../security/node-modules.js';
import type { AdminRouter } from '../topics/admin-router.js';
import { PartitionRouter } from '../topics/partition-router.js';
import type { BatchCounts, RemotePartitions } from '../topics/partition-router.js';
import { PartitionService } from '../topics/partition-service.js';
import { Partitions } from '../topics/partitions.js';
import { TopicAdmin } from '../topics/topic-admin.js';
import { TopicTable } from '../topics/topic-table.js';
import type { Topic } from '../topics/topic.js';
import type { BrokerShardStats } from './broker-stats.js';
import { GcTime } from './gc-time.js';
import type { Address, ShardSettings } from './shard-settings.js';

/** The other shards, as far as this one needs them. */
export interface Siblings {
  /** Index of this shard. */
  readonly index: number;
  shards(): number;
  partitionsOf(index: number): Remote<RemotePartitions>;
  groupsOf(index: number): RemoteGroups;
  admin(): AdminRouter;
  openLogs(topic: Topic): Promise<void>;
  deleteLogs(topic: Topic): Promise<void>;
}

/** Part of the shard's memory that requests under way may hold. */
const INTAKE_PART = 4;
/** Groups and their members may take so much beside it, in V8's heap. */
const GROUPS_PART = 8;

export class BrokerShard {
  readonly #settings: ShardSettings;
  readonly #siblings: Siblings;
  readonly #topics: TopicTable;
  readonly groups = new GroupSlots();
  readonly #batches: BatchCounts = { received: 0, hopped: 0 };
  readonly #gcTime = new GcTime();
  #logs: Partitions | undefined;
  #service: PartitionService | undefined;
  #front: Front | undefined;
  #admin: TopicAdmin | undefined;
  #cluster: ClusterFile | undefined;
  #facts: Facts;

  constructor(settings: ShardSettings, siblings: Siblings) {
    this.#settings = settings;
    this.#siblings = siblings;
    this.#topics = new TopicTable(settings.broker);
    const { nodeId, autoCreateTopics, partitionsDefault } = settings;
    this.#facts = { clusterId: '', nodeId, host: '', port: 0, autoCreateTopics, partitionsDefault };
  }

  /** Opens the logs that this shard owns. Shard 0 opens the files of the cluster, too. */
  async open(topics: readonly Topic[], clusterId: string): Promise<void> {
    const { folder, partitionsDefault } = this.#settings;
    const { index } = this.#siblings;
    const onError = (error: unknown): void => this.#report(error);
    const store = new LogStore({ onError: (_, error) => onError(error) });
    this.#logs = new Partitions(join(folder, 'logs'), index, this.#siblings.shards(), store);
    this.#service = new PartitionService(this.#logs, onError);
    this.#facts = { ...this.#facts, clusterId };
    if (index === 0) this.#admin = new TopicAdmin(join(folder, 'topics.json'), this.#topics, this.#siblings, partitionsDefault);
    const hasPartition = (name: string, partition: number): boolean => {
      const topic = this.#topics.byName(name);
      return topic !== undefined && partition >= 0 && partition < topic.partitions;
    };
    const initialDelay = this.#settings.groupInitialDelay;
    const memory = new GroupMemory(Math.floor(thisShard.memory.budget / GROUPS_PART));
    const [cluster] = await Promise.all([
      index === 0 ? ClusterFile.open(folder) : undefined,
      this.#logs.openAll(topics),
      this.groups.open(join(folder, 'groups'), index, this.#siblings.shards(), { hasPartition, initialDelay, memory }),
    ]);
    this.#cluster = cluster;
    const intakeBytes = Math.floor(thisShard.memory.budget / INTAKE_PART);
    const requestBytesMax = Math.min(this.#settings.requestBytesMax, intakeBytes);
    const { users, tls } = this.#settings;
    const secureContext = tls === undefined ? undefined : nodeTls().createSecureContext(tls);
    this.#front = new Front(() => this.#services(), new Intake(intakeBytes), { requestBytesMax, users, secureContext, onError });
  }

  get logs(): Partitions {
    return opened(this.#logs);
  }

  get partitions(): PartitionService {
    return opened(this.#service);
  }

  /** Only shard 0 has it. */
  get admin(): TopicAdmin {
    return opened(this.#admin);
  }

  async removeTopic(topic: Topic): Promise<void> {
    await this.logs.delete(topic);
    await this.groups.forgetTopic(topic.name);
  }

  nextProducerId(): Promise<bigint> {
    return opened(this.#cluster).nextProducerId();
  }

  /** A client has come to this shard. */
  connection(connection: Connection): void {
    opened(this.#front).accept(connection);
  }

  /** Takes in the address that clients are to use, and serves clients from now on: they ask for it first. */
  announce({ host, port }: Address): void {
    this.#facts = { ...this.#facts, host, port };
    this.#front?.begin();
  }

  counters(): BrokerShardStats {
    const { received: batchesReceived, hopped: batchesHopped } = this.#batches;
    const { heapUsed: heapBytes } = process.memoryUsage();
    return { ...stats(), batchesReceived, batchesHopped, gcMilliseconds: this.#gcTime.milliseconds, heapBytes };
  }

  async drain(): Promise<void> {
    // Members that wait for their groups are answered first.
    await Promise.all([this.#front?.close(), this.groups.close()]);
    await this.#admin?.idle();
  }

  async close(): Promise<void> {
    await this.drain();
    await this.#logs?.close();
  }

  #services(): Services {
    const { index } = this.#siblings;
    const remote = (shard: number): Remote<RemotePartitions> => this.#siblings.partitionsOf(shard);
    const partitions = new PartitionRouter(this.partitions, { index, shards: this.#siblings.shards(), remote }, this.#batches);
    const facts = this.#facts;
    const at = (shard: number): RemoteGroups => (shard === index ? this.groups : this.#siblings.groupsOf(shard));
    const groups = new GroupRouter(this.#siblings.shards(), at);
    return { facts, topics: this.#topics, partitions, groups, admin: this.#siblings.admin() };
  }

  #report(error: unknown): void {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new BrokerError(errorCodes.BROKER_NOT_AVAILABLE, 'the shard is not open, or it is not the one to ask');
  return part;
}
