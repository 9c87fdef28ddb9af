// The log of a partition against a plain array: random appends, reads, rolls, deletions, restarts and crashes.
import { closeSync, cpSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import { Random } from '../../../test/support/random';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf, recordsIn } from './batches';
import type { SeenRecord } from './batches';

removeScratchAfterEach();

const STEPS = Number(process.env.COREBUF_MODEL_STEPS ?? 200);
const CONFIG = { segmentBytes: 4000, retentionMs: -1 };
/** Batches that an idempotent client has under way at most. */
const IN_FLIGHT_MAX = 5;

/** A batch as its producer remembers it until it is acknowledged. */
interface Sent {
  readonly values: readonly string[];
  readonly sequence: number;
}

class Model {
  readonly random = new Random();
  readonly seen: string[] = [];
  start = 0;
  #sequence = 0;
  folder = scratchPath();
  store = this.#newStore();
  log!: PartitionLog;

  #newStore(): LogStore {
    return new LogStore({ retentionInterval: 0, cacheBytes: 20_000, openFiles: 2 });
  }

  async open(): Promise<void> {
    this.log = await PartitionLog.open(this.folder, CONFIG, this.store);
  }

  /** A new batch, sent. Resolves when it is acknowledged. */
  send(sent: Sent = this.#next()): { sent: Sent; acknowledged: Promise<void>; base: number } {
    const { values, sequence } = sent;
    const { baseOffset, durable } = this.log.append(batchOf({ values, sequence, producerId: 9n, epoch: 0 }), { leaderEpoch: 0, acks: -1 });
    return { sent, acknowledged: durable, base: Number(baseOffset) };
  }

  async append(): Promise<void> {
    const batches = Array.from({ length: 1 + this.random.upTo(IN_FLIGHT_MAX - 1) }, () => this.send());
    await Promise.all(batches.map(({ acknowledged }) => acknowledged));
    for (const { sent, base } of batches) this.#expectAt(base, sent);
    const again = this.random.pick(batches);
    const { base, acknowledged } = this.send(again.sent);
    expect(base).toBe(again.base);
    await acknowledged;
  }

  async read(): Promise<void> {
    const end = this.seen.length;
    const offset = this.start + this.random.upTo(end - this.start);
    const records = recordsIn(await this.log.read(BigInt(offset), this.random.size(8000)));
    expect(records.length > 0).toBe(offset < end);
    this.#expectRecords(records);
    if (records.length > 0) expect(records[0]!.offset <= offset && records.at(-1)!.offset >= offset).toBe(true);
  }

  async deleteSome(): Promise<void> {
    const before = this.start + this.random.upTo(Math.floor((this.seen.length - this.start) / 2));
    this.start = Number(await this.log.deleteRecordsBefore(BigInt(before)));
    expect(this.start).toBe(before);
  }

  async restart(): Promise<void> {
    await this.log.close();
    await this.store.close();
    this.store = this.#newStore();
    await this.open();
    this.#expectWatermarks();
  }

  /** The process ends while batches are under way: what the folder has then is all that is left, and its end may be garbage. */
  async crash(): Promise<void> {
    const batches = Array.from({ length: this.random.upTo(IN_FLIGHT_MAX) }, () => this.send());
    for (let turn = this.random.upTo(3); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    const left = scratchPath();
    cpSync(this.folder, left, { recursive: true });
    await this.log.close();
    await this.store.close();
    if (batches.length === 0 && this.random.upTo(1) === 0) this.#appendGarbage(left);
    this.folder = left;
    this.store = this.#newStore();
    await this.open();
    expect(Number(this.log.highWatermark)).toBeGreaterThanOrEqual(this.seen.length);
    const sentAgain = batches.map(({ sent }) => this.send(sent));
    await Promise.all(sentAgain.map(({ acknowledged }) => acknowledged));
    for (const { sent, base } of sentAgain) this.#expectAt(base, sent);
    this.#expectWatermarks();
  }

  async everything(): Promise<void> {
    for (let at = this.start; at < this.seen.length; ) {
      const records = recordsIn(await this.log.read(BigInt(at), 3000));
      this.#expectRecords(records);
      at = records.at(-1)!.offset + 1;
    }
  }

  #next(): Sent {
    const values = Array.from({ length: 1 + this.random.size(20) }, () => 'v'.repeat(this.random.size(300)) + String(this.random.upTo(1e9)));
    const sent = { values, sequence: this.#sequence };
    this.#sequence += values.length;
    return sent;
  }

  #expectAt(base: number, { values }: Sent): void {
    expect(base).toBe(this.seen.length);
    this.seen.push(...values);
  }

  #expectRecords(records: readonly SeenRecord[]): void {
    for (const [at, { offset, value }] of records.entries()) {
      if (offset !== records[0]!.offset + at || value !== this.seen[offset]) throw new Error(`offset ${offset} holds something else`);
    }
  }

  #expectWatermarks(): void {
    const { startOffset, highWatermark, logEndOffset } = this.log;
    expect([startOffset, highWatermark, logEndOffset].map(Number)).toEqual([this.start, this.seen.length, this.seen.length]);
  }

  /** Behind the data, where the file has zeros. */
  #appendGarbage(folder: string): void {
    const path = lastSegment(folder);
    if (path === undefined) return;
    const content = readFileSync(path);
    const end = content.findLastIndex((byte) => byte !== 0) + 1;
    const file = openSync(path, 'r+');
    writeSync(file, this.random.bytes(100), 0, 100, end + 20);
    closeSync(file);
  }
}

function lastSegment(folder: string): string | undefined {
  const name = readdirSync(folder).filter((one) => one.endsWith('.log')).sort().at(-1);
  return name === undefined ? undefined : join(folder, name);
}

test('a log holds what an array holds, through rolls, restarts and crashes', async () => {
  const model = new Model();
  await model.open();
  try {
    for (let step = 0; step < STEPS; step++) {
      const chance = model.random.unit();
      if (chance < 0.4) await model.append();
      else if (chance < 0.9) await model.read();
      else if (chance < 0.92) await model.deleteSome();
      else if (chance < 0.96) await model.restart();
      else await model.crash();
    }
    await model.everything();
    await model.log.close();
    expect(model.store.openFiles.taken).toBe(0);
    await model.store.close();
  } catch (error) {
    throw new Error(`seed ${model.random.seed}`, { cause: error });
  }
});

/** `at`, or the byte behind the leader epoch (bytes 12 to 15 of a batch) that it lies in: no checksum covers the epoch, and any is right. */
function besideLeaderEpoch(content: Buffer, at: number): number {
  let batch = 0;
  while (batch + 12 + content.readInt32BE(batch + 8) <= at) batch += 12 + content.readInt32BE(batch + 8);
  return at - batch >= 12 && at - batch < 16 ? batch + 16 : at;
}

test('a log that lost its end, or has a wrong byte there, is the longest whole part of what it was', async () => {
  const random = new Random();
  for (let round = 0; round < 12; round++) {
    const folder = scratchPath();
    const store = new LogStore({ retentionInterval: 0 });
    const log = await PartitionLog.open(folder, { segmentBytes: 3000 }, store);
    for (let batch = 0; batch < 20; batch++) await log.append(batchOf({ values: ['a'.repeat(200), String(batch)] }), { leaderEpoch: 0, acks: -1 }).durable;
    await log.close();
    const path = lastSegment(folder)!;
    const at = random.upTo(statSync(path).size - 1);
    if (round % 2 === 0) truncateSync(path, at);
    else {
      const content = readFileSync(path);
      content[besideLeaderEpoch(content, at)]! ^= 0x40;
      writeFileSync(path, content);
      // Without a checkpoint everything is verified.
      rmSync(join(folder, 'checkpoint'));
    }
    const again = await PartitionLog.open(folder, { segmentBytes: 3000 }, store);
    const end = Number(again.highWatermark);
    expect(end).toBeLessThan(40);
    expect(end).toBeGreaterThanOrEqual(Number.parseInt(path.slice(-24), 10));
    const records: SeenRecord[] = [];
    while (records.length < end) records.push(...recordsIn(await again.read(BigInt(records.length), 1000)));
    expect(records.filter(({ offset }) => offset % 2 === 1).map(({ value }) => Number(value))).toEqual([...Array(end / 2).keys()]);
    expect(again.append(batchOf(), { leaderEpoch: 0, acks: 1 }).baseOffset).toBe(BigInt(end));
    await again.close();
    await store.close();
  }
});

test('a batch with a wrong offset, which no checksum covers, ends the log', async () => {
  const folder = scratchPath();
  const store = new LogStore({ retentionInterval: 0 });
  const log = await PartitionLog.open(folder, {}, store);
  for (let batch = 0; batch < 3; batch++) await log.append(batchOf(), { leaderEpoch: 0, acks: -1 }).durable;
  await log.close();
  const path = lastSegment(folder)!;
  const content = readFileSync(path);
  content[content.length / 3 + 7] = 5;
  writeFileSync(path, content);
  rmSync(join(folder, 'checkpoint'));
  const again = await PartitionLog.open(folder, {}, store);
  expect(again.highWatermark).toBe(1n);
  await again.close();
  await store.close();
});
