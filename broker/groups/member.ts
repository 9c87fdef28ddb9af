// One member of a group, with the requests of its that wait for an answer.
import { errorCodes } from '../protocol/error-codes.js';
import type { Clock } from './clock.js';
import { bytesOfMember } from './group-memory.js';
import type { GroupMemory } from './group-memory.js';
import type { Caller, JoinAnswer, JoinRequest, Protocol, SyncAnswer } from './messages.js';

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** What members need of their shard. */
export interface MemberParts {
  readonly clock: Clock;
  readonly memory: GroupMemory;
}

export class Member {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly #clock: Clock;
  readonly #memory: GroupMemory;
  readonly #onExpired: (member: Member) => void;
  /** Bytes that the member has been counted with. */
  #bytes = 0;
  #assignment: Uint8Array = NO_BYTES;
  protocols: readonly Protocol[] = [];
  sessionTimeout = 0;
  rebalanceTimeout = 0;
  #join: ((answer: JoinAnswer) => void) | undefined;
  #sync: ((answer: SyncAnswer) => void) | undefined;
  #cancelSession: (() => void) | undefined;

  constructor(id: string, instanceId: string | null, caller: Caller, { clock, memory }: MemberParts, onExpired: (member: Member) => void) {
    this.id = id;
    this.instanceId = instanceId;
    this.clientId = caller.clientId ?? '';
    this.clientHost = caller.clientHost;
    this.#clock = clock;
    this.#memory = memory;
    this.#onExpired = onExpired;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get assignment(): Uint8Array {
    return this.#assignment;
  }

  set assignment(bytes: Uint8Array) {
    this.#assignment = bytes;
    this.#count();
  }

  get joining(): boolean {
    return this.#join !== undefined;
  }

  get syncing(): boolean {
    return this.#sync !== undefined;
  }

  /** Takes over what a JoinGroup request says. */
  update({ protocols, sessionTimeoutMs, rebalanceTimeoutMs }: JoinRequest): void {
    this.protocols = protocols;
    this.sessionTimeout = sessionTimeoutMs;
    // Clients send 0 as well as nothing when their program has set no timeout. With 0, nobody could sync in time.
    this.rebalanceTimeout = rebalanceTimeoutMs <= 0 ? sessionTimeoutMs : rebalanceTimeoutMs;
    this.#count();
  }

  hasSameProtocols(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, at) => name === this.protocols[at]!.name && Buffer.compare(metadata, this.protocols[at]!.metadata) === 0)
    );
  }

  metadataFor(protocol: string | null): Uint8Array {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_BYTES;
  }

  /** Resolves when answerJoin() is called. A request that waits already is answered with an error: its connection is gone. */
  waitForJoin(): Promise<JoinAnswer> {
    this.answerJoin(joinError(errorCodes.REBALANCE_IN_PROGRESS, this.id));
    this.#stopSession();
    return new Promise((resolve) => (this.#join = resolve));
  }

  /** Resolves when answerSync() is called. */
  waitForSync(): Promise<SyncAnswer> {
    this.answerSync(syncError(errorCodes.REBALANCE_IN_PROGRESS));
    this.#stopSession();
    return new Promise((resolve) => (this.#sync = resolve));
  }

  answerJoin(answer: JoinAnswer): void {
    this.#join?.(answer);
    this.#join = undefined;
  }

  answerSync(answer: SyncAnswer): void {
    this.#sync?.(answer);
    this.#sync = undefined;
  }

  /** The member has shown that it lives. It expires a session timeout later, unless it waits for an answer of ours then. */
  renewSession(): void {
    this.#stopSession();
    if (!this.joining && !this.syncing) this.#cancelSession = this.#clock.after(this.sessionTimeout, () => this.#onExpired(this));
  }

  /** The member is no more: requests that wait get `errorCode`. */
  end(errorCode: number): void {
    this.#stopSession();
    this.#memory.count(-this.#bytes);
    this.#bytes = 0;
    this.answerJoin(joinError(errorCode, this.id));
    this.answerSync(syncError(errorCode));
  }

  #count(): void {
    const bytes = bytesOfMember([this.id, this.clientId, this.instanceId], this.protocols) + this.#assignment.length;
    this.#memory.count(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  #stopSession(): void {
    this.#cancelSession?.();
    this.#cancelSession = undefined;
  }
}

export function joinError(errorCode: number, memberId: string): JoinAnswer {
  return { errorCode, generationId: -1, protocolType: null, protocolName: null, leader: '', skipAssignment: false, memberId, members: [] };
}

export function syncError(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}
