// One file of a log: the batches from its base offset on, one after the other. Batches are appended to the last segment only.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenFiles } from './open-files.js';
import { nextOffsetOf } from './record-batch.js';
import type { BatchInfo } from './record-batch.js';
import { scanBatches } from './scan.js';
import { readFileIfAny, replaceFile } from './small-file.js';
import { SparseIndex } from './sparse-index.js';

const DIGITS = 20;
const LOG_NAME = /^(\d{20})\.log$/;

export class Segment {
  /** Offset of the first record. */
  readonly baseOffset: number;
  readonly path: string;
  /** When the first batch was appended, in milliseconds; undefined while there is none. */
  since: number | undefined;
  /** When the last batch was appended, in milliseconds; undefined if that was before this start. */
  #appendedAt: number | undefined;
  readonly #pool: OpenFiles;
  #nextOffset: number;
  #fileSize: number | undefined;
  #index: SparseIndex | undefined;
  #loading: Promise<SparseIndex> | undefined;

  /** Without `index` it lies on the disk already, and the index is loaded when it is needed. */
  constructor(folder: string, baseOffset: number, pool: OpenFiles, index?: SparseIndex) {
    this.#pool = pool;
    this.baseOffset = baseOffset;
    this.path = join(folder, `${String(baseOffset).padStart(DIGITS, '0')}.log`);
    this.#nextOffset = baseOffset;
    this.#index = index;
  }

  /** Base offset of the segment with this file name; undefined for other names. */
  static baseOffsetOf(name: string): number | undefined {
    const digits = LOG_NAME.exec(name)?.[1];
    return digits === undefined ? undefined : Number(digits);
  }

  get indexPath(): string {
    return `${this.path.slice(0, -'.log'.length)}.index`;
  }

  /** Offset behind the last record of the last segment. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Bytes of the batches of the last segment. */
  get size(): number {
    return this.#index!.end;
  }

  /** Bytes of the file of a segment that is finished. */
  async fileSize(): Promise<number> {
    this.#fileSize ??= (await stat(this.path)).size;
    return this.#fileSize;
  }

  /** When the last batch was appended, in milliseconds: if that was before this start, when the file was changed last. @throws node:fs's errors */
  async lastAppend(): Promise<number> {
    return this.#appendedAt ?? (await stat(this.path)).mtimeMs;
  }

  /** A batch comes at the time `now`, in milliseconds. */
  touch(now: number): void {
    this.since ??= now;
    this.#appendedAt = now;
  }

  /** Takes in the index of a checkpoint, behind which the next record has offset `nextOffset`. */
  resume(index: SparseIndex, nextOffset: number): void {
    this.#index = index;
    this.#nextOffset = nextOffset;
  }

  /** A batch has been appended to this segment, which is the last one. Returns its position. */
  add(batch: BatchInfo, baseOffset: number, length: number, maxTimestamp: bigint): number {
    const position = this.size;
    this.#index!.add(baseOffset, length, maxTimestamp);
    this.#nextOffset = nextOffsetOf(batch, baseOffset);
    return position;
  }

  /** The index: from memory, from its file, or made anew from the segment. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
  index(): Promise<SparseIndex> {
    if (this.#index !== undefined) return Promise.resolve(this.#index);
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** Forgets the index of a segment that is finished. */
  unloadIndex(): void {
    this.#index = undefined;
  }

  /** Index of the first `end` bytes as it was saved; undefined when there is none that is whole and ends there. */
  async savedIndex(end: number): Promise<SparseIndex | undefined> {
    const bytes = await readFileIfAny(this.indexPath);
    const saved = bytes === undefined ? undefined : SparseIndex.fromBytes(bytes);
    return saved?.end === end ? saved : undefined;
  }

  /** The index, which is in memory, as saveIndex() takes it. */
  toIndexBytes(): Buffer {
    return this.#index!.toBytes();
  }

  async saveIndex(bytes: Buffer): Promise<void> {
    await replaceFile(this.indexPath, bytes);
  }

  /** Makes the index of the first `end` bytes from the batches themselves. */
  async buildIndex(end?: number): Promise<SparseIndex> {
    const index = new SparseIndex();
    const range = { start: 0, checksums: false, ...(end === undefined ? {} : { end }) };
    await scanBatches(this.#pool, this.path, range, ({ baseOffset, length, maxTimestamp }) => {
      index.add(baseOffset, length, maxTimestamp);
      return true;
    });
    return index;
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.indexPath, { force: true });
  }

  async #load(): Promise<SparseIndex> {
    const saved = await this.savedIndex(await this.fileSize());
    this.#index = saved ?? (await this.buildIndex());
    if (saved === undefined) await this.saveIndex(this.toIndexBytes());
    return this.#index;
  }
}
