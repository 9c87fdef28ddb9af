// Committed offsets of the groups of one coordinator, in memory. offset-log.ts makes them durable.

/** One committed offset. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** -1: unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Time of the commit, in milliseconds. */
  readonly committedAt: number;
}

/** A change of one partition's offset in one group; `committed` is undefined where it is removed. */
export interface OffsetChange {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset | undefined;
}

/** The removal of all offsets that a group has when its turn comes, also of those that are being committed when it is asked for. */
export interface GroupRemoval {
  readonly group: string;
  readonly topic?: undefined;
}

type Partitions = Map<number, CommittedOffset>;

export class CommittedOffsets {
  readonly #groups = new Map<string, Map<string, Partitions>>();
  #size = 0;

  /** Number of offsets of all groups. */
  get size(): number {
    return this.#size;
  }

  get groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition);
  }

  /** All offsets, or those of one group. */
  *all(only?: string): IterableIterator<OffsetChange & { readonly committed: CommittedOffset }> {
    for (const [group, topics] of this.#groups) {
      if (only !== undefined && group !== only) continue;
      for (const [topic, partitions] of topics) {
        for (const [partition, committed] of partitions) yield { group, topic, partition, committed };
      }
    }
  }

  apply(change: OffsetChange | GroupRemoval): void {
    if (change.topic === undefined) return this.#removeGroup(change.group);
    const { group, topic, partition, committed } = change;
    const topics = this.#groups.get(group) ?? new Map<string, Partitions>();
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>();
    this.#size += (committed === undefined ? 0 : 1) - (partitions.has(partition) ? 1 : 0);
    if (committed === undefined) partitions.delete(partition);
    else partitions.set(partition, committed);
    if (partitions.size === 0) topics.delete(topic);
    else topics.set(topic, partitions);
    if (topics.size === 0) this.#groups.delete(group);
    else this.#groups.set(group, topics);
  }

  #removeGroup(group: string): void {
    for (const partitions of this.#groups.get(group)?.values() ?? []) this.#size -= partitions.size;
    this.#groups.delete(group);
  }
}
