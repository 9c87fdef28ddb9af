// Saves checkpoints of one partition, one at a time, each when everything that it tells of is durable. A checkpoint that cannot be saved is
// reported, and loses nothing: recovery begins at the one before.
import { writeCheckpoint } from './checkpoint.js';
import type { Checkpoint, LogEnd } from './checkpoint.js';
import type { Segment } from './segment.js';
import { Turns } from './turns.js';

/** Index of a segment as its file will hold it. */
export interface IndexToSave {
  readonly segment: Segment;
  readonly bytes: Buffer;
}

interface Due {
  readonly end: LogEnd;
  readonly index: IndexToSave;
}

export class Checkpoints {
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  /** Checkpoints at the beginnings of the segments that follow these. */
  readonly #rolls = new Map<Segment, LogEnd>();
  #saved: Checkpoint;
  /** Whether `#saved` is what the folder holds. */
  #upToDate: boolean;
  #due: Due | undefined;
  readonly #saving = new Turns();

  /** `found` is the end of the log as recovery found it; `upToDate` says that the folder has it already. */
  constructor(folder: string, found: Checkpoint, upToDate: boolean, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#saved = found;
    this.#upToDate = upToDate;
    this.#onError = onError;
  }

  /** Recovery reads no batch before this offset. */
  get savedOffset(): number {
    return this.#upToDate ? this.#saved.offset : 0;
  }

  /** `segment` is finished with the batches that it has; `next` is the beginning of the one that follows. */
  onRoll(segment: Segment, next: LogEnd): void {
    this.#rolls.set(segment, next);
  }

  /** All batches of `segment` are durable. */
  async onFinished(segment: Segment): Promise<void> {
    const next = this.#rolls.get(segment);
    this.#rolls.delete(segment);
    if (next !== undefined) await this.save(next, { segment, bytes: segment.toIndexBytes() });
  }

  /** Saves `end` when onDurable() is called with its offset or a later one. */
  saveWhenDurable(end: LogEnd, index: IndexToSave): void {
    this.#due = { end, index };
  }

  onDurable(offset: number): void {
    const due = this.#due;
    if (due === undefined || due.end.offset > offset) return;
    this.#due = undefined;
    void this.save(due.end, due.index);
  }

  /** Saves the end of the log, before which everything is durable, unless a later one is there. */
  save(end: LogEnd, index?: IndexToSave): Promise<void> {
    return this.#saving.run(async () => {
      const { offset, segment } = this.#saved;
      const same = this.#upToDate && offset === end.offset && segment === end.segment;
      if (end.offset < offset || same) return;
      await index?.segment.saveIndex(index.bytes);
      await this.#write({ ...end, startOffset: this.#saved.startOffset });
    }).catch(this.#onError);
  }

  /** Makes a new first offset durable. @throws node:fs's errors */
  saveStart(startOffset: number): Promise<void> {
    return this.#saving.run(() => this.#write({ ...this.#saved, startOffset }, { durable: true }));
  }

  whenSaved(): Promise<void> {
    return this.#saving.whenOver();
  }

  async #write(checkpoint: Checkpoint, options?: { durable: boolean }): Promise<void> {
    await writeCheckpoint(this.#folder, checkpoint, options);
    this.#saved = checkpoint;
    this.#upToDate = true;
  }
}
