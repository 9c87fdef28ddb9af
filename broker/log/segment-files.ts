// Files of segments that are open for reading.
import { DmaFile } from 'corebuf';
import type { IoBuf } from 'corebuf';
import type { IdleFile, OpenFiles } from './open-files.js';

export class SegmentFiles {
  readonly #pool: OpenFiles;
  readonly #open = new Map<string, ReadFile>();

  constructor(pool: OpenFiles) {
    this.#pool = pool;
  }

  /** Bytes of the file at `path`, fewer where it ends. @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
  async read(path: string, position: number, length: number): Promise<IoBuf> {
    const file = this.#fileOf(path);
    try {
      return await file.read(position, length);
    } finally {
      file.leave();
    }
  }

  /** The file is about to be removed, or its log is closed. Resolves when it is closed. */
  async forget(path: string): Promise<void> {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    await file.end();
  }

  #fileOf(path: string): ReadFile {
    let file = this.#open.get(path);
    if (file === undefined || !file.enter()) {
      const made = (file = new ReadFile(this.#pool, path, () => {
        if (this.#open.get(path) === made) this.#open.delete(path);
      }));
      this.#open.set(path, file);
    }
    return file;
  }
}

/** A file with its users: one at first. Without users it is offered to the pool, which may close it. */
class ReadFile implements IdleFile {
  readonly #pool: OpenFiles;
  readonly #opened: Promise<DmaFile>;
  readonly #onClosing: () => void;
  #users = 1;
  #closed: Promise<void> | undefined;
  /** end() waits for the last user to leave. */
  #ending: (() => void) | undefined;

  constructor(pool: OpenFiles, path: string, onClosing: () => void) {
    this.#pool = pool;
    this.#onClosing = onClosing;
    this.#opened = this.#open(path);
    this.#opened.catch(() => undefined);
  }

  async read(position: number, length: number): Promise<IoBuf> {
    return (await this.#opened).read(position, length);
  }

  /** One more user. Returns false when the file is being closed. */
  enter(): boolean {
    if (this.#closed !== undefined || (this.#users === 0 && !this.#pool.withdraw(this))) return false;
    this.#users++;
    return true;
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0 || this.#closed !== undefined) return;
    if (this.#ending !== undefined) this.#ending();
    else this.#pool.offer(this);
  }

  closeIdle(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes the file when its last user has left, and gives its place back. */
  async end(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#ending = resolve));
    else this.#pool.withdraw(this);
    if (this.#closed !== undefined) return this.#closed;
    await this.closeIdle();
    this.#pool.release();
  }

  async #open(path: string): Promise<DmaFile> {
    await this.#pool.acquire();
    try {
      return await DmaFile.open(path, 'r');
    } catch (error) {
      this.#closed = Promise.resolve();
      this.#onClosing();
      this.#ending?.();
      this.#pool.release();
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#onClosing();
    const file = await this.#opened;
    await file.close();
  }
}
