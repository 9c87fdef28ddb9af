// A member as a client plays it: joins, syncs, sends heartbeats, and remembers what it was told.
import type { GroupCoordinator } from '../../groups/coordinator';
import type { JoinAnswer, JoinRequest, SyncAnswer } from '../../groups/messages';

export interface ClientOptions {
  readonly group?: string;
  readonly instanceId?: string;
  readonly apiVersion?: number;
  readonly protocols?: readonly string[];
  readonly metadata?: string;
  readonly sessionTimeout?: number;
  readonly rebalanceTimeout?: number;
}

export class Client {
  readonly coordinator: GroupCoordinator;
  readonly group: string;
  readonly instanceId: string | null;
  readonly apiVersion: number;
  readonly #options: ClientOptions;
  memberId = '';
  generationId = -1;
  protocols: readonly string[];
  metadata: string;

  constructor(coordinator: GroupCoordinator, options: ClientOptions = {}) {
    const { group = 'group', instanceId = null, apiVersion = 9, protocols = ['range'], metadata = '' } = options;
    this.coordinator = coordinator;
    this.group = group;
    this.instanceId = instanceId;
    this.apiVersion = apiVersion;
    this.protocols = protocols;
    this.metadata = metadata;
    this.#options = options;
  }

  /** One request, with changes. */
  joinOnce(changes: Partial<JoinRequest> = {}): Promise<JoinAnswer> {
    const { sessionTimeout = 10_000, rebalanceTimeout = 30_000 } = this.#options;
    const request: JoinRequest = {
      groupId: this.group,
      sessionTimeoutMs: sessionTimeout,
      rebalanceTimeoutMs: rebalanceTimeout,
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      protocolType: 'consumer',
      protocols: this.protocols.map((name) => ({ name, metadata: Buffer.from(this.metadata) })),
      ...changes,
    };
    return this.coordinator.join(request, { apiVersion: this.apiVersion, clientId: 'client', clientHost: '/127.0.0.1' });
  }

  /** With the second request that version 4 asks for. */
  async join(): Promise<JoinAnswer> {
    let answer = await this.joinOnce();
    if (answer.errorCode === 79) answer = await this.joinOnce({ memberId: (this.memberId = answer.memberId) });
    if (answer.errorCode === 0) [this.memberId, this.generationId] = [answer.memberId, answer.generationId];
    return answer;
  }

  sync(assignments: Record<string, string> = {}): Promise<SyncAnswer> {
    return this.coordinator.sync({
      ...this.identity,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) })),
    });
  }

  heartbeat(): number {
    return this.coordinator.heartbeat(this.identity).errorCode;
  }

  leave(): number {
    const { group: groupId, memberId, instanceId: groupInstanceId } = this;
    return this.coordinator.leave({ groupId, members: [{ memberId, groupInstanceId }] }).members[0]!.errorCode;
  }

  /** Error code of the commit of one offset of partition 0 of a topic. */
  async commit(offset: bigint, { topic = 'topic', metadata = null as string | null } = {}): Promise<number> {
    const partition = { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: 0, committedMetadata: metadata };
    const { groupId, generationId, memberId, groupInstanceId } = this.identity;
    const request = { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics: [{ name: topic, partitions: [partition] }] };
    return (await this.coordinator.commit(request)).topics[0]!.partitions[0]!.errorCode;
  }

  get identity(): { groupId: string; generationId: number; memberId: string; groupInstanceId: string | null } {
    return { groupId: this.group, generationId: this.generationId, memberId: this.memberId, groupInstanceId: this.instanceId };
  }
}
