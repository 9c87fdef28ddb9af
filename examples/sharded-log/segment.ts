// One shard's file. Any bytes go in; aligned chunks go to the disk, past the page cache. Bytes are copied once, into
// the chunk: the disk wants aligned memory, and what came from a socket is not. Appends that come while the disk is
// busy become durable together.
//
//   chunk    ├── written before ──┤── new bytes ──┤ zeros ┤          ┤
//   write              ├──────────── a share ─────────────┤          from block edge to block edge
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DmaBuffer, DmaFile } from 'corebuf';
import type { IoBuf } from 'corebuf';

const CHUNK = 128 * 1024;
/** Chunks on their way to the disk; with them in flight, copying waits. */
const WRITE_BEHIND_MAX = 8;

interface Append {
  readonly records: IoBuf;
  readonly position: number;
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

export class Segment {
  readonly file: DmaFile;
  /** Writes begin and end at multiples of this. */
  readonly #block: number;
  readonly #writes = new Set<Promise<void>>();
  #waiting: Append[] = [];
  #committing: Promise<void> | undefined;
  /** The first thing that went wrong: what follows in the file cannot be trusted, so nothing follows. */
  #failure: unknown;

  #accepted = 0;
  #chunk: DmaBuffer;
  /** Where the chunk lies in the file. */
  #start = 0;
  /** Bytes in the chunk, and how many of them have been given to the disk. */
  #filled = 0;
  #written = 0;

  constructor(file: DmaFile) {
    this.file = file;
    this.#block = Math.max(file.alignment.offset, 4096);
    this.#chunk = this.#newChunk();
  }

  static async create(path: string, engine: 'io_uring' | 'threads' | undefined): Promise<Segment> {
    const file = await DmaFile.open(path, 'wx+', engine === undefined ? {} : { engine });
    try {
      await syncFolder(dirname(path));
      return new Segment(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Takes the chain over; resolves with its position once it is durable. Positions follow the order of the calls. */
  append(records: IoBuf): Promise<number> {
    const position = this.#accepted;
    this.#accepted += records.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, position, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  /** From the disk, not from memory: what is shared here is what the disk wrote. */
  read(position: number, length: number): Promise<IoBuf> {
    return this.file.read(position, length);
  }

  async close(): Promise<void> {
    await this.#committing;
    await this.file.close();
    this.#chunk.release();
  }

  async #commitAll(): Promise<void> {
    await Promise.resolve(); // All other records of this turn belong to the same commit.
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0));
    this.#committing = undefined;
  }

  /** Everything that waits goes to the disk with one datasync. */
  async #commit(appends: Append[]): Promise<void> {
    try {
      for (const { records } of appends) await this.#copy(records);
      this.#write();
      await Promise.all(this.#writes);
      if (this.#failure === undefined) await this.file.datasync();
    } catch (error) {
      this.#failure ??= error;
    }
    for (const { records, position, resolve, reject } of appends) {
      records.release();
      if (this.#failure === undefined) resolve(position);
      else reject(this.#failure);
    }
  }

  /** The second copy of the two. The chain is released at once: it goes home while the disk is still writing. */
  async #copy(records: IoBuf): Promise<void> {
    const { length } = records;
    for (let from = 0; from < length && this.#failure === undefined; ) {
      const copied = records.copyTo(this.#chunk.bytes, this.#filled, from);
      from += copied;
      this.#filled += copied;
      if (this.#filled === CHUNK) await this.#nextChunk();
    }
    records.release();
  }

  async #nextChunk(): Promise<void> {
    this.#write();
    while (this.#writes.size >= WRITE_BEHIND_MAX) await Promise.race(this.#writes);
    const full = this.#chunk;
    this.#chunk = this.#newChunk();
    full.release(); // The disk keeps what it still needs.
    this.#start += CHUNK;
    this.#filled = 0;
    this.#written = 0;
  }

  /** Begins to write what is new. A last block that is not full is written again with what follows, its bytes unchanged. */
  #write(): void {
    if (this.#filled === this.#written || this.#failure !== undefined) return;
    const from = this.#written - (this.#written % this.#block);
    const to = Math.ceil(this.#filled / this.#block) * this.#block;
    this.#chunk.bytes.fill(0, this.#filled, to);
    this.#written = this.#filled;
    const blocks = this.#chunk.share(from, to);
    const write = this.file.write(this.#start + from, blocks).then(
      () => undefined,
      (error: unknown) => void (this.#failure ??= error),
    );
    const done = write.finally(() => this.#writes.delete(done));
    this.#writes.add(done);
    blocks.release(); // Alive until it is written.
  }

  #newChunk(): DmaBuffer {
    return DmaBuffer.alloc(CHUNK, { alignment: Math.max(this.file.alignment.memory, 4096) });
  }
}

/** Makes the file's name durable: syncing a file does not. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
