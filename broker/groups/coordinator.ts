// The coordinator of the groups of one shard: members in memory, committed offsets on the disk.
import { codeOf, errorCodes } from '../protocol/error-codes.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import type { GroupRemoval, OffsetChange } from './committed-offsets.js';
import { Group } from './group.js';
import { GroupMemory } from './group-memory.js';
import { joinError, syncError } from './member.js';
import type {
  Caller, CommitRequest, DescribedGroup, FetchedOffset, FetchOffsetsAnswer, FetchOffsetsRequest, JoinAnswer, JoinRequest, LeaveAnswer,
  LeaveRequest, ListedGroup, MemberRequest, PartitionErrors, PartitionList, SyncAnswer, SyncRequest,
} from './messages.js';
import { OffsetLog } from './offset-log.js';
import { subscribedTopics } from './subscription.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const METADATA_BYTES_MAX = 4096;
const MEMORY = 32 * 1024 * 1024;
/** From this version on, DescribeGroups says of an unknown group that there is none. */
const NOT_FOUND_VERSION = 6;

export interface CoordinatorOptions {
  readonly clock?: Clock;
  /** Whether there is such a partition, to which offsets may be committed. Default: there is. */
  readonly hasPartition?: (topic: string, partition: number) => boolean;
  /** Milliseconds that an empty group waits for more members after the first. Default 3 s. */
  readonly initialDelay?: number;
  /** Range of session timeouts, in milliseconds. Default 6 s to 30 minutes. */
  readonly sessionTimeoutMin?: number;
  readonly sessionTimeoutMax?: number;
  /** Milliseconds after which offsets of a group without members are removed, from the start of the coordinator at the earliest. Default 7 days. */
  readonly offsetsRetention?: number;
  /** What groups and their members may take; coordinators can share it. Default 32 MiB for this one. */
  readonly memory?: GroupMemory;
}

export class GroupCoordinator {
  readonly #clock: Clock;
  readonly #options: Required<Omit<CoordinatorOptions, 'clock'>>;
  readonly #log: OffsetLog;
  readonly #groups = new Map<string, Group>();
  /** Time in milliseconds. Whether a group had members before is not known. */
  readonly #startedAt: number;
  #cancelSweep: () => void;

  private constructor(log: OffsetLog, { clock = systemClock, ...options }: CoordinatorOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#options = {
      hasPartition: () => true,
      initialDelay: 3 * SECOND,
      sessionTimeoutMin: 6 * SECOND,
      sessionTimeoutMax: 30 * MINUTE,
      offsetsRetention: 7 * DAY,
      memory: new GroupMemory(MEMORY),
      ...options,
    };
    this.#cancelSweep = clock.after(MINUTE, () => this.#sweep());
  }

  /** The coordinator whose offsets lie in `folder`. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
  static async open(folder: string, options: CoordinatorOptions = {}): Promise<GroupCoordinator> {
    return new GroupCoordinator(await OffsetLog.open(folder), options);
  }

  /** Resolves when the rebalance ends. */
  async join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    const { groupId, memberId, sessionTimeoutMs } = request;
    if (groupId === '') return joinError(errorCodes.INVALID_GROUP_ID, memberId);
    const { sessionTimeoutMin, sessionTimeoutMax, initialDelay, memory } = this.#options;
    if (sessionTimeoutMs < sessionTimeoutMin || sessionTimeoutMs > sessionTimeoutMax) return joinError(errorCodes.INVALID_SESSION_TIMEOUT, memberId);
    const known = this.#groups.get(groupId);
    if (known === undefined && memberId !== '') return joinError(errorCodes.UNKNOWN_MEMBER_ID, memberId);
    const group = known ?? new Group(groupId, { clock: this.#clock, memory }, { initialDelay });
    const answer = group.join(request, caller);
    if (known !== undefined) return answer;
    // A request that was refused leaves no group.
    if (group.emptySince === undefined) this.#groups.set(groupId, group);
    else group.end(errorCodes.UNKNOWN_MEMBER_ID);
    return answer;
  }

  /** Resolves when the leader has made the assignment. */
  async sync(request: SyncRequest): Promise<SyncAnswer> {
    if (request.groupId === '') return syncError(errorCodes.INVALID_GROUP_ID);
    return this.#groups.get(request.groupId)?.sync(request) ?? syncError(errorCodes.UNKNOWN_MEMBER_ID);
  }

  heartbeat(request: MemberRequest): { errorCode: number } {
    if (request.groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID };
    return { errorCode: this.#groups.get(request.groupId)?.heartbeat(request) ?? errorCodes.UNKNOWN_MEMBER_ID };
  }

  leave({ groupId, members }: LeaveRequest): LeaveAnswer {
    if (groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID, members: [] };
    const group = this.#groups.get(groupId);
    return {
      errorCode: 0,
      members: members.map(({ memberId, groupInstanceId }) => {
        const errorCode = group?.leave(memberId, groupInstanceId) ?? errorCodes.UNKNOWN_MEMBER_ID;
        return { memberId, groupInstanceId, errorCode };
      }),
    };
  }

  /** Resolves when the offsets are durable. */
  async commit(request: CommitRequest): Promise<PartitionErrors> {
    const errorCode = this.#checkCommit(request);
    const changes: OffsetChange[] = [];
    const committedAt = this.#clock.now();
    const codes = request.topics.map(({ name, partitions }) =>
      partitions.map(({ partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata }) => {
        if (errorCode !== 0) return errorCode;
        const metadata = committedMetadata ?? '';
        if (Buffer.byteLength(metadata) > METADATA_BYTES_MAX) return errorCodes.OFFSET_METADATA_TOO_LARGE;
        if (!this.#options.hasPartition(name, partition)) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
        changes.push({ group: request.groupId, topic: name, partition, committed: { offset, leaderEpoch, metadata, committedAt } });
        return 0;
      }),
    );
    const written = await this.#change(changes);
    const topics = request.topics.map(({ name, partitions }, topic) => ({
      name,
      partitions: partitions.map(({ partitionIndex }, at) => ({ partitionIndex, errorCode: codes[topic]![at]! || written })),
    }));
    return { errorCode, topics };
  }

  /** The offsets after all commits that came before. */
  async fetch({ groupId, topics }: FetchOffsetsRequest): Promise<FetchOffsetsAnswer> {
    await this.#log.pending.ended(groupId);
    const wanted = topics ?? this.#committedPartitions(groupId);
    return {
      groupId,
      errorCode: 0,
      topics: wanted.map(({ name, partitionIndexes }) => ({ name, partitions: partitionIndexes.map((partition) => this.#fetched(groupId, name, partition)) })),
    };
  }

  async describe(groupIds: readonly string[], { apiVersion }: Pick<Caller, 'apiVersion'>): Promise<DescribedGroup[]> {
    await Promise.all(groupIds.map((groupId) => this.#log.pending.ended(groupId)));
    return groupIds.map((groupId) => {
      const group = this.#groups.get(groupId);
      if (group !== undefined) return group.describe();
      const empty = { errorCode: 0, errorMessage: null, groupId, groupState: 'Empty', protocolType: '', protocolData: '', members: [] };
      if (this.#log.offsets.has(groupId)) return empty;
      if (apiVersion < NOT_FOUND_VERSION) return { ...empty, groupState: 'Dead' };
      return { ...empty, errorCode: errorCodes.GROUP_ID_NOT_FOUND, errorMessage: `there is no group '${groupId}'`, groupState: 'Dead' };
    });
  }

  /** Groups with members, and those that only have offsets. An empty filter lets all pass. */
  async list({ statesFilter = [], typesFilter = [] }: { statesFilter?: readonly string[]; typesFilter?: readonly string[] } = {}): Promise<ListedGroup[]> {
    await this.#log.pending.ended();
    const passes = (filter: readonly string[], value: string): boolean =>
      filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase());
    const ids = new Set([...this.#groups.keys(), ...this.#log.offsets.groups]);
    const listed = [...ids].map((groupId) => {
      const group = this.#groups.get(groupId);
      return { groupId, protocolType: group?.protocolType ?? '', groupState: group?.state ?? 'Empty', groupType: 'classic' };
    });
    return listed.filter(({ groupState, groupType }) => passes(statesFilter, groupState) && passes(typesFilter, groupType));
  }

  /** Removes groups without members, with their offsets. */
  delete(groupIds: readonly string[]): Promise<{ groupId: string; errorCode: number }[]> {
    return Promise.all(groupIds.map(async (groupId) => ({ groupId, errorCode: await this.#delete(groupId) })));
  }

  /** Removes offsets of a group, but for topics to which a member subscribes. */
  async deleteOffsets({ groupId, topics }: { groupId: string; topics: readonly PartitionList[] }): Promise<PartitionErrors> {
    const group = this.#groups.get(groupId);
    if (group === undefined && !this.#mayHaveOffsets(groupId)) return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, topics: [] };
    if (group !== undefined && group.members.size > 0 && group.protocolType !== 'consumer') return { errorCode: errorCodes.NON_EMPTY_GROUP, topics: [] };
    const subscribed = topicsOf(group);
    const refusal = (name: string, partition: number): number => {
      if (!this.#options.hasPartition(name, partition)) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      return subscribed.has(name) ? errorCodes.GROUP_SUBSCRIBED_TO_TOPIC : 0;
    };
    const named = topics.flatMap(({ name, partitionIndexes }) => partitionIndexes.map((partition) => removal(groupId, name, partition)));
    const written = await this.#change(named.filter(({ topic, partition }) => refusal(topic, partition) === 0));
    return {
      errorCode: 0,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode: refusal(name, partitionIndex) || written })),
      })),
    };
  }

  /** A topic was deleted: its offsets go, so that a new one of that name begins without any. */
  async forgetTopic(name: string): Promise<void> {
    // Commits that were let in while there was the topic; now there are no more.
    await this.#log.pending.ended();
    const changes = [...this.#log.offsets.all()].filter(({ topic }) => topic === name);
    await this.#change(changes.map(({ group, topic, partition }) => removal(group, topic, partition)));
  }

  /** Requests that wait get NOT_COORDINATOR, and look for another one. */
  async close(): Promise<void> {
    this.#cancelSweep();
    for (const group of this.#groups.values()) group.end(errorCodes.NOT_COORDINATOR);
    this.#groups.clear();
    await this.#log.close();
  }

  #checkCommit({ groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId }: CommitRequest): number {
    if (groupId === '') return errorCodes.INVALID_GROUP_ID;
    const group = this.#groups.get(groupId);
    // A client that chooses its partitions itself is no member, and may have names all the same.
    if (generationId < 0 && (group === undefined || group.members.size === 0)) return 0;
    if (group === undefined) return errorCodes.ILLEGAL_GENERATION;
    const errorCode = group.checkMember({ groupId, memberId, groupInstanceId, generationId });
    if (errorCode !== 0) return errorCode;
    group.members.get(memberId)!.renewSession();
    return group.state === 'CompletingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : 0;
  }

  /** Returns an error code: 0 when the changes are durable. */
  async #change(changes: readonly (OffsetChange | GroupRemoval)[]): Promise<number> {
    if (changes.length === 0) return 0;
    try {
      await this.#log.change(changes);
      return 0;
    } catch (error) {
      const code = codeOf(error);
      return code === errorCodes.UNKNOWN_SERVER_ERROR ? errorCodes.COORDINATOR_NOT_AVAILABLE : code;
    }
  }

  #fetched(groupId: string, topic: string, partitionIndex: number): FetchedOffset {
    const committed = this.#log.offsets.get(groupId, topic, partitionIndex);
    const { offset = -1n, leaderEpoch = -1, metadata = '' } = committed ?? {};
    return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: 0 };
  }

  #committedPartitions(groupId: string): PartitionList[] {
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of this.#log.offsets.all(groupId)) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
    return [...topics].map(([name, partitionIndexes]) => ({ name, partitionIndexes }));
  }

  async #delete(groupId: string): Promise<number> {
    const group = this.#groups.get(groupId);
    if (group === undefined && !this.#mayHaveOffsets(groupId)) return errorCodes.GROUP_ID_NOT_FOUND;
    if (group !== undefined && group.state !== 'Empty') return errorCodes.NON_EMPTY_GROUP;
    group?.end(errorCodes.UNKNOWN_MEMBER_ID);
    this.#groups.delete(groupId);
    return this.#mayHaveOffsets(groupId) ? this.#change([{ group: groupId }]) : 0;
  }

  /** Whether the group has committed offsets, or will have them unless the commit that is under way fails. */
  #mayHaveOffsets(groupId: string): boolean {
    return this.#log.offsets.has(groupId) || this.#log.pending.has(groupId);
  }

  /** Forgets groups that nobody uses, and offsets that nobody has committed for long. */
  #sweep(): void {
    this.#cancelSweep = this.#clock.after(MINUTE, () => this.#sweep());
    const before = this.#clock.now() - this.#options.offsetsRetention;
    const expired = [...this.#log.offsets.all()].filter(({ group, committed }) => {
      const emptySince = this.#groups.has(group) ? this.#groups.get(group)!.emptySince : this.#startedAt;
      // A commit that is under way is younger than what it replaces.
      const isExpired = committed.committedAt < before && emptySince !== undefined && emptySince < before;
      return isExpired && !this.#log.pending.has(group);
    });
    // What cannot be removed now is removed a minute later.
    void this.#change(expired.map(({ group, topic, partition }) => removal(group, topic, partition)));
    for (const [id, group] of this.#groups) {
      const { emptySince } = group;
      if (emptySince === undefined || emptySince >= this.#clock.now() - MINUTE || this.#mayHaveOffsets(id)) continue;
      group.end(errorCodes.UNKNOWN_MEMBER_ID);
      this.#groups.delete(id);
    }
  }
}

function removal(group: string, topic: string, partition: number): OffsetChange {
  return { group, topic, partition, committed: undefined };
}

/** Topics to which a member of the group subscribes. */
function topicsOf(group: Group | undefined): ReadonlySet<string> {
  const all = group?.members.all ?? [];
  return new Set(all.flatMap(({ protocols }) => protocols.flatMap(({ metadata }) => subscribedTopics(metadata) ?? [])));
}
