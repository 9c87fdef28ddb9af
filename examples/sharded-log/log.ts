// The log of one shard: a segment on disk, and in memory where the records of each key lie in it.
import { IoBuf } from 'corebuf';
import { Inbox, isIntact, readRecord } from './protocol.js';
import type { Segment } from './segment.js';

/** Bytes of records that one read returns, more or less: a key may have more records than fit in memory. */
const READ_SIZE = 256 * 1024;

/** Which records a chain holds, in order: key and length of each. */
export type Contents = (string | number)[];

export interface Part {
  readonly records: IoBuf;
  /** How many records of the key have been read so far, and how many there are. */
  readonly next: number;
  readonly total: number;
}

/** A run of bytes in the segment. */
interface Place {
  readonly position: number;
  readonly length: number;
}

/** The shard that a key belongs to. FNV-1a over UTF-16 units. */
export function ownerOf(key: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % shards;
}

export class Log {
  readonly segment: Segment;
  readonly #places = new Map<string, Place[]>();

  constructor(segment: Segment) {
    this.segment = segment;
  }

  /** Takes the chain over; resolves when it is durable, and only then can it be read. */
  async append(contents: Contents, records: IoBuf): Promise<void> {
    let position = await this.segment.append(records);
    for (let at = 0; at < contents.length; at += 2) {
      const length = contents[at + 1] as number;
      this.#placesOf(contents[at] as string).push({ position, length });
      position += length;
    }
  }

  /** Records of a key from number `first` on, each checked. The chain is the caller's to release. */
  async read(key: string, first: number): Promise<Part> {
    const all = this.#places.get(key) ?? [];
    let next = first;
    for (let bytes = 0; next < all.length && bytes < READ_SIZE; next++) bytes += all[next]!.length;
    const records = await this.#readPlaces(joined(all.slice(first, next)));
    try {
      checkRecords(records, key, first, next);
      return { records, next, total: all.length };
    } catch (error) {
      records.release();
      throw error;
    }
  }

  async #readPlaces(places: Place[]): Promise<IoBuf> {
    const read = await Promise.allSettled(places.map(({ position, length }) => this.segment.read(position, length)));
    const records = new IoBuf();
    for (const result of read) if (result.status === 'fulfilled') records.take(result.value);
    const failed = read.find((result) => result.status === 'rejected');
    if (failed === undefined) return records;
    records.release();
    throw failed.reason;
  }

  #placesOf(key: string): Place[] {
    let places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, (places = []));
    return places;
  }
}

/** Places that touch become one: one request to the disk. */
function joined(places: Place[]): Place[] {
  const runs: { position: number; length: number }[] = [];
  for (const { position, length } of places) {
    const last = runs.at(-1);
    if (last !== undefined && last.position + last.length === position) last.length += length;
    else runs.push({ position, length });
  }
  return runs;
}

/** @throws unless these are the records of `key` from number `first` up to `end`, in order, each as it was made. */
export function checkRecords(records: IoBuf, key: string, first: number, end: number): void {
  using unread = new Inbox();
  unread.take(records.share());
  for (let sequence = first; sequence < end; sequence++) {
    using frame = unread.next();
    const record = frame !== undefined && isIntact(frame) ? readRecord(frame) : undefined;
    if (record?.key !== key || record.sequence !== sequence) {
      throw new Error(`record ${sequence} of ${key} is damaged on the disk`);
    }
  }
  if (unread.length > 0) throw new Error(`there is more on the disk than record ${end - 1} of ${key}`);
}
