// The members of one group, those with an instance id by that, too, and the ids that were given to clients that have not joined yet.
import type { Clock } from './clock.js';
import { RESERVED_BYTES } from './group-memory.js';
import type { GroupMemory } from './group-memory.js';
import type { Member } from './member.js';
import type { Protocol } from './messages.js';

export class Members {
  readonly #clock: Clock;
  readonly #memory: GroupMemory;
  readonly #byId = new Map<string, Member>();
  /** Ids of members by their instance ids. */
  readonly #static = new Map<string, string>();
  /** Ids that nobody has joined with, and what cancels their expiry. */
  readonly #reserved = new Map<string, () => void>();

  constructor(clock: Clock, memory: GroupMemory) {
    this.#clock = clock;
    this.#memory = memory;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Number of clients that are about to join. */
  get reserved(): number {
    return this.#reserved.size;
  }

  get all(): readonly Member[] {
    return [...this.#byId.values()];
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id);
  }

  /** The member with this instance id. */
  withInstance(instanceId: string): Member | undefined {
    const id = this.#static.get(instanceId);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  add(member: Member): void {
    this.#byId.set(member.id, member);
    if (member.instanceId !== null) this.#static.set(member.instanceId, member.id);
  }

  remove(member: Member): void {
    this.#byId.delete(member.id);
    if (member.instanceId !== null && this.#static.get(member.instanceId) === member.id) this.#static.delete(member.instanceId);
  }

  /** The id is a client's for `timeout` milliseconds; then `onExpired` is called, unless it has joined. */
  reserve(id: string, timeout: number, onExpired: () => void): void {
    const cancel = this.#clock.after(timeout, () => {
      this.unreserve(id);
      onExpired();
    });
    this.#reserved.set(id, cancel);
    this.#memory.count(RESERVED_BYTES);
  }

  /** The client with this id joins, or goes. Returns false when the id is not reserved. */
  unreserve(id: string): boolean {
    const cancel = this.#reserved.get(id);
    if (cancel === undefined) return false;
    cancel();
    this.#memory.count(-RESERVED_BYTES);
    return this.#reserved.delete(id);
  }

  /** Whether a client that knows these protocols can join: all others know one of them. */
  canJoin(protocols: readonly Protocol[], except?: Member): boolean {
    const others = this.all.filter((member) => member !== except);
    return protocols.some(({ name }) => others.every((member) => knows(member, name)));
  }

  /** The protocol that all members know and most of them prefer; null when there is none. */
  chooseProtocol(): string | null {
    const all = this.all;
    const candidates = (all[0]?.protocols ?? []).map(({ name }) => name).filter((name) => all.every((member) => knows(member, name)));
    const votes = new Map(candidates.map((name) => [name, 0]));
    for (const { protocols } of all) {
      const vote = protocols.find(({ name }) => votes.has(name))?.name;
      if (vote !== undefined) votes.set(vote, votes.get(vote)! + 1);
    }
    return [...votes].reduce<[string | null, number]>((best, one) => (one[1] > best[1] ? one : best), [null, -1])[0];
  }

  end(errorCode: number): void {
    for (const id of [...this.#reserved.keys()]) this.unreserve(id);
    for (const member of this.#byId.values()) member.end(errorCode);
    this.#byId.clear();
    this.#static.clear();
  }
}

function knows(member: Member, protocol: string): boolean {
  return member.protocols.some(({ name }) => name === protocol);
}
