// The coordinators of groups. A group belongs to one of a fixed number of slots, each with offsets in a folder of its own; slots are spread over
// the shards, so that a broker with another number of shards finds all offsets again.
import { join } from 'node:path';
import type { Remote } from 'corebuf';
import { GroupCoordinator } from '../groups/coordinator.js';
import type { CoordinatorOptions } from '../groups/coordinator.js';
import type {
  Caller, CommitRequest, DescribedGroup, FetchOffsetsAnswer, FetchOffsetsRequest, JoinAnswer, JoinRequest, LeaveAnswer, LeaveRequest,
  ListedGroup, MemberRequest, PartitionErrors, PartitionList, SyncAnswer, SyncRequest,
} from '../groups/messages.js';
import { slotOfGroup } from '../topics/topic.js';

/** Slots of a broker. The number is part of the format of its data. */
export const GROUP_SLOTS = 8;

/** What one shard does for the groups in its slots. */
export class GroupSlots {
  readonly #slots = new Map<number, GroupCoordinator>();

  /** Opens the slots of the shard at `index`. */
  async open(folder: string, index: number, shards: number, options: CoordinatorOptions): Promise<void> {
    const own = Array.from({ length: GROUP_SLOTS }, (_, slot) => slot).filter((slot) => slot % shards === index);
    await Promise.all(own.map(async (slot) => this.#slots.set(slot, await GroupCoordinator.open(join(folder, String(slot)), options))));
  }

  join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    return this.#of(request.groupId).join(request, caller);
  }

  sync(request: SyncRequest): Promise<SyncAnswer> {
    return this.#of(request.groupId).sync(request);
  }

  async heartbeat(request: MemberRequest): Promise<{ errorCode: number }> {
    return this.#of(request.groupId).heartbeat(request);
  }

  async leave(request: LeaveRequest): Promise<LeaveAnswer> {
    return this.#of(request.groupId).leave(request);
  }

  commit(request: CommitRequest): Promise<PartitionErrors> {
    return this.#of(request.groupId).commit(request);
  }

  fetchOffsets(request: FetchOffsetsRequest): Promise<FetchOffsetsAnswer> {
    return this.#of(request.groupId).fetch(request);
  }

  async describe(groupId: string, apiVersion: number): Promise<DescribedGroup> {
    return (await this.#of(groupId).describe([groupId], { apiVersion }))[0]!;
  }

  /** Groups of all slots of this shard. */
  async list(statesFilter: readonly string[], typesFilter: readonly string[]): Promise<ListedGroup[]> {
    const lists = [...this.#slots.values()].map((coordinator) => coordinator.list({ statesFilter, typesFilter }));
    return (await Promise.all(lists)).flat();
  }

  async deleteGroup(groupId: string): Promise<number> {
    return (await this.#of(groupId).delete([groupId]))[0]!.errorCode;
  }

  deleteOffsets(groupId: string, topics: readonly PartitionList[]): Promise<PartitionErrors> {
    return this.#of(groupId).deleteOffsets({ groupId, topics });
  }

  async forgetTopic(name: string): Promise<void> {
    for (const coordinator of this.#slots.values()) await coordinator.forgetTopic(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((coordinator) => coordinator.close()));
    this.#slots.clear();
  }

  #of(groupId: string): GroupCoordinator {
    const coordinator = this.#slots.get(slotOfGroup(groupId, GROUP_SLOTS));
    if (coordinator === undefined) throw new Error(`the slot of group '${groupId}' is not open on this shard`);
    return coordinator;
  }
}

/** The methods of GroupSlots that are called on other shards. */
export type RemoteGroups = Remote<Omit<GroupSlots, 'open' | 'close' | 'forgetTopic'>>;

/** Groups wherever they are. */
export class GroupRouter {
  readonly #shards: number;
  readonly #at: (shard: number) => RemoteGroups;

  constructor(shards: number, at: (shard: number) => RemoteGroups) {
    this.#shards = shards;
    this.#at = at;
  }

  /** The shard that coordinates the group. */
  of(groupId: string): RemoteGroups {
    return this.#at(slotOfGroup(groupId, GROUP_SLOTS) % this.#shards);
  }

  async list(statesFilter: readonly string[], typesFilter: readonly string[]): Promise<ListedGroup[]> {
    const shards = Array.from({ length: this.#shards }, (_, index) => this.#at(index).list(statesFilter, typesFilter));
    return (await Promise.all(shards)).flat();
  }
}
