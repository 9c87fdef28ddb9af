// The state of one group, and what its members have agreed on. They join, and wait until all have joined; the leader among them makes the
// assignment, and the others wait for it.
//
//   Empty ─ join ─▶ PreparingRebalance ─ all have joined, or time is up ─▶ CompletingRebalance ─ the leader's sync ─▶ Stable
//     ▲                │      ▲                                                │                                       │
//     └─ nobody left ──┘      └────────── somebody joins, leaves, expires, or does not sync ─────────────────────────┘
import { errorCodes } from '../protocol/error-codes.js';
import { joinAnswer, syncAnswer } from './agreement.js';
import type { Agreement } from './agreement.js';
import type { Clock } from './clock.js';
import { NO_BYTES, syncError } from './member.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import type { JoinAnswer, SyncAnswer, SyncRequest } from './messages.js';
import { RebalanceTimer } from './rebalance-timer.js';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export interface GroupTimes {
  /** Milliseconds that an empty group waits for more members after the first. */
  readonly initialDelay: number;
}

export class Rebalance {
  readonly #members: Members;
  readonly #clock: Clock;
  readonly #times: GroupTimes;
  readonly #timer: RebalanceTimer;
  #state: GroupState = 'Empty';
  #agreed: Agreement = { generation: 0, protocolType: '', protocol: null, leader: '' };
  /** Members of this generation that have not asked for their assignment. The timer runs while there are some. */
  readonly #unsynced = new Set<Member>();
  /** Since when the group has had no members, in milliseconds. */
  #emptySince: number;

  constructor(members: Members, clock: Clock, times: GroupTimes) {
    this.#members = members;
    this.#clock = clock;
    this.#times = times;
    this.#timer = new RebalanceTimer(clock);
    this.#emptySince = clock.now();
  }

  get state(): GroupState {
    return this.#state;
  }

  get agreed(): Agreement {
    return this.#agreed;
  }

  /** Since when the group has had no members, in milliseconds. It counts only in the state Empty. */
  get emptySince(): number {
    return this.#emptySince;
  }

  agree(changes: Partial<Agreement>): void {
    this.#agreed = { ...this.#agreed, ...changes };
  }

  /** The member, which is new when `isNew`, takes part in the rebalance that is going on, or begins one. Resolves when it ends. */
  join(member: Member, isNew = false): Promise<JoinAnswer> {
    if (isNew) this.#timer.onJoined();
    const answer = member.waitForJoin();
    if (this.#state === 'PreparingRebalance') {
      if (!this.#timer.isRunning) this.#startJoining();
      this.completeIfReady();
    } else this.#prepare();
    return answer;
  }

  /** Resolves when the leader has made the assignment, in the state CompletingRebalance. */
  sync(member: Member, request: SyncRequest): Promise<SyncAnswer> | SyncAnswer {
    this.#unsynced.delete(member);
    if (this.#state === 'Stable') {
      this.#stopWhenSynced();
      member.renewSession();
      return syncAnswer(this.#agreed, member);
    }
    const answer = member.waitForSync();
    if (member.id === this.#agreed.leader) this.#assign(request);
    return answer;
  }

  /** `member` takes over what `old`, which is a member no more, has of this generation. */
  takeOver(member: Member, old: Member): void {
    member.assignment = old.assignment;
    if (this.#unsynced.delete(old)) this.#unsynced.add(member);
  }

  remove(member: Member): void {
    this.#end(member);
    if (this.#agreed.leader === member.id) this.agree({ leader: this.#members.all[0]?.id ?? '' });
    if (this.#state === 'PreparingRebalance') this.completeIfReady();
    else if (this.#state !== 'Dead') this.#prepare();
  }

  /** Ends the wait for members to join when all have. */
  completeIfReady(): void {
    const isReady = this.#state === 'PreparingRebalance' && !this.#timer.initial;
    if (isReady && this.#members.reserved === 0 && this.#members.all.every(({ joining }) => joining)) this.#completeJoin();
  }

  /** The group is no more. */
  end(): void {
    this.#timer.stop();
    this.#state = 'Dead';
  }

  #prepare(): void {
    const isFresh = this.#state === 'Empty';
    this.#unsynced.clear();
    for (const member of this.#members.all) {
      member.assignment = NO_BYTES;
      if (!member.syncing) continue;
      member.answerSync(syncError(errorCodes.REBALANCE_IN_PROGRESS));
      member.renewSession();
    }
    this.#state = 'PreparingRebalance';
    // Members of a group that begins would each start a rebalance otherwise.
    if (isFresh) this.#timer.startInitial(this.#times.initialDelay, this.#timeout(), () => this.#completeJoin());
    else {
      this.#startJoining();
      this.completeIfReady();
    }
  }

  #startJoining(): void {
    this.#timer.start(this.#timeout(), () => this.#completeJoin());
  }

  #timeout(): number {
    return Math.max(0, ...this.#members.all.map(({ rebalanceTimeout }) => rebalanceTimeout));
  }

  /**
   * All have joined, or time is up. Those who are late are members no more, unless they have an instance id: these have time until their
   * sessions end. When nobody else is left, the group waits for them, or for the next one who joins.
   */
  #completeJoin(): void {
    this.#timer.stop();
    for (const member of this.#members.all) if (!member.joining && member.instanceId === null) this.#end(member);
    const joined = this.#members.all.filter(({ joining }) => joining);
    if (joined.length === 0 && this.#members.size > 0) return;
    this.agree({ generation: this.#agreed.generation + 1 });
    if (joined.length === 0) return this.#becomeEmpty();
    const leader = joined.some(({ id }) => id === this.#agreed.leader) ? this.#agreed.leader : joined[0]!.id;
    this.agree({ leader, protocol: this.#members.chooseProtocol() });
    this.#state = 'CompletingRebalance';
    this.#timer.start(this.#timeout(), () => this.#removeUnsynced());
    for (const member of joined) {
      this.#unsynced.add(member);
      member.answerJoin(joinAnswer(this.#agreed, member, this.#members.all));
      member.renewSession();
    }
  }

  #becomeEmpty(): void {
    this.#state = 'Empty';
    this.agree({ protocol: null, leader: '' });
    this.#emptySince = this.#clock.now();
  }

  #assign({ assignments }: SyncRequest): void {
    this.#state = 'Stable';
    this.#stopWhenSynced();
    for (const { memberId, assignment } of assignments) {
      const member = this.#members.get(memberId);
      if (member !== undefined) member.assignment = assignment;
    }
    for (const member of this.#members.all) {
      if (!member.syncing) continue;
      member.answerSync(syncAnswer(this.#agreed, member));
      member.renewSession();
    }
  }

  #stopWhenSynced(): void {
    if (this.#unsynced.size === 0) this.#timer.stop();
  }

  /** Nobody works on the parts of a member that never asks for them. */
  #removeUnsynced(): void {
    for (const member of this.#unsynced) this.#end(member);
    this.#prepare();
  }

  #end(member: Member): void {
    this.#members.remove(member);
    member.end(errorCodes.UNKNOWN_MEMBER_ID);
  }
}
