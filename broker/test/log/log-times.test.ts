// Records that are found by their times: in every segment, behind deleted ones, and in compressed batches.
import { gzipSync } from 'node:zlib';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import type { LogConfig } from '../../log/log-config';
import { Random } from '../../../test/support/random';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf } from './batches';
import type { BatchOptions } from './batches';

removeScratchAfterEach();

let store: LogStore;
let log: PartitionLog;

beforeEach(() => (store = new LogStore({ retentionInterval: 0 })));
afterEach(async () => {
  await log.close();
  await store.close();
});

async function open(config: Partial<LogConfig> = {}): Promise<void> {
  log = await PartitionLog.open(scratchPath(), { segmentBytes: 300, retentionMs: -1, ...config }, store);
}

/** Appends a batch with a record for each time. */
async function produce(timestamps: readonly bigint[], options: BatchOptions = {}): Promise<void> {
  await log.append(batchOf({ values: timestamps.map(String), timestamps, ...options }), { leaderEpoch: 0, acks: -1 }).durable;
}

const GZIP: BatchOptions = { attributes: 1, compress: gzipSync };
const SNAPPY: BatchOptions = { attributes: 2 };
const at = (offset: bigint, timestamp: bigint) => ({ offset, timestamp });

test('records are found by their time, in every segment, and the latest one', async () => {
  await open();
  for (let batch = 0n; batch < 20n; batch++) {
    await produce([batch * 10n, batch * 10n + 5n]);
  }
  await produce([42n]);
  for (let time = 0n; time <= 195n; time++) {
    const timestamp = ((time + 4n) / 5n) * 5n;
    expect(await log.offsetForTime(time)).toEqual(at(timestamp / 5n, timestamp));
  }
  expect(await log.offsetForTime(196n)).toBeUndefined();
  expect(await log.offsetOfLatest()).toEqual(at(39n, 195n));
  await log.deleteRecordsBefore(10n);
  expect(await log.offsetForTime(0n)).toEqual(at(10n, 50n));
});

test.each([['plain', {}], ['gzip', GZIP]])('records that were deleted are not found, in %s batches', async (_, options) => {
  await open({ segmentBytes: 10_000 });
  await produce([10n, 90n, 20n], options);
  await produce([80n, 30n], options);
  await produce([40n], options);
  expect(await log.offsetOfLatest()).toEqual(at(1n, 90n));
  await log.deleteRecordsBefore(2n);
  expect(await log.offsetOfLatest()).toEqual(at(3n, 80n));
  expect(await log.offsetForTime(0n)).toEqual(at(2n, 20n));
  expect(await log.offsetForTime(21n)).toEqual(at(3n, 80n));
  expect(await log.offsetForTime(81n)).toBeUndefined();
  await log.deleteRecordsBefore(4n);
  expect(await log.offsetOfLatest()).toEqual(at(5n, 40n));
  expect(await log.offsetForTime(0n)).toEqual(at(4n, 30n));
  await log.deleteRecordsBefore(6n);
  expect(await log.offsetOfLatest()).toBeUndefined();
  expect(await log.offsetForTime(0n)).toBeUndefined();
});

test('the latest record is one that is durable, while later ones are on their way', async () => {
  await open();
  await produce([50n]);
  const { durable } = log.append(batchOf({ timestamps: [60n] }), { leaderEpoch: 0, acks: -1 });
  expect(await log.offsetOfLatest()).toEqual(at(0n, 50n));
  await durable;
  expect(await log.offsetOfLatest()).toEqual(at(1n, 60n));
});

test('with log append time, the first record that is there has the time', async () => {
  await open({ timestampType: 'LogAppendTime' });
  await produce([1n, 2n, 3n]);
  await log.deleteRecordsBefore(1n);
  const latest = await log.offsetOfLatest();
  expect(latest!.offset).toBe(1n);
  expect(await log.offsetForTime(latest!.timestamp)).toEqual(latest);
});

test('records of batches that gzip compresses are found as others are', async () => {
  await open();
  await produce([1000n, 2000n, 3000n, 2500n], GZIP);
  expect(await log.offsetForTime(2500n)).toEqual(at(2n, 3000n));
  expect(await log.offsetOfLatest()).toEqual(at(2n, 3000n));
});

test('a record is found in a gzip batch of any size', async () => {
  await open();
  const random = new Random();
  const values = Array.from({ length: 300 }, () => random.bytes(random.size(3000)).toString('latin1'));
  await produce(values.map((_, record) => BigInt(record) * 10n), { ...GZIP, values });
  for (let record = 0; record < 300; record += 7) {
    expect(await log.offsetForTime(BigInt(record) * 10n - 3n)).toEqual(at(BigInt(record), BigInt(record) * 10n));
  }
});

test.each([
  ['of another codec', SNAPPY],
  ['that are damaged', { attributes: 1 }],
])('for compressed records %s, the header answers: the first record and the greatest time', async (_, options) => {
  await open();
  await produce([1000n, 3000n, 2000n], options);
  expect(await log.offsetForTime(500n)).toEqual(at(0n, 1000n));
  expect(await log.offsetForTime(2000n)).toEqual(at(0n, 3000n));
  expect(await log.offsetForTime(3001n)).toBeUndefined();
  expect(await log.offsetOfLatest()).toEqual(at(0n, 3000n));
  await log.deleteRecordsBefore(1n);
  expect(await log.offsetForTime(500n)).toEqual(at(1n, 3000n));
  expect(await log.offsetOfLatest()).toEqual(at(1n, 3000n));
});

test('every record is found as a plain array finds it', async () => {
  const random = new Random();
  try {
    await open({ segmentBytes: 2000 });
    const times: bigint[] = [];
    for (let round = 0; round < 60; round++) {
      const added = Array.from({ length: 1 + random.upTo(5) }, () => BigInt(round * 2 + random.upTo(40)));
      await produce(added, random.upTo(1) === 0 ? GZIP : {});
      times.push(...added);
      if (random.upTo(5) === 0) await log.deleteRecordsBefore(log.startOffset + BigInt(random.upTo(6)));
      const start = Number(log.startOffset);
      const first = (wanted: bigint) => {
        const offset = times.findIndex((time, record) => record >= start && time >= wanted);
        return offset < 0 ? undefined : at(BigInt(offset), times[offset]!);
      };
      const greatest = times.slice(start).reduce((one, other) => (one > other ? one : other), -1n);
      expect(await log.offsetOfLatest()).toEqual(start === times.length ? undefined : first(greatest));
      for (let search = 0; search < 5; search++) {
        const wanted = BigInt(random.upTo(170));
        expect(await log.offsetForTime(wanted)).toEqual(first(wanted));
      }
    }
  } catch (error) {
    throw new Error(`seed ${random.seed}`, { cause: error });
  }
});
