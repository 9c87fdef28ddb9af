// Where in a segment the batches lie: an entry for about each 64 KiB. An entry is the first batch behind that distance: its offset, its
// position in the file, and the greatest timestamp of all batches before it. The index of a finished segment is a small file beside it,
// which is made anew from the segment when it is missing or damaged.
import { crc32cOf } from './checksum.js';

/** Bytes of a segment between two entries, more or less. */
export const INDEX_INTERVAL = 64 * 1024;
const MAGIC = 0x6362_6978;
const HEADER_BYTES = 40;
const ENTRY_BYTES = 24;
const NO_TIME = -1e300;

export interface IndexEntry {
  readonly offset: number;
  readonly position: number;
  /** Greatest timestamp of the batches before it; less than any timestamp when there are none. */
  readonly timeBefore: number;
}

export class SparseIndex {
  readonly #offsets: number[] = [];
  readonly #positions: number[] = [];
  /** Greatest timestamp before each entry. It grows, or stays. */
  readonly #times: number[] = [];
  /** Bytes of the segment that the index knows: batches begin at its front and end here. */
  #end = 0;
  #maxTime = NO_TIME;
  /** Position of the batch with the greatest timestamp. */
  #maxTimeAt = 0;

  /** Number of bytes of the segment that the index covers. */
  get end(): number {
    return this.#end;
  }

  get entries(): number {
    return this.#offsets.length;
  }

  /** Greatest timestamp of all batches, in milliseconds; less than any timestamp when there is none. */
  get maxTime(): number {
    return this.#maxTime;
  }

  /** Position of the first batch that has the greatest timestamp. */
  get maxTimeAt(): number {
    return this.#maxTimeAt;
  }

  /** The next batch of the segment: its base offset, its length in bytes, and its greatest timestamp. */
  add(offset: number, length: number, maxTimestamp: bigint): void {
    const last = this.#positions.at(-1);
    if (last === undefined || this.#end - last >= INDEX_INTERVAL) {
      this.#offsets.push(offset);
      this.#positions.push(this.#end);
      this.#times.push(this.#maxTime);
    }
    // Rounding keeps the order of two timestamps, or makes them equal: then a search begins too early, which is harmless.
    const time = Number(maxTimestamp);
    if (time > this.#maxTime) [this.#maxTime, this.#maxTimeAt] = [time, this.#end];
    this.#end += length;
  }

  /** Last entry that is not behind `offset`. The batch with `offset` is that one or follows it. */
  floor(offset: number): IndexEntry {
    return this.#entry(lastWhere(this.#offsets, (at) => at <= offset));
  }

  /** An entry before which all timestamps are less than `timestamp`; the first batch with one that is not less follows it. */
  floorTime(timestamp: bigint): IndexEntry {
    const time = Number(timestamp);
    return this.#entry(lastWhere(this.#times, (before) => before < time));
  }

  /** The index as a file holds it. */
  toBytes(): Buffer {
    const bytes = Buffer.alloc(HEADER_BYTES + this.entries * ENTRY_BYTES);
    bytes.writeUInt32BE(MAGIC, 0);
    bytes.writeUInt32BE(this.entries, 8);
    bytes.writeDoubleBE(this.#end, 16);
    bytes.writeDoubleBE(this.#maxTime, 24);
    bytes.writeDoubleBE(this.#maxTimeAt, 32);
    for (let entry = 0, at = HEADER_BYTES; entry < this.entries; entry++, at += ENTRY_BYTES) {
      bytes.writeDoubleBE(this.#offsets[entry]!, at);
      bytes.writeDoubleBE(this.#positions[entry]!, at + 8);
      bytes.writeDoubleBE(this.#times[entry]!, at + 16);
    }
    bytes.writeUInt32BE(crc32cOf(bytes.subarray(8)), 4);
    return bytes;
  }

  /** The index of a file; undefined when it is damaged. */
  static fromBytes(bytes: Buffer): SparseIndex | undefined {
    if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
    if (bytes.readUInt32BE(4) !== crc32cOf(bytes.subarray(8))) return undefined;
    const index = new SparseIndex();
    const entries = bytes.readUInt32BE(8);
    index.#end = bytes.readDoubleBE(16);
    index.#maxTime = bytes.readDoubleBE(24);
    index.#maxTimeAt = bytes.readDoubleBE(32);
    for (let entry = 0, at = HEADER_BYTES; entry < entries; entry++, at += ENTRY_BYTES) {
      index.#offsets.push(bytes.readDoubleBE(at));
      index.#positions.push(bytes.readDoubleBE(at + 8));
      index.#times.push(bytes.readDoubleBE(at + 16));
    }
    return index;
  }

  #entry(at: number): IndexEntry {
    return { offset: this.#offsets[at] ?? 0, position: this.#positions[at] ?? 0, timeBefore: this.#times[at] ?? NO_TIME };
  }
}

/** Index of the last value for which `holds`, which is true for the first ones and false for the rest; 0 when it holds for none. */
function lastWhere(values: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  for (let high = values.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (holds(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
