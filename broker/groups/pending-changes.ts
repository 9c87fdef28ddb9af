// Changes that were asked for and have not ended, by group: requests that come after a change see what it has made.

export class PendingChanges {
  readonly #byGroup = new Map<string, Set<Promise<void>>>();

  /** Groups with changes that have not ended. */
  get groups(): readonly string[] {
    return [...this.#byGroup.keys()];
  }

  has(group: string): boolean {
    return this.#byGroup.has(group);
  }

  /** Takes part in the changes of these groups until it ends, well or not. */
  add(groups: Iterable<string>, change: Promise<void>): void {
    for (const group of new Set(groups)) {
      const all = this.#byGroup.get(group) ?? new Set();
      this.#byGroup.set(group, all.add(change));
      const end = (): void => {
        all.delete(change);
        if (all.size === 0) this.#byGroup.delete(group);
      };
      change.then(end, end);
    }
  }

  /** Resolves when all that were asked for before have ended: those of one group, or of all. */
  async ended(group?: string): Promise<void> {
    const sets = group === undefined ? [...this.#byGroup.values()] : [this.#byGroup.get(group) ?? []];
    await Promise.allSettled(sets.flatMap((set) => [...set]));
  }
}
