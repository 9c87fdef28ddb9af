// A durable log as one writes it by hand: records that come while a batch is under way are the next batch, of one writev and one fdatasync.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

export class BatchedLog {
  readonly #file: FileHandle;
  #records: Buffer[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<BatchedLog> {
    return new BatchedLog(await open(path, 'w+'));
  }

  append(record: Buffer): Promise<void> {
    this.#records.push(record);
    this.#next ??= this.#last = this.#write(this.#last);
    return this.#next;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const { buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(before: Promise<unknown>): Promise<void> {
    await before;
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const records = this.#records;
    this.#records = [];
    this.#next = undefined;
    await this.#file.writev(records);
    await this.#file.datasync();
  }
}
