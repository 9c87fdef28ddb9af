// The log that makes committed offsets durable: a file of records, each a list of changes that are made together. When most of the file is
// out of date, a new file with all that is current takes its place. The file with the greatest number is the one that counts.
//
//   record   length of the body u32 │ crc32c of the body u32 │ body: JSON
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DmaFile, IoBuf, SegmentAppender } from 'corebuf';
import { CommittedOffsets } from './committed-offsets.js';
import type { GroupRemoval, OffsetChange } from './committed-offsets.js';
import { PendingChanges } from './pending-changes.js';
import { BrokerError, errorCodes } from '../protocol/error-codes.js';
import { makeFolder, namesIn, syncFolder } from '../log/folders.js';

const NAME = /^offsets-(\d+)\.log$/;
const DRAFT = /^offsets-\d+\.draft$/;
const RECORD_HEADER = 8;
const BODY_MAX = 64 * 1024 * 1024;
/** The file may have so many bytes, and then so many times the bytes that it had when it was made. */
const COMPACT_MIN = 1024 * 1024;
const COMPACT_FACTOR = 4;
/** Offsets in one record of a new file. */
const RECORD_OFFSETS = 1000;

type Line = readonly [group: string, topic: string, partition: number, offset: string, leaderEpoch: number, metadata: string, committedAt: number];
type Removal = readonly [group: string, topic?: string, partition?: number];

export interface OffsetLogOptions {
  /** Bytes of the file below which it is not made anew. Default 1 MiB. */
  readonly compactMin?: number;
}

export class OffsetLog {
  readonly offsets = new CommittedOffsets();
  readonly pending = new PendingChanges();
  readonly #folder: string;
  readonly #compactMin: number;
  #number: number;
  /** None before the first change, and after a failure. */
  #appender: SegmentAppender | undefined;
  /** Bytes of the file when it was made anew. */
  #compactBytes = 0;
  /** Records that are being written; a new file waits for them. */
  readonly #writing = new Set<Promise<void>>();
  /** The file is being opened or made anew: changes wait for its appender. */
  #opening: Promise<SegmentAppender> | undefined;
  /** The appender that has failed is being closed. */
  #ending: Promise<void> | undefined;
  #closed = false;

  private constructor(folder: string, number: number, compactMin: number) {
    this.#folder = folder;
    this.#number = number;
    this.#compactMin = compactMin;
  }

  /** @throws node:fs's errors, ERR_IO, ERR_OUT_OF_MEMORY */
  static async open(folder: string, { compactMin = COMPACT_MIN }: OffsetLogOptions = {}): Promise<OffsetLog> {
    const names = await namesIn(folder);
    const numbers = names.map((name) => NAME.exec(name)?.[1]).filter((digits) => digits !== undefined).map(Number);
    const log = new OffsetLog(folder, Math.max(0, ...numbers), compactMin);
    for (const name of names) {
      const old = NAME.exec(name);
      if (DRAFT.test(name) || (old !== null && Number(old[1]) < log.#number)) await rm(join(folder, name), { force: true });
    }
    // The first change makes the file: a broker that nobody has used with groups starts sooner.
    if (numbers.length > 0) await log.#openAt(await readRecords(log.#path, (change) => log.offsets.apply(change)));
    return log;
  }

  /** Number of bytes of the file. */
  get bytes(): number {
    return this.#appender?.position ?? 0;
  }

  /** Number of the file, which grows when it is made anew. */
  get fileNumber(): number {
    return this.#number;
  }

  /**
   * Makes these changes, all or none, after those that were asked for before. They are in `offsets` when the promise resolves, and survive a
   * crash; until then they are in `pending`.
   *
   * @throws ERR_IO, ERR_OUT_OF_MEMORY; then the changes were not made, and may be asked for again
   */
  change(changes: readonly (OffsetChange | GroupRemoval)[]): Promise<void> {
    const made = this.#make(changes);
    this.pending.add(changes.map(({ group }) => group), made);
    return made;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    await Promise.allSettled(this.#writing);
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close();
  }

  get #path(): string {
    return join(this.#folder, `offsets-${this.#number}.log`);
  }

  /** Changes that wait for one file go on in the order in which they came, before any that comes later. */
  async #make(changes: readonly (OffsetChange | GroupRemoval)[]): Promise<void> {
    if (this.#closed) throw new BrokerError(errorCodes.NOT_COORDINATOR, 'the coordinator of this group is closed');
    if (this.#opening === undefined && this.#appender === undefined) this.#open(this.#openAgain());
    const appender = this.#opening === undefined ? this.#appender! : await this.#opening;
    const writing = this.#write(appender, changes);
    this.#writing.add(writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(writing);
    }
    if (this.bytes > Math.max(this.#compactMin, COMPACT_FACTOR * this.#compactBytes)) this.#compactSoon();
  }

  async #write(appender: SegmentAppender, changes: readonly (OffsetChange | GroupRemoval)[]): Promise<void> {
    using record = recordOf(changes);
    try {
      await appender.append(record);
      await appender.flush();
    } catch (error) {
      this.#onFailure(appender);
      throw error;
    }
    // In the order of their positions: the flushes of one appender end in the order in which they were called.
    for (const change of changes) this.offsets.apply(change);
  }

  /** What the failed writes have left is unknown: the file is opened where it is durable, before the next change. */
  #onFailure(appender: SegmentAppender): void {
    if (this.#appender !== appender) return;
    this.#appender = undefined;
    this.#ending = appender.close().catch(() => undefined);
  }

  /** Changes wait for `opening`. */
  #open(opening: Promise<SegmentAppender>): void {
    this.#opening = opening;
    const end = (): void => void (this.#opening = undefined);
    opening.then(end, end);
  }

  /** After a failure, and for the first change. */
  async #openAgain(): Promise<SegmentAppender> {
    await this.#ending;
    await makeFolder(this.#folder);
    // A file that was made anew may have a name that is not durable yet.
    if (this.#number > 0) await syncFolder(this.#folder);
    const found = new CommittedOffsets();
    const position = await readRecords(this.#path, (change) => found.apply(change));
    const appender = await this.#openAt(position);
    for (const change of [...this.offsets.all()]) this.offsets.apply({ ...change, committed: undefined });
    for (const change of found.all()) this.offsets.apply(change);
    return appender;
  }

  async #openAt(position: number): Promise<SegmentAppender> {
    return (this.#appender = await SegmentAppender.open(this.#path, { position, preallocate: 1024 * 1024 }));
  }

  #compactSoon(): void {
    if (this.#opening === undefined && !this.#closed) this.#open(this.#compacted());
  }

  /** A failure loses nothing: the file goes on as it is, or is opened again, and the next change tries again. */
  async #compacted(): Promise<SegmentAppender> {
    await Promise.allSettled(this.#writing);
    await this.#compact().catch(() => undefined);
    return this.#appender ?? this.#openAgain();
  }

  async #compact(): Promise<void> {
    if (this.#appender === undefined) return;
    const draft = join(this.#folder, `offsets-${this.#number + 1}.draft`);
    const bytes = await this.#writeAll(draft);
    const [old, appender] = [this.#path, this.#appender];
    await rename(draft, join(this.#folder, `offsets-${this.#number + 1}.log`));
    // From now on a start finds the new file. Changes go on there, whatever fails below.
    this.#number++;
    this.#compactBytes = bytes;
    this.#appender = undefined;
    await appender.close();
    await syncFolder(this.#folder);
    await this.#openAt(bytes);
    await rm(old, { force: true });
  }

  /** Returns the number of bytes. */
  async #writeAll(path: string): Promise<number> {
    await rm(path, { force: true });
    await using file = await SegmentAppender.open(path, { preallocate: 0 });
    let changes: OffsetChange[] = [];
    const write = async (): Promise<void> => {
      using record = recordOf(changes);
      await file.append(record);
      changes = [];
    };
    for (const change of [...this.offsets.all()]) if (changes.push(change) === RECORD_OFFSETS) await write();
    if (changes.length > 0) await write();
    await file.flush();
    return file.position;
  }
}

function recordOf(changes: readonly (OffsetChange | GroupRemoval)[]): IoBuf {
  using body = IoBuf.from(JSON.stringify(changes.map(lineOf)));
  return new IoBuf().appendUInt32BE(body.length).appendUInt32BE(body.crc32c()).append(body);
}

function lineOf(change: OffsetChange | GroupRemoval): Line | Removal {
  if (change.topic === undefined) return [change.group];
  const { group, topic, partition, committed } = change;
  if (committed === undefined) return [group, topic, partition];
  return [group, topic, partition, String(committed.offset), committed.leaderEpoch, committed.metadata, committed.committedAt];
}

/** Visits the changes of all whole records. Returns the position behind the last one; 0 when there is no file. */
async function readRecords(path: string, visit: (change: OffsetChange | GroupRemoval) => void): Promise<number> {
  await using file = await DmaFile.open(path, 'a+');
  using unread = new IoBuf();
  let position = 0;
  for await (const chunk of file.chunks()) {
    unread.take(chunk);
    while (unread.length >= RECORD_HEADER) {
      const reader = unread.reader();
      const [length, crc] = [reader.readUInt32BE(), reader.readUInt32BE()];
      if (length < 2 || length > BODY_MAX) return position;
      if (!reader.has(length)) break;
      using body = reader.share(length);
      if (body.crc32c() !== crc) return position;
      for (const line of JSON.parse(body.toString()) as (Line | Removal)[]) visit(changeOf(line));
      unread.trimFront(RECORD_HEADER + length);
      position += RECORD_HEADER + length;
    }
  }
  return position;
}

function changeOf([group, topic, partition, offset, leaderEpoch, metadata, committedAt]: Line | Removal): OffsetChange | GroupRemoval {
  if (topic === undefined) return { group };
  if (offset === undefined) return { group, topic, partition: partition!, committed: undefined };
  const committed = { offset: BigInt(offset), leaderEpoch: leaderEpoch!, metadata: metadata!, committedAt: committedAt! };
  return { group, topic, partition: partition!, committed };
}
