// What a shard answers for its partitions: without memory an error after which clients try again, and waits that end in time.
import { IoBuf } from 'corebuf';
import { LogStore } from '../../log/log-store';
import { PartitionLog } from '../../log/partition-log';
import { PartitionService } from '../../topics/partition-service';
import type { PartitionRead } from '../../topics/partition-service';
import { failIn } from '../../../test/support/fail-in';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';
import { batchOf, recordsIn } from '../log/batches';

removeScratchAfterEach();

const AT_START: PartitionRead = { topicId: 't', partition: 0, offset: 0n, maxBytes: 1000, wholeFirst: true, leaderEpoch: -1 };
const STORAGE_ERROR = 56;

async function withService(use: (service: PartitionService, errors: readonly unknown[]) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const store = new LogStore({ retentionInterval: 0 });
  const log = await PartitionLog.open(scratchPath(), {}, store);
  try {
    await use(new PartitionService({ get: () => log }, (error) => errors.push(error)), errors);
  } finally {
    await log.close();
    await store.close();
  }
}

/** `work` begins without memory. */
function withoutMemory<T>(work: () => Promise<T>): Promise<T> {
  failIn(1);
  try {
    return work(); // The services append and share before they first wait.
  } finally {
    failIn(0);
  }
}

test('a batch for which there is no memory has error 56 and one line, is not appended, and can be sent again', async () => {
  await withService(async (service, errors) => {
    const batch = batchOf({ values: ['once'] });
    const refused = await withoutMemory(() => service.append('t', 0, batch, -1));
    expect(refused).toMatchObject({ errorCode: STORAGE_ERROR, baseOffset: -1n });
    expect(refused.errorMessage).toMatch(/^[^\n]*memory[^\n]*$/);
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY' })]);
    expect(await service.append('t', 0, batchOf({ values: ['once'] }), -1)).toMatchObject({ errorCode: 0, baseOffset: 0n });
    const [result] = await service.read([AT_START]);
    expect(recordsIn(result!.records)).toEqual([{ offset: 0, value: 'once' }]);
  });
});

test('a read for which there is no memory has error 56, and works later', async () => {
  await withService(async (service) => {
    await service.append('t', 0, batchOf(), -1);
    const [refused] = await withoutMemory(() => service.read([AT_START]));
    expect(refused).toMatchObject({ errorCode: STORAGE_ERROR, highWatermark: -1n });
    const [result] = await service.read([AT_START]);
    expect(recordsIn(result!.records)).toHaveLength(1);
  });
});

test('an error that nobody foresaw is -1, and is reported', async () => {
  const errors: unknown[] = [];
  const broken = new PartitionService({ get: () => { throw new TypeError('broken'); } }, (error) => errors.push(error));
  expect(await broken.append('t', 0, new IoBuf(), -1)).toMatchObject({ errorCode: -1, errorMessage: 'broken' });
  expect(errors).toEqual([expect.any(TypeError)]);
});

/** Whether it is over after the microtasks of now. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

test('a wait for several partitions ends with the first that has records, with one that is not there, and with its signal', async () => {
  const store = new LogStore({ retentionInterval: 0 });
  const logs = [await PartitionLog.open(scratchPath(), {}, store), await PartitionLog.open(scratchPath(), {}, store)];
  const service = new PartitionService({ get: (_topic, partition) => logs[partition] }, () => undefined);
  const both = [AT_START, { ...AT_START, partition: 1 }];
  const stopping = new AbortController();
  const waits = [1, 2].map(() => service.whenReadable(both, stopping.signal));
  expect(await isOver(waits[0]!)).toBe(false);
  await service.append('t', 1, batchOf(), -1);
  await Promise.all(waits);
  await service.whenReadable(both, stopping.signal);
  await service.whenReadable([AT_START, { ...AT_START, partition: 2 }], stopping.signal);
  const [aborted, ofNone] = [service.whenReadable([AT_START], stopping.signal), service.whenReadable([], stopping.signal)];
  expect([await isOver(aborted), await isOver(ofNone)]).toEqual([false, false]);
  stopping.abort();
  await Promise.all([aborted, ofNone, service.whenReadable([AT_START], stopping.signal)]);
  const closed = service.whenReadable([AT_START], new AbortController().signal);
  await Promise.all(logs.map((log) => log.close()));
  await closed;
  await store.close();
});

test('a wait tells once, at once where there is nothing to wait for, and never when it was ended', async () => {
  await withService(async (service) => {
    const told: string[] = [];
    const wait = (name: string, reads: readonly PartitionRead[]): (() => void) => service.readable(reads)(() => told.push(name));
    const end = wait('ended', [AT_START]);
    wait('twice', [AT_START, AT_START]);
    end();
    await service.append('t', 0, batchOf(), -1);
    expect(told).toEqual(['twice']);
    wait('at once', [AT_START, AT_START])();
    expect(told).toEqual(['twice', 'at once']);
  });
});
