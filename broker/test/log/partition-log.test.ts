// The log of a partition: what it accepts, what readers see, what stays after it was closed.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { IoBuf } from 'corebuf';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import type { LogConfig } from '../../log/log-config';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf, recordsIn } from './batches';
import type { BatchOptions, SeenRecord } from './batches';

removeScratchAfterEach();

const PRODUCE = { leaderEpoch: 7, acks: -1 };
let now = 1_000_000;
let store: LogStore;

beforeEach(() => {
  store = new LogStore({ retentionInterval: 0, cacheBytes: 4 * 1024 * 1024, now: () => now });
});
afterEach(() => store.close());

const open = (folder: string, config: Partial<LogConfig> = {}): Promise<PartitionLog> => PartitionLog.open(folder, config, store);

async function produce(log: PartitionLog, options: BatchOptions = {}): Promise<number> {
  const { baseOffset, durable } = log.append(batchOf(options), PRODUCE);
  await durable;
  return Number(baseOffset);
}

async function readAll(log: PartitionLog, from = log.startOffset): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = [];
  for (let at = from; at < log.highWatermark; at = BigInt(seen.at(-1)!.offset + 1)) seen.push(...recordsIn(await log.read(at, 1000)));
  return seen;
}

const code = (expected: number): Error => expect.objectContaining({ code: expected }) as Error;

test('records get offsets in the order in which they come, and readers see them with their epoch', async () => {
  const log = await open(scratchPath());
  expect(await produce(log, { values: ['a', 'b', 'c'] })).toBe(0);
  expect(await produce(log, { values: ['d'] })).toBe(3);
  const read = await log.read(0n, 1_000_000);
  expect(read.reader().skip(12).readInt32BE()).toBe(7);
  expect(recordsIn(read).map(({ offset, value }) => `${offset}${value}`)).toEqual(['0a', '1b', '2c', '3d']);
  expect([log.startOffset, log.highWatermark, log.logEndOffset]).toEqual([0n, 4n, 4n]);
  await log.close();
});

test('readers do not see a batch before it is durable', async () => {
  const log = await open(scratchPath());
  const { durable } = log.append(batchOf(), { leaderEpoch: 0, acks: 1 });
  expect([log.highWatermark, log.logEndOffset]).toEqual([0n, 1n]);
  for (const offset of [0n, 1n]) expect(recordsIn(await log.read(offset, 1000))).toEqual([]);
  expect(() => log.read(2n, 1000)).toThrow(code(1));
  await durable;
  await new Promise<void>((resolve) => log.onBeyond(0n, resolve));
  expect(recordsIn(await log.read(0n, 1000))).toHaveLength(1);
  await log.close();
});

test('the first batch is returned whole, whatever its size, and no batch is cut', async () => {
  const log = await open(scratchPath());
  for (let batch = 0; batch < 3; batch++) await produce(log, { values: ['x'.repeat(100), 'y'.repeat(100)] });
  expect(recordsIn(await log.read(1n, 1))).toHaveLength(2);
  using none = await log.read(0n, 1, { wholeFirst: false });
  expect(none.length).toBe(0);
  const one = (await log.read(0n, 1)).length;
  expect(recordsIn(await log.read(0n, 3 * one - 1)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  await log.close();
});

test('offsets outside of the log are refused with OFFSET_OUT_OF_RANGE, its end is not', async () => {
  const log = await open(scratchPath());
  await produce(log);
  using none = await log.read(1n, 1000);
  expect(none.length).toBe(0);
  for (const wrong of [-1n, 2n, 2n ** 62n]) expect(() => log.read(wrong, 1000)).toThrow(code(1));
  await log.close();
});

test('a log that was closed goes on where it was, from the disk', async () => {
  const folder = scratchPath();
  const log = await open(folder);
  await produce(log, { values: ['a'] });
  await log.close();
  await log.close();
  expect(() => log.append(batchOf(), PRODUCE)).toThrow(code(6));
  const reports: number[] = [];
  await store.close();
  store = new LogStore({ retentionInterval: 0, onRecovered: (_folder, { batchesVerified }) => reports.push(batchesVerified) });
  const again = await open(folder);
  expect(reports).toEqual([0]);
  expect(await produce(again, { values: ['b'] })).toBe(1);
  expect((await readAll(again)).map(({ value }) => value)).toEqual(['a', 'b']);
  await again.close();
});

test('segments end at their size and at their age', async () => {
  const folder = scratchPath();
  const log = await open(folder, { segmentBytes: 1000, segmentMs: 60_000 });
  for (let batch = 0; batch < 4; batch++) await produce(log, { values: ['x'.repeat(400)] });
  now += 60_000;
  await produce(log);
  expect((await readAll(log)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
  await log.close();
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  expect(names.map((name) => Number.parseInt(name, 10))).toEqual([0, 2, 4]);
});

test('a batch of an idempotent producer that comes again gets the offset of its first copy, also after a restart', async () => {
  const folder = scratchPath();
  const mine = { producerId: 5n, epoch: 0 };
  let log = await open(folder);
  expect(await produce(log, { ...mine, sequence: 0, values: ['a', 'b'] })).toBe(0);
  expect(await produce(log, { ...mine, sequence: 2 })).toBe(2);
  expect(await produce(log, { ...mine, sequence: 0, values: ['a', 'b'] })).toBe(0);
  await log.close();
  log = await open(folder);
  expect(await produce(log, { ...mine, sequence: 2 })).toBe(2);
  await expect(produce(log, { ...mine, sequence: 5 })).rejects.toEqual(code(45));
  expect(await produce(log, { ...mine, sequence: 3 })).toBe(3);
  expect(await produce(log, { ...mine, epoch: 1, sequence: 0 })).toBe(4);
  await expect(produce(log, { ...mine, sequence: 4 })).rejects.toEqual(code(47));
  await expect(produce(log, { ...mine, epoch: 2, sequence: 4 })).rejects.toEqual(code(45));
  expect(log.logEndOffset).toBe(5n);
  await log.close();
});

test('who asks for the end finds what was accepted before, and waits until it is durable', async () => {
  const log = await open(scratchPath());
  expect(await log.endOnceDurable()).toBe(0n);
  log.append(batchOf({ values: ['a', 'b'] }), { leaderEpoch: 0, acks: 1 });
  expect(log.highWatermark).toBe(0n);
  expect(await log.endOnceDurable()).toBe(2n);
  await log.close();
});

test('a batch that is longer than max.message.bytes is refused with MESSAGE_TOO_LARGE', async () => {
  const log = await open(scratchPath(), { maxMessageBytes: 200 });
  await expect(produce(log, { values: ['x'.repeat(200)] })).rejects.toEqual(code(10));
  log.configure({ maxMessageBytes: 2000 });
  expect(await produce(log, { values: ['x'.repeat(200)] })).toBe(0);
  await log.close();
});

test('records whose times are too far from the clock of the broker are refused with INVALID_TIMESTAMP', async () => {
  const log = await open(scratchPath(), { timestampDifferenceMs: 1000 });
  for (const timestamps of [[BigInt(now) - 1001n], [BigInt(now) + 1001n], [BigInt(now) - 1001n, BigInt(now)]]) {
    await expect(produce(log, { values: timestamps.map(String), timestamps })).rejects.toEqual(code(32));
  }
  expect(await produce(log, { values: ['a', 'b'], timestamps: [BigInt(now) - 1000n, BigInt(now) + 1000n] })).toBe(0);
  log.configure({ timestampDifferenceMs: 1000, timestampType: 'LogAppendTime' });
  expect(await produce(log, { values: ['c'], timestamps: [5n] })).toBe(2);
  await log.close();
});

test('with log append time the broker sets the time and the checksum', async () => {
  const log = await open(scratchPath(), { timestampType: 'LogAppendTime' });
  await produce(log, { values: ['a', 'b'], timestamps: [5n, 6n] });
  const read = await log.read(0n, 1000);
  expect(read.reader().skip(21).readInt16BE()).toBe(0x08);
  expect(read.reader().skip(35).readBigInt64BE()).toBe(BigInt(now));
  expect(recordsIn(read).map(({ value }) => value)).toEqual(['a', 'b']);
  expect(await log.offsetForTime(BigInt(now))).toEqual({ offset: 0n, timestamp: BigInt(now) });
  await log.close();
});

test('a batch that comes again has the append time of its first copy, also after a restart and a crash', async () => {
  const folder = scratchPath();
  const mine = { producerId: 5n, epoch: 0, sequence: 0 };
  const first = BigInt(now);
  const config = { timestampType: 'LogAppendTime' } as const;
  const appendTime = (log: PartitionLog, options: BatchOptions): bigint => log.append(batchOf(options), PRODUCE).appendTime;
  let log = await open(folder, config);
  expect(appendTime(log, mine)).toBe(first);
  for (const end of ['restart', 'crash']) {
    now += 1000;
    expect(appendTime(log, mine)).toBe(first);
    await log.close();
    if (end === 'crash') rmSync(join(folder, 'checkpoint'));
    log = await open(folder, config);
  }
  expect(appendTime(log, mine)).toBe(first);
  log.configure({ timestampType: 'CreateTime' });
  expect([appendTime(log, mine), appendTime(log, { ...mine, sequence: 1 }), appendTime(log, { ...mine, sequence: 1 })]).toEqual([first, -1n, -1n]);
  await log.close();
});

test('who waits for records is told once of them, or of the end of the log, unless the wait was ended', async () => {
  const log = await open(scratchPath());
  const told: string[] = [];
  const wait = (offset: bigint, name: string): (() => void) => log.onBeyond(offset, () => told.push(name));
  wait(0n, 'waited');
  wait(5n, 'waited in vain');
  wait(0n, 'ended')();
  expect(told).toEqual([]);
  await produce(log);
  expect(told).toEqual(['waited']);
  wait(0n, 'there already');
  expect(told).toEqual(['waited', 'there already']);
  await produce(log);
  await log.delete();
  wait(9n, 'closed');
  expect(told).toEqual(['waited', 'there already', 'waited in vain', 'closed']);
});

test('a deleted log leaves nothing', async () => {
  const folder = scratchPath();
  const log = await open(folder);
  await produce(log);
  recordsIn(await log.read(0n, 100));
  await log.delete();
  const again = await open(folder);
  expect([again.startOffset, again.highWatermark]).toEqual([0n, 0n]);
  await again.close();
  expect(store.openFiles.taken).toBe(0);
  expect(store.cache.bytes).toBe(0);
});

test('a batch that was refused leaves no bytes', async () => {
  const log = await open(scratchPath());
  const batch = IoBuf.from('no batch');
  expect(() => log.append(batch, PRODUCE)).toThrow(code(2));
  expect(batch.released).toBe(true);
  await log.close();
});
