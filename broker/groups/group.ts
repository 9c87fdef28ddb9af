// One group of the classic protocol: what it answers to its members. The answers depend on the state of its rebalance:
//
//                         JoinGroup of a member                        SyncGroup            Heartbeat   OffsetCommit
//   PreparingRebalance    waits until all have joined                  27                   27          taken
//   CompletingRebalance   nothing new: told the agreement again;       waits for the        0           27
//                         else a new rebalance                         leader's
//   Stable                a follower with nothing new: told again;     its assignment       0           taken
//                         a leader, or something new: a rebalance
//
// Who is no member yet always starts a rebalance, or joins the one that is going on. So does a static member that comes back under a new id,
// but in the state Stable with nothing new, where it takes its place. In the states Empty and Dead there are no members.
import { errorCodes } from '../protocol/error-codes.js';
import { describedMember, joinAnswer } from './agreement.js';
import { bytesOfGroup, bytesOfMember, RESERVED_BYTES } from './group-memory.js';
import type { GroupMemory } from './group-memory.js';
import { joinError, Member, syncError } from './member.js';
import type { MemberParts } from './member.js';
import { newMemberId } from './member-id.js';
import { Members } from './members.js';
import type { Caller, DescribedGroup, JoinAnswer, JoinRequest, MemberRequest, SyncAnswer, SyncRequest } from './messages.js';
import { Rebalance } from './rebalance.js';
import type { GroupState, GroupTimes } from './rebalance.js';

/** From this version of JoinGroup on, a client gets its member id before it joins. */
const ID_FIRST_VERSION = 4;
/** From this version on, a leader can be told to keep the assignment. */
const SKIP_VERSION = 9;

export class Group {
  readonly id: string;
  readonly members: Members;
  readonly #parts: MemberParts;
  readonly #memory: GroupMemory;
  readonly #rebalance: Rebalance;
  /** Bytes that the group has been counted with, without its members. */
  #bytes = 0;

  constructor(id: string, parts: MemberParts, times: GroupTimes) {
    const { clock, memory } = parts;
    this.id = id;
    this.#parts = parts;
    this.#memory = memory;
    this.members = new Members(clock, memory);
    this.#rebalance = new Rebalance(this.members, clock, times);
    this.#count();
  }

  get state(): GroupState {
    return this.#rebalance.state;
  }

  get protocolType(): string {
    return this.#rebalance.agreed.protocolType;
  }

  /** Since when the group has had no members, in milliseconds; undefined while it has some. */
  get emptySince(): number | undefined {
    return this.state === 'Empty' && this.members.reserved === 0 ? this.#rebalance.emptySince : undefined;
  }

  join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const { memberId, groupInstanceId, protocolType, protocols } = request;
    const refuse = (code: number): JoinAnswer => joinError(code, memberId);
    const known = groupInstanceId === null ? this.members.get(memberId) : this.members.withInstance(groupInstanceId);
    if (protocolType === '' || protocols.length === 0) return refuse(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    if (this.members.size > 0 && (protocolType !== this.protocolType || !this.members.canJoin(protocols, known))) {
      return refuse(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    if (!this.#hasRoomFor(request, caller, known)) return refuse(errorCodes.GROUP_MAX_SIZE_REACHED);
    if (memberId === '') {
      if (isIdFirst(request, caller)) return this.#reserve(request, caller);
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
    const { agreed } = this.#rebalance;
    if ((protocolType !== null && protocolType !== agreed.protocolType) || (protocolName !== null && protocolName !== agreed.protocol)) {
      return syncError(errorCodes.INCONSISTENT_GROUP_PROTOCOL);
    }
    if (this.state === 'PreparingRebalance') return syncError(errorCodes.REBALANCE_IN_PROGRESS);
    const assigned = request.assignments.reduce((sum, { assignment }) => sum + assignment.length, 0);
    if (assigned > 0 && !this.#memory.hasRoom(assigned)) return syncError(errorCodes.GROUP_MAX_SIZE_REACHED);
    return this.#rebalance.sync(this.members.get(request.memberId)!, request);
  }

  heartbeat(request: MemberRequest): number {
    const errorCode = this.checkMember(request);
    if (errorCode !== 0) return errorCode;
    this.members.get(request.memberId)!.renewSession();
    return this.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : 0;
  }

  /** Returns an error code. A member that has an instance id may be named by that alone. */
  leave(memberId: string, instanceId: string | null): number {
    if (instanceId === null && this.members.unreserve(memberId)) {
      this.#rebalance.completeIfReady();
      return 0;
    }
    const member = instanceId === null ? this.members.get(memberId) : this.members.withInstance(instanceId);
    if (member === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
    if (memberId !== '' && member.id !== memberId) return errorCodes.FENCED_INSTANCE_ID;
    this.#rebalance.remove(member);
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
    return generationId === this.#rebalance.agreed.generation ? 0 : errorCodes.ILLEGAL_GENERATION;
  }

  describe(): DescribedGroup {
    const protocol = this.state === 'Stable' ? this.#rebalance.agreed.protocol : null;
    return {
      errorCode: 0,
      errorMessage: null,
      groupId: this.id,
      groupState: this.state,
      protocolType: this.protocolType,
      protocolData: protocol ?? '',
      members: this.members.all.map((member) => describedMember(member, protocol)),
    };
  }

  /** The group is no more, or its coordinator ends. Requests that wait get `errorCode`. */
  end(errorCode: number): void {
    this.#rebalance.end();
    this.members.end(errorCode);
    this.#memory.count(-this.#bytes);
    this.#bytes = 0;
  }

  #count(): void {
    const bytes = bytesOfGroup(this.id, this.protocolType);
    this.#memory.count(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Whether the shard may hold what the request leaves behind. Members that say no more than before always may stay. */
  #hasRoomFor(request: JoinRequest, caller: Caller, known: Member | undefined): boolean {
    if (isIdFirst(request, caller)) return this.#memory.hasRoom(RESERVED_BYTES);
    const names = [request.memberId, caller.clientId, request.groupInstanceId, request.protocolType];
    const more = bytesOfMember(names, request.protocols) - (known?.bytes ?? 0);
    return more <= 0 || this.#memory.hasRoom(more);
  }

  #reserve({ sessionTimeoutMs }: JoinRequest, caller: Caller): JoinAnswer {
    const id = newMemberId(caller.clientId ?? '');
    this.members.reserve(id, sessionTimeoutMs, () => this.#rebalance.completeIfReady());
    return joinError(errorCodes.MEMBER_ID_REQUIRED, id);
  }

  #newMember(id: string, request: JoinRequest, caller: Caller): Member {
    const member = new Member(id, request.groupInstanceId, caller, this.#parts, (expired) => this.#rebalance.remove(expired));
    member.update(request);
    this.members.add(member);
    return member;
  }

  #addMember(id: string, request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    const member = this.#newMember(id, request, caller);
    this.#rebalance.agree({ leader: this.#rebalance.agreed.leader || id, protocolType: request.protocolType });
    this.#count();
    return this.#rebalance.join(member, true);
  }

  /** A static member came back under a new id. With the same protocols the group need not notice. */
  #replace(old: Member, id: string, request: JoinRequest, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const isUnchanged = old.hasSameProtocols(request.protocols);
    this.members.remove(old);
    old.end(errorCodes.FENCED_INSTANCE_ID);
    const member = this.#newMember(id, request, caller);
    const leads = this.#rebalance.agreed.leader === old.id;
    if (leads) this.#rebalance.agree({ leader: id });
    if (this.state !== 'Stable' || !isUnchanged) return this.#rebalance.join(member);
    this.#rebalance.takeOver(member, old);
    const answer = this.#agreement(member);
    // A leader that cannot be told to skip the assignment must not make one: it would be nobody's.
    if (leads && caller.apiVersion < SKIP_VERSION) return { ...answer, leader: old.id, members: [] };
    return { ...answer, skipAssignment: leads };
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const isUnchanged = member.hasSameProtocols(request.protocols);
    member.update(request);
    const leads = member.id === this.#rebalance.agreed.leader;
    const isAgreed = this.state === 'CompletingRebalance' || (this.state === 'Stable' && !leads);
    return isUnchanged && isAgreed ? this.#agreement(member) : this.#rebalance.join(member);
  }

  /** Tells the member what has been agreed on. */
  #agreement(member: Member): JoinAnswer {
    member.renewSession();
    return joinAnswer(this.#rebalance.agreed, member, this.members.all);
  }
}

/** Whether the client gets a member id, and joins with it. */
function isIdFirst({ memberId, groupInstanceId }: JoinRequest, { apiVersion }: Caller): boolean {
  return memberId === '' && groupInstanceId === null && apiVersion >= ID_FIRST_VERSION;
}
