// What goes from a log: records that are deleted, and segments that are too old or too much.
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import type { LogConfig } from '../../log/log-config';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf, recordsIn } from './batches';
import type { BatchOptions } from './batches';

removeScratchAfterEach();

const SECOND = 1000;
let now = 1_000_000;
let store: LogStore;

beforeEach(() => {
  store = new LogStore({ retentionInterval: 0, cacheBytes: 4 * 1024 * 1024, now: () => now });
});
afterEach(() => store.close());

const open = (folder: string, config: Partial<LogConfig> = {}): Promise<PartitionLog> => PartitionLog.open(folder, config, store);

async function produce(log: PartitionLog, options: BatchOptions = {}): Promise<number> {
  const { baseOffset, durable } = log.append(batchOf(options), { leaderEpoch: 0, acks: -1 });
  await durable;
  return Number(baseOffset);
}

const code = (expected: number): Error => expect.objectContaining({ code: expected }) as Error;

test('deleting records raises the start, for good, and removes whole segments', async () => {
  const folder = scratchPath();
  let log = await open(folder, { segmentBytes: 300 });
  for (let batch = 0; batch < 10; batch++) await produce(log, { values: ['a', 'b', 'c'] });
  await expect(log.deleteRecordsBefore(31n)).rejects.toEqual(code(1));
  expect(await log.deleteRecordsBefore(10n)).toBe(10n);
  expect(await log.deleteRecordsBefore(4n)).toBe(10n);
  expect(() => log.read(9n, 1000)).toThrow(code(1));
  expect(recordsIn(await log.read(10n, 1)).map(({ offset }) => offset)).toEqual([9, 10, 11]);
  await log.close();
  log = await open(folder, { segmentBytes: 300 });
  expect([log.startOffset, log.highWatermark]).toEqual([10n, 30n]);
  expect(await log.deleteRecordsBefore(-1n)).toBe(30n);
  await log.close();
  expect(readdirSync(folder)).toEqual(['checkpoint']);
  log = await open(folder);
  expect([log.startOffset, log.highWatermark]).toEqual([30n, 30n]);
  expect(await produce(log)).toBe(30);
  await log.close();
});

test('retention removes what is too much and what is too old', async () => {
  const folder = scratchPath();
  const log = await open(folder, { segmentBytes: 1000, retentionMs: -1 });
  for (let batch = 0; batch < 10; batch++) await produce(log, { values: ['x'.repeat(400)], timestamps: [BigInt(now)] });
  await log.applyRetention();
  expect(log.startOffset).toBe(0n);
  log.configure({ retentionBytes: 2000 });
  await log.applyRetention();
  expect(log.startOffset).toBe(6n);
  now += 1001;
  log.configure({ retentionMs: 1000 });
  await store.applyRetention();
  expect(log.startOffset).toBe(10n);
  expect(await produce(log)).toBe(10);
  await log.close();
});

/** Batches without a time, as clients write them with timestamp -1: two in each segment. */
async function produceUntimed(log: PartitionLog, batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) await produce(log, { values: ['x'.repeat(400)], timestamps: [-1n] });
}

test('records without a time are as old as the last append to their segment', async () => {
  const log = await open(scratchPath(), { segmentBytes: 1000, retentionMs: 10 * SECOND });
  await produceUntimed(log, 4);
  now += 6 * SECOND;
  await produceUntimed(log, 1);
  await log.applyRetention();
  expect(log.startOffset).toBe(0n);
  now += 6 * SECOND;
  await log.applyRetention();
  expect(log.startOffset).toBe(4n);
  now += 6 * SECOND;
  await log.applyRetention();
  expect([log.startOffset, log.logEndOffset]).toEqual([5n, 5n]);
  await log.close();
});

test('after a restart, records without a time are as old as the file of their segment', async () => {
  const folder = scratchPath();
  const config = { segmentBytes: 1000, retentionMs: 10 * SECOND };
  let log = await open(folder, config);
  await produceUntimed(log, 5);
  await log.close();
  const setTime = (base: number, time: number): void => utimesSync(join(folder, `${String(base).padStart(20, '0')}.log`), time / SECOND, time / SECOND);
  for (const base of [0, 2, 4]) setTime(base, now);
  setTime(0, now - 11 * SECOND);
  log = await open(folder, config);
  await log.applyRetention();
  expect(log.startOffset).toBe(2n);
  now += 11 * SECOND;
  await log.applyRetention();
  expect([log.startOffset, log.logEndOffset]).toEqual([5n, 5n]);
  await log.close();
});

test('records that are not durable yet can be deleted once they are', async () => {
  const log = await open(scratchPath());
  const deleted: Promise<bigint>[] = [];
  for (const offset of [1n, -1n]) {
    log.append(batchOf(), { leaderEpoch: 0, acks: 1 });
    expect(log.highWatermark).toBeLessThan(log.logEndOffset);
    deleted.push(log.deleteRecordsBefore(offset));
  }
  expect(await Promise.all(deleted)).toEqual([1n, 2n]);
  await expect(log.deleteRecordsBefore(3n)).rejects.toEqual(code(1));
  await log.close();
});

test('deleting records removes nothing behind them, however old or much it is', async () => {
  const log = await open(scratchPath(), { segmentBytes: 1000, retentionMs: SECOND, retentionBytes: 1000 });
  for (let batch = 0; batch < 7; batch++) await produce(log, { values: ['x'.repeat(400)], timestamps: [5n] });
  expect(await log.deleteRecordsBefore(3n)).toBe(3n);
  expect(recordsIn(await log.read(3n, 1)).map(({ offset }) => offset)).toEqual([3]);
  await log.applyRetention();
  expect([log.startOffset, log.logEndOffset]).toEqual([7n, 7n]);
  await log.close();
});
