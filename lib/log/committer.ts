// Makes accepted bytes durable: writes the end of the log, padded to a block, and syncs the file unless the write was a durable one.
import { isOutOfMemory } from '../base/errors.js';
import type { DmaFile } from '../io/dma-file.js';
import { alignUp } from './disk-block.js';
import { GroupCommit } from './group-commit.js';
import type { LogState } from './log-state.js';
import type { Preallocation } from './preallocation.js';
import type { AppendTail } from './tail.js';
import type { WriteBehind } from './write-behind.js';

export interface LogParts {
  readonly file: DmaFile;
  readonly state: LogState;
  readonly space: Preallocation;
  readonly writes: WriteBehind;
  readonly tail: AppendTail;
}

export class Committer {
  readonly #log: LogParts;
  readonly #commits: GroupCommit;
  /** The file was cut, and no sync has succeeded since. */
  #cutUnsynced = false;
  #syncs = 0;

  /** Commits run inside `serialize`, so that no cut is under way at the same time. */
  constructor(log: LogParts, serialize: (run: () => Promise<void>) => Promise<void>) {
    this.#log = log;
    this.#commits = new GroupCommit({ announce: () => log.writes.announceCommit(), run: () => serialize(() => this.#commit()) });
  }

  /** Number of syncs and durable writes. */
  get syncs(): number {
    return this.#syncs + this.#log.writes.counters.durableWrites;
  }

  /** Whether nothing that was accepted or cut is missing on the disk. */
  get upToDate(): boolean {
    const { durable, accepted } = this.#log.state;
    return durable === accepted && !this.#cutUnsynced;
  }

  /** Resolves when everything that was accepted before the call is durable. */
  flush(): Promise<void> {
    return this.upToDate ? Promise.resolve() : this.#commits.join();
  }

  /** The file was cut. The next sync makes that durable. */
  onCut(): void {
    this.#cutUnsynced = true;
  }

  /**
   * @throws ERR_IO, which ends the log: a sync that is repeated does not report again what the failed one has lost; ERR_CHANGED, which ends the
   * log, when another program has cut the file; ERR_OUT_OF_MEMORY
   */
  async sync(): Promise<void> {
    const { file, state, space, writes } = this.#log;
    const { written } = state;
    try {
      await file.datasync();
      space.checkLength();
    } catch (error) {
      if (!isOutOfMemory(error)) writes.fail(error);
      // A write may have failed meanwhile. Everyone is told of the first failure.
      state.throwIfFailed();
      throw error;
    }
    this.#syncs++;
    this.#cutUnsynced = false;
    state.throwIfFailed();
    state.advanceDurable(written);
  }

  async #commit(): Promise<void> {
    const { state, space, writes, tail } = this.#log;
    state.throwIfFailed();
    const before = state.durable;
    tail.writeOut();
    const target = state.accepted;
    writes.commitArrived(target);
    if (this.upToDate) return;
    await writes.whenWritten(target);
    if (state.durable < target || this.#cutUnsynced) await this.sync();
    space.onSynced(state.durable - before, alignUp(state.accepted));
  }
}
