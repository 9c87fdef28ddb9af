// The log of one partition in one file. The last batches stay in memory, so many bytes for all logs together.
import { crc32c } from '@node-rs/crc32';
import { BatchedLog } from '../peers/batched-log.js';

const CACHE_BYTES = 32 * 1024 * 1024;
const CHECKED_FROM = 21;

interface Batch {
  readonly offset: number;
  readonly next: number;
  readonly position: number;
  readonly length: number;
  bytes: Buffer | undefined;
}

/** Batches in memory, oldest first. An array of so many would be moved whole whenever its first is taken out. */
const cache = new Set<Batch>();
let cached = 0;

export class PlainLog {
  /** Called when there is more to read. */
  readonly waiters = new Set<() => void>();
  /** Offset behind the last durable record. */
  end = 0;
  readonly #file: BatchedLog;
  readonly #batches: Batch[] = [];
  #next = 0;
  #position = 0;

  private constructor(file: BatchedLog) {
    this.#file = file;
  }

  static async open(path: string): Promise<PlainLog> {
    return new PlainLog(await BatchedLog.open(path));
  }

  /** Resolves with the base offset when the batch is durable. */
  async append(bytes: Buffer): Promise<number> {
    if (crc32c(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32BE(17)) throw new Error('a batch is damaged');
    const offset = this.#next;
    this.#next += bytes.readInt32BE(23) + 1;
    bytes.writeBigInt64BE(BigInt(offset), 0);
    bytes.writeInt32BE(0, 12);
    const batch: Batch = { offset, next: this.#next, position: this.#position, length: bytes.length, bytes };
    this.#position += bytes.length;
    this.#batches.push(batch);
    keep(batch);
    await this.#file.append(bytes);
    if (batch.next > this.end) this.end = batch.next;
    for (const waiter of [...this.waiters]) waiter();
    return offset;
  }

  /** Durable batches from the one with `offset` on, at most `maxBytes`, but at least one. */
  async read(offset: number, maxBytes: number): Promise<Buffer[]> {
    const first = this.#find(offset);
    let [last, length] = [first, 0];
    while (last < this.#batches.length && this.#batches[last]!.next <= this.end && (last === first || length + this.#batches[last]!.length <= maxBytes)) {
      length += this.#batches[last++]!.length;
    }
    const batches = this.#batches.slice(first, last);
    if (batches.every(({ bytes }) => bytes !== undefined)) return batches.map(({ bytes }) => bytes!);
    return [await this.#file.read(batches[0]!.position, length)];
  }

  #find(offset: number): number {
    let low = 0;
    for (let high = this.#batches.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle]!.next <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keep(batch: Batch): void {
  cache.add(batch);
  cached += batch.length;
  for (const oldest of cache) {
    if (cached <= CACHE_BYTES) return;
    cache.delete(oldest);
    cached -= oldest.length;
    oldest.bytes = undefined;
  }
}
