// Finds out what the folder of a partition holds, after a clean end and after a crash: reads on from the last checkpoint, verifies each
// batch, ends at the first one that is torn or does not follow the one before, and rebuilds indexes and producer states on the way.
import { readdir, rename, stat } from 'node:fs/promises';
import { readCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { makeFolder } from './folders.js';
import type { OpenFiles } from './open-files.js';
import { ProducerStates } from './producer-states.js';
import { appendTimeOf, nextOffsetOf } from './record-batch.js';
import { scanBatches } from './scan.js';
import { Segment } from './segment.js';
import { SparseIndex } from './sparse-index.js';

export interface Recovered {
  readonly segments: readonly Segment[];
  readonly producers: ProducerStates;
  readonly startOffset: number;
  /** The state as a checkpoint: the end of the log. */
  readonly end: Checkpoint;
  /** Whether the folder has just this checkpoint. */
  readonly upToDate: boolean;
  readonly report: RecoveryReport;
}

export interface RecoveryReport {
  /** Number of bytes that were verified, and of batches in them. */
  readonly bytesVerified: number;
  readonly batchesVerified: number;
  /** Number of bytes behind the last whole batch, most of which a log has allocated ahead; 0 after a clean end. */
  readonly bytesCut: number;
  /** Paths of files that were set aside, because their batches do not follow those before. */
  readonly setAside: readonly string[];
  /** Whether there was a checkpoint that could not be used. */
  readonly checkpointDamaged: boolean;
}

export interface RecoveryOptions {
  readonly pool: OpenFiles;
  /** Offset at which the log is cut if it is longer: nothing behind it was acknowledged. */
  readonly limit?: number;
  /** Time of this start in milliseconds, for producers and segments whose own is not known. */
  readonly now: number;
}

/** The folder is made if it is not there. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
export async function recoverLog(folder: string, options: RecoveryOptions): Promise<Recovered> {
  await makeFolder(folder);
  const names = await readdir(folder);
  const read = await readCheckpoint(folder);
  const bases = names.map((name) => Segment.baseOffsetOf(name)).filter((base) => base !== undefined);
  const recovery = new Recovery(folder, options, read === 'damaged' ? undefined : read);
  await recovery.run(bases.sort((one, other) => one - other));
  return recovery.result(read === 'damaged');
}

class Recovery {
  readonly #folder: string;
  readonly #pool: OpenFiles;
  readonly #limit: number;
  readonly #now: number;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #segments: Segment[] = [];
  readonly #setAside: string[] = [];
  /** Bytes of files by their paths, as they were found. */
  readonly #sizes = new Map<string, number>();
  #producers: ProducerStates;
  #nextOffset: number;
  #position = 0;
  #bytes = 0;
  #batches = 0;
  #bytesCut = 0;

  constructor(folder: string, { pool, limit = Infinity, now }: RecoveryOptions, checkpoint: Checkpoint | undefined) {
    this.#folder = folder;
    this.#pool = pool;
    this.#limit = limit;
    this.#now = now;
    this.#checkpoint = checkpoint;
    this.#producers = ProducerStates.restore(checkpoint?.producers ?? []);
    this.#nextOffset = checkpoint?.offset ?? 0;
  }

  async run(bases: readonly number[]): Promise<void> {
    const from = await this.#firstToScan(bases);
    let torn = false;
    for (const [at, base] of bases.entries()) {
      if (at < from) this.#segments.push(new Segment(this.#folder, base, this.#pool));
      else if (base > this.#limit) await new Segment(this.#folder, base, this.#pool).remove();
      else if (torn || (at > from && base !== this.#nextOffset)) await this.#putAside(base);
      else torn = !(await this.#scan(base));
    }
    if (this.#segments.length === 0) this.#segments.push(new Segment(this.#folder, this.#nextOffset, this.#pool, new SparseIndex()));
  }

  result(checkpointDamaged: boolean): Recovered {
    const last = this.#segments.at(-1)!;
    const startOffset = Math.max(this.#checkpoint?.startOffset ?? 0, this.#segments[0]!.baseOffset);
    const offset = this.#nextOffset;
    const end = {
      startOffset: Math.min(startOffset, offset),
      segment: last.baseOffset,
      position: this.#position,
      offset,
      segmentSince: last.since ?? this.#now,
      producers: this.#producers.snapshot(),
    };
    const report = {
      bytesVerified: this.#bytes,
      batchesVerified: this.#batches,
      bytesCut: this.#bytesCut,
      setAside: this.#setAside,
      checkpointDamaged,
    };
    const upToDate = this.#checkpoint?.offset === offset && this.#checkpoint.segment === end.segment;
    return { segments: this.#segments, producers: this.#producers, startOffset: end.startOffset, end, upToDate, report };
  }

  /** Index of the segment of the checkpoint; 0 when the log must be read from its beginning. */
  async #firstToScan(bases: readonly number[]): Promise<number> {
    const at = this.#checkpoint === undefined ? -1 : bases.indexOf(this.#checkpoint.segment);
    if (at >= 0 && this.#checkpoint!.offset <= this.#limit && (await this.#isThere(this.#checkpoint!))) return at;
    if (bases.length > 0) {
      this.#producers = new ProducerStates();
      this.#nextOffset = bases[0]!;
    }
    return 0;
  }

  /** Whether the file has all bytes that the checkpoint tells of. */
  async #isThere({ segment, position }: Checkpoint): Promise<boolean> {
    return (await this.#sizeOf(new Segment(this.#folder, segment, this.#pool))) >= position;
  }

  async #sizeOf({ path }: Segment): Promise<number> {
    let size = this.#sizes.get(path);
    if (size === undefined) this.#sizes.set(path, (size = (await stat(path)).size));
    return size;
  }

  /** Reads a segment from the checkpoint on, or from its beginning. Returns whether it is whole up to its end. */
  async #scan(base: number): Promise<boolean> {
    const segment = new Segment(this.#folder, base, this.#pool);
    this.#segments.push(segment);
    const { position: start, offset, segmentSince } = this.#startIn(base);
    this.#nextOffset = offset;
    const index = (await segment.savedIndex(start)) ?? (start === 0 ? new SparseIndex() : await segment.buildIndex(start));
    segment.since = start === 0 ? undefined : segmentSince;
    segment.resume(index, offset);
    const size = await this.#sizeOf(segment);
    if (size === start) return this.#endAt(start, start, size);
    const end = await scanBatches(this.#pool, segment.path, { start, checksums: true, repair: true }, (batch) => {
      if (batch.baseOffset !== this.#nextOffset || nextOffsetOf(batch) > this.#limit) return false;
      segment.since ??= this.#now;
      segment.add(batch, batch.baseOffset, batch.length, batch.maxTimestamp);
      this.#producers.record(batch, { baseOffset: batch.baseOffset, appendTime: appendTimeOf(batch) }, this.#now);
      this.#nextOffset = nextOffsetOf(batch);
      this.#batches++;
      return true;
    });
    return this.#endAt(start, end, size);
  }

  #startIn(base: number): { position: number; offset: number; segmentSince: number } {
    const checkpoint = this.#checkpoint;
    const resumes = checkpoint?.segment === base && checkpoint.offset === this.#nextOffset;
    return resumes ? checkpoint : { position: 0, offset: base, segmentSince: this.#now };
  }

  #endAt(start: number, end: number, size: number): boolean {
    this.#bytes += end - start;
    this.#bytesCut += size - end;
    this.#position = end;
    return end === size;
  }

  async #putAside(base: number): Promise<void> {
    const { path } = new Segment(this.#folder, base, this.#pool);
    await rename(path, `${path}.aside`);
    this.#setAside.push(`${path}.aside`);
  }
}
