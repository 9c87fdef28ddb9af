// One group of the classic protocol. Members join, and wait until all have joined; the leader among them makes the assignment, and the
// others wait for it.
//
//   Empty ─ join ─▶ PreparingRebalance ─ all have joined, or time is up ─▶ CompletingRebalance ─ the leader's sync ─▶ Stable
//     ▲                │      ▲                                                │                                       │
//     └─ nobody left ──┘      └────────── somebody joins, leaves, expires, or does not sync ─────────────────────────┘
import { errorCodes } from '../protocol/error-codes.js';
import { nodeCrypto } from '../security/node-modules.js';
import { describedMember, joinAnswer, syncAnswer } from './agreement.js';
import type { Agreement } from './agreement.js';
import type { Clock } from './clock.js';
import { joinError, Member, NO_BYTES, syncError } from './member.js';
import { Members } from './members.js';
import { RebalanceTimer } from './rebalance-timer.js';
import type { Caller, DescribedGroup, JoinAnswer, JoinRequest, MemberRequest, SyncAnswer, SyncRequest } from './messages.js';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** From this version of JoinGroup on, a client gets its member id before it joins. */
const ID_FIRST_VERSION = 4;
/** From this version on, a leader can be told to keep the assignment. */
const SKIP_VERSION = 9;

export interface GroupTimes {
  /** Milliseconds that an empty group waits for more members after the first. */
  readonly initialDelay: number;
}

export class Group {
  readonly id: string;
  readonly members: Members;
  readonly #clock: Clock;
  readonly #times: GroupTimes;
  readonly #timer: RebalanceTimer;
  #state: GroupState = 'Empty';
  #agreed: Agreement = { generation: 0, protocolType: '', protocol: null, leader: '' };
  /** Since when the group has had no members, in milliseconds. */
  #emptySince: number;

  constructor(id: string, clock: Clock, times: GroupTimes) {
    this.id = id;
    this.#clock = clock;
    this.#times = times;
    this.members = new Members(clock);
    this.#timer = new RebalanceTimer(clock);
    this.#emptySince = clock.now();
  }

  get state(): GroupState {
    return this.#state;
  }

  get protocolType(): string {
    return this.#agreed.protocolType;
  }

  get generation(): number {
    return this.#agreed.generation;
  }

  /** Since when the group has had no members, in milliseconds; undefined while it has some. */
  get emptySince(): number | undefined {
    return this.#state === 'Empty' && this.members.reserved === 0 ? this.#emptySince : undefined;
  }

  join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const { memberId, groupInstanceId, protocolType, protocols } = request;
    const refuse = (code: number): JoinAnswer => joinError(code, memberId);
    const known = groupInstanceId === null ? this.members.get(memberId) : this.members.withInstance(groupInstanceId);
    if (protocolType === '' || protocols.length === 0) return refuse(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    if (this.members.size > 0 && (protocolType !== this.#agreed.protocolType || !this.members.canJoin(protocols, known))) {
      return refuse(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    if (memberId === '') {
      if (groupInstanceId === null && caller.apiVersion >= ID_FIRST_VERSION) return this.#reserve(request, caller);
      const id = newMemberId(groupInstanceId ?? caller.clientId ?? '');
      return known === undefined ? this.#addMember(id, request, caller) : this.#replace(known, id, request, caller);
    }
    if (this.members.unreserve(memberId)) return this.#addMember(memberId, request, caller);
    if (known === undefined) return refuse(errorCodes.UNKNOWN_MEMBER_ID);
    return known.id === memberId ? this.#rejoin(known, request) : refuse(errorCodes.FENCED_INSTANCE_ID);
  }

  sync(request: SyncRequest): Promise<SyncAnswer> | SyncAnswer {
    const errorCode = this.checkMember(request);
    if (errorCode !== 0) return syncError(errorCode);
    const { protocolType, protocolName } = request;
    if ((protocolType !== null && protocolType !== this.#agreed.protocolType) || (protocolName !== null && protocolName !== this.#agreed.protocol)) {
      return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    const member = this.members.get(request.memberId)!;
    if (this.#state === 'PreparingRebalance') return syncError(errorCodes.REBALANCE_IN_PROGRESS);
    if (this.#state === 'Stable') {
      member.renewSession();
      return syncAnswer(this.#agreed, member);
    }
    const answer = member.waitForSync();
    if (member.id === this.#agreed.leader) this.#assign(request);
    return answer;
  }

  heartbeat(request: MemberRequest): number {
    const errorCode = this.checkMember(request);
    if (errorCode !== 0) return errorCode;
    this.members.get(request.memberId)!.renewSession();
    return this.#state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : 0;
  }

  /** Returns an error code. A member that has an instance id may be named by that alone. */
  leave(memberId: string, instanceId: string | null): number {
    if (instanceId === null && this.members.unreserve(memberId)) {
      this.#completeJoinIfReady();
      return 0;
    }
    const member = instanceId === null ? this.members.get(memberId) : this.members.withInstance(instanceId);
    if (member === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
    if (memberId !== '' && member.id !== memberId) return errorCodes.FENCED_INSTANCE_ID;
    this.#remove(member);
    return 0;
  }

  /** Error code of a request of a member: 0 when it is one, of this generation. */
  checkMember({ memberId, groupInstanceId, generationId }: MemberRequest): number {
    if (groupInstanceId !== null) {
      const owner = this.members.withInstance(groupInstanceId);
      if (owner === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
      if (owner.id !== memberId) return errorCodes.FENCED_INSTANCE_ID;
    }
    if (this.members.get(memberId) === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
    return generationId === this.#agreed.generation ? 0 : errorCodes.ILLEGAL_GENERATION;
  }

  describe(): DescribedGroup {
    const shown = this.#state === 'Stable';
    return {
      errorCode: 0,
      errorMessage: null,
      groupId: this.id,
      groupState: this.#state,
      protocolType: this.#agreed.protocolType,
      protocolData: shown ? (this.#agreed.protocol ?? '') : '',
      members: this.members.all.map((member) => describedMember(member, shown ? this.#agreed.protocol : null)),
    };
  }

  /** The group is no more, or its coordinator ends. Requests that wait get `errorCode`. */
  end(errorCode: number): void {
    this.#timer.stop();
    this.#state = 'Dead';
    this.members.end(errorCode);
  }

  #reserve({ sessionTimeoutMs }: JoinRequest, caller: Caller): JoinAnswer {
    const id = newMemberId(caller.clientId ?? '');
    this.members.reserve(id, sessionTimeoutMs, () => this.#completeJoinIfReady());
    return joinError(errorCodes.MEMBER_ID_REQUIRED, id);
  }

  #newMember(id: string, request: JoinRequest, caller: Caller): Member {
    const member = new Member(id, request.groupInstanceId, caller, this.#clock, (expired) => this.#remove(expired));
    member.update(request);
    this.members.add(member);
    return member;
  }

  #addMember(id: string, request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    const member = this.#newMember(id, request, caller);
    this.#agree({ leader: this.#agreed.leader || id, protocolType: request.protocolType });
    this.#timer.onJoined();
    return this.#waitInRebalance(member);
  }

  /** A static member came back under a new id. With the same protocols the group need not notice. */
  #replace(old: Member, id: string, request: JoinRequest, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const unchanged = old.hasSameProtocols(request.protocols);
    this.members.remove(old);
    old.end(errorCodes.FENCED_INSTANCE_ID);
    const member = this.#newMember(id, request, caller);
    const leads = this.#agreed.leader === old.id;
    if (leads) this.#agree({ leader: id });
    if (this.#state !== 'Stable' || !unchanged) return this.#waitInRebalance(member);
    member.assignment = old.assignment;
    member.renewSession();
    const answer = joinAnswer(this.#agreed, member, this.members.all);
    // A leader that cannot be told to skip the assignment must not make one: it would be nobody's.
    if (leads && caller.apiVersion < SKIP_VERSION) return { ...answer, leader: old.id, members: [] };
    return { ...answer, skipAssignment: leads };
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const unchanged = member.hasSameProtocols(request.protocols);
    member.update(request);
    const current = this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && member.id !== this.#agreed.leader);
    if (!unchanged || !current) return this.#waitInRebalance(member);
    member.renewSession();
    return joinAnswer(this.#agreed, member, this.members.all);
  }

  #waitInRebalance(member: Member): Promise<JoinAnswer> {
    const answer = member.waitForJoin();
    if (this.#state === 'PreparingRebalance') this.#completeJoinIfReady();
    else this.#prepareRebalance();
    return answer;
  }

  #prepareRebalance(): void {
    const fresh = this.#state === 'Empty';
    for (const member of this.members.all) {
      member.assignment = NO_BYTES;
      if (!member.syncing) continue;
      member.answerSync(syncError(errorCodes.REBALANCE_IN_PROGRESS));
      member.renewSession();
    }
    this.#state = 'PreparingRebalance';
    // Members of a group that begins would each start a rebalance otherwise.
    if (fresh) this.#timer.startInitial(this.#times.initialDelay, this.#rebalanceTimeout(), () => this.#completeJoin());
    else {
      this.#timer.start(this.#rebalanceTimeout(), () => this.#completeJoin());
      this.#completeJoinIfReady();
    }
  }

  #rebalanceTimeout(): number {
    return Math.max(0, ...this.members.all.map(({ rebalanceTimeout }) => rebalanceTimeout));
  }

  #completeJoinIfReady(): void {
    const ready = this.#state === 'PreparingRebalance' && !this.#timer.initial;
    if (ready && this.members.reserved === 0 && this.members.all.every(({ joining }) => joining)) this.#completeJoin();
  }

  /** All have joined, or time is up. Those who are late are members no more, unless they have an instance id and one has joined. */
  #completeJoin(): void {
    this.#timer.stop();
    const joined = this.members.all.filter(({ joining }) => joining);
    for (const member of this.members.all) {
      if (member.joining || (member.instanceId !== null && joined.length > 0)) continue;
      this.members.remove(member);
      member.end(errorCodes.UNKNOWN_MEMBER_ID);
    }
    this.#agree({ generation: this.#agreed.generation + 1 });
    if (joined.length === 0) return this.#becomeEmpty();
    const leader = joined.some(({ id }) => id === this.#agreed.leader) ? this.#agreed.leader : joined[0]!.id;
    this.#agree({ leader, protocol: this.members.chooseProtocol() });
    this.#state = 'CompletingRebalance';
    this.#timer.start(this.#rebalanceTimeout(), () => this.#removeUnsynced());
    for (const member of joined) {
      member.answerJoin(joinAnswer(this.#agreed, member, this.members.all));
      member.renewSession();
    }
  }

  #becomeEmpty(): void {
    this.#state = 'Empty';
    this.#agree({ protocol: null, leader: '' });
    this.#emptySince = this.#clock.now();
  }

  #assign({ assignments }: SyncRequest): void {
    this.#timer.stop();
    this.#state = 'Stable';
    for (const { memberId, assignment } of assignments) {
      const member = this.members.get(memberId);
      if (member !== undefined) member.assignment = assignment;
    }
    for (const member of this.members.all) {
      if (!member.syncing) continue;
      member.answerSync(syncAnswer(this.#agreed, member));
      member.renewSession();
    }
  }

  #removeUnsynced(): void {
    for (const member of this.members.all) {
      if (member.syncing) continue;
      this.members.remove(member);
      member.end(errorCodes.UNKNOWN_MEMBER_ID);
    }
    this.#prepareRebalance();
  }

  #remove(member: Member): void {
    this.members.remove(member);
    member.end(errorCodes.UNKNOWN_MEMBER_ID);
    if (this.#agreed.leader === member.id) this.#agree({ leader: this.members.all[0]?.id ?? '' });
    if (this.#state === 'PreparingRebalance') this.#completeJoinIfReady();
    else if (this.#state !== 'Dead') this.#prepareRebalance();
  }

  #agree(changes: Partial<Agreement>): void {
    this.#agreed = { ...this.#agreed, ...changes };
  }
}

function newMemberId(prefix: string): string {
  return `${prefix}-${nodeCrypto().randomUUID()}`;
}
