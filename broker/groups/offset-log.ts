// The log that makes committed offsets durable: a file of records, each a list of changes that are made together. When most of the file is
// out of date, a new file with all that is current takes its place. The file with the greatest number is the one that counts.
//
//   record   length of the body u32 │ crc32c of the body u32 │ body: JSON
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DmaFile, IoBuf, SegmentAppender } from 'corebuf';
import { CommittedOffsets } from './committed-offsets.js';
import type { OffsetChange } from './committed-offsets.js';
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
type Removal = readonly [group: string, topic: string, partition: number];

export interface OffsetLogOptions {
  /** Bytes of the file below which it is not made anew. Default 1 MiB. */
  readonly compactMin?: number;
}

export class OffsetLog {
  readonly offsets = new CommittedOffsets();
  readonly #folder: string;
  readonly #compactMin: number;
  #number: number;
  /** None before the first change, and after a failure. */
  #appender: SegmentAppender | undefined;
  /** Bytes of the file when it was made anew. */
  #compactBytes = 0;
  /** Changes that are under way; a new file waits for them. */
  readonly #changing = new Set<Promise<void>>();
  /** The file is being opened or made anew: changes wait. */
  #busy: Promise<void> | undefined;
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
   * Makes these changes, all or none. They are in `offsets` when the promise resolves, and survive a crash.
   *
   * @throws ERR_IO, ERR_OUT_OF_MEMORY; then the changes were not made, and may be asked for again
   */
  async change(changes: readonly OffsetChange[]): Promise<void> {
    while (this.#busy !== undefined || this.#appender === undefined) {
      if (this.#closed) throw new BrokerError(errorCodes.NOT_COORDINATOR, 'the coordinator of this group is closed');
      // All who wait go on in the order in which they came.
      let failure: { readonly error: unknown } | undefined;
      if (this.#busy === undefined) this.#exclusively(() => this.#openAgain()).catch((error: unknown) => (failure = { error }));
      await this.#busy;
      if (failure !== undefined) throw failure.error;
    }
    const changing = this.#append(changes);
    this.#changing.add(changing);
    try {
      await changing;
    } finally {
      this.#changing.delete(changing);
    }
    if (this.bytes > Math.max(this.#compactMin, COMPACT_FACTOR * this.#compactBytes)) this.#compactSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#busy !== undefined) await this.#busy;
    await Promise.allSettled(this.#changing);
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close();
  }

  get #path(): string {
    return join(this.#folder, `offsets-${this.#number}.log`);
  }

  async #append(changes: readonly OffsetChange[]): Promise<void> {
    const appender = this.#appender!;
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

  /** After a failure, and for the first change. */
  async #openAgain(): Promise<void> {
    await this.#ending;
    await makeFolder(this.#folder);
    const found = new CommittedOffsets();
    await this.#openAt(await readRecords(this.#path, (change) => found.apply(change)));
    for (const change of [...this.offsets.all()]) this.offsets.apply({ ...change, committed: undefined });
    for (const change of found.all()) this.offsets.apply(change);
  }

  async #openAt(position: number): Promise<void> {
    this.#appender = await SegmentAppender.open(this.#path, { position, preallocate: 1024 * 1024 });
  }

  #compactSoon(): void {
    if (this.#busy !== undefined || this.#closed) return;
    // A failure loses nothing: the file goes on as it is, and the next change tries again.
    this.#exclusively(() => this.#compact()).catch(() => undefined);
  }

  async #compact(): Promise<void> {
    await Promise.allSettled(this.#changing);
    if (this.#appender === undefined) return;
    const draft = join(this.#folder, `offsets-${this.#number + 1}.draft`);
    const bytes = await this.#writeAll(draft);
    const [old, appender] = [this.#path, this.#appender];
    await rename(draft, join(this.#folder, `offsets-${this.#number + 1}.log`));
    await syncFolder(this.#folder);
    this.#number++;
    this.#compactBytes = bytes;
    this.#appender = undefined;
    await appender.close();
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

  #exclusively(run: () => Promise<void>): Promise<void> {
    const running = run();
    const busy = running.catch(() => undefined).finally(() => {
      if (this.#busy === busy) this.#busy = undefined;
    });
    this.#busy = busy;
    return running;
  }
}

function recordOf(changes: readonly OffsetChange[]): IoBuf {
  const lines = changes.map(({ group, topic, partition, committed }): Line | Removal =>
    committed === undefined
      ? [group, topic, partition]
      : [group, topic, partition, String(committed.offset), committed.leaderEpoch, committed.metadata, committed.committedAt],
  );
  using body = IoBuf.from(JSON.stringify(lines));
  return new IoBuf().appendUInt32BE(body.length).appendUInt32BE(body.crc32c()).append(body);
}

/** Visits the changes of all whole records. Returns the position behind the last one; 0 when there is no file. */
async function readRecords(path: string, visit: (change: OffsetChange) => void): Promise<number> {
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

function changeOf([group, topic, partition, offset, leaderEpoch, metadata, committedAt]: Line | Removal): OffsetChange {
  if (offset === undefined) return { group, topic, partition, committed: undefined };
  return { group, topic, partition, committed: { offset: BigInt(offset), leaderEpoch: leaderEpoch!, metadata: metadata!, committedAt: committedAt! } };
}
