// Fetch, request by request: which batches an answer has, and which errors.
import type { IoBuf } from 'corebuf';
import type { Broker } from 'corebuf-broker';
import { fetch } from '../../protocol/layouts/data';
import { startBroker } from '../clients/broker';
import { batchOf, recordsIn } from '../log/batches';
import { createTopic, send } from './topics';
import { WireClient } from './wire-client';

const ZSTD = 4;
const LEVELS = { minBytes: 0, maxWaitMs: 0, isolationLevel: 0, forgottenTopicsData: [], rackId: '' };

let broker: Broker;
let client: WireClient;
beforeAll(async () => {
  broker = await startBroker({ shards: 2 });
  client = await WireClient.to(broker);
});
afterAll(() => client.close());

interface Want {
  readonly offset?: bigint;
  readonly maxBytes?: number;
}

/** Fetches from the partitions of one topic, with a wait of `maxWaitMs` for `minBytes`. */
async function read(topic: string, wants: readonly Want[], { version = 11, maxBytes = 1e6, minBytes = 0, maxWaitMs = 0 } = {}) {
  const partitions = wants.map(({ offset = 0n, maxBytes: most = 1e6 }, partition) => ({ partition, fetchOffset: offset, partitionMaxBytes: most }));
  const request = { ...LEVELS, maxBytes, minBytes, maxWaitMs, topics: [{ topic, topicId: '', partitions }] };
  const { responses } = await client.call(fetch, version, request);
  return responses[0]!.partitions;
}

const valuesOf = (records: IoBuf | null): string[] => recordsIn(records!.share()).map(({ value }) => value);
const long = 'x'.repeat(500);

test('clients that do not know zstd get error 76 for such a batch, and their other partitions', async () => {
  await createTopic(client, 'zstd', 2);
  await send(client, 'zstd', 0, batchOf({ attributes: ZSTD }));
  await send(client, 'zstd', 1, batchOf({ values: ['plain'] }));
  const old = await read('zstd', [{}, {}], { version: 9 });
  expect(old[0]).toMatchObject({ errorCode: 76, highWatermark: 1n });
  expect(old[0]!.records!.length).toBe(0);
  expect(valuesOf(old[1]!.records)).toEqual(['plain']);
  const current = await read('zstd', [{}], { version: 10 });
  expect(current[0]!.errorCode).toBe(0);
  expect(current[0]!.records!.length).toBeGreaterThan(0);
});

test('a zstd batch behind others is seen, too', async () => {
  await createTopic(client, 'mixed');
  await send(client, 'mixed', 0, batchOf());
  await send(client, 'mixed', 0, batchOf({ attributes: ZSTD }));
  expect((await read('mixed', [{}], { version: 4 }))[0]!.errorCode).toBe(76);
  const [first] = await read('mixed', [{ maxBytes: 1 }], { version: 4 });
  expect(first!.errorCode).toBe(0);
});

test('the first partition with records returns its first batch whole, the others stay within their limits', async () => {
  await createTopic(client, 'limits', 3);
  for (const partition of [1, 2]) await send(client, 'limits', partition, batchOf({ values: [long] }));
  const parts = await read('limits', [{ maxBytes: 1 }, { maxBytes: 1 }, { maxBytes: 1 }]);
  expect(parts.filter(({ records }) => records!.length > 0).map(({ records }) => valuesOf(records))).toEqual([[long]]);
  expect(parts.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
});

test('no partition starves when the budget is small', async () => {
  await createTopic(client, 'turns', 3);
  for (const partition of [0, 1, 2]) await send(client, 'turns', partition, batchOf({ values: [long] }));
  const seen = new Set<number>();
  // The budget begins at any of them: that one is never the first has a chance of 2 in 10^17.
  for (let requests = 0; requests < 100 && seen.size < 3; requests++) {
    const parts = await read('turns', [{}, {}, {}], { maxBytes: 600 });
    expect(parts.filter(({ records }) => records!.length > 0)).toHaveLength(1);
    for (const { partitionIndex, records } of parts) if (records!.length > 0) seen.add(partitionIndex);
  }
  expect([...seen].sort()).toEqual([0, 1, 2]);
});

test('a partition that is not wholly in the budget gives as many of its batches as are', async () => {
  await createTopic(client, 'budget', 3);
  for (const partition of [0, 1, 2]) {
    for (let batch = 0; batch < 10; batch++) await send(client, 'budget', partition, batchOf({ values: [long] }));
  }
  const whole = (await read('budget', [{}]))[0]!.records!.length;
  const lengths = async (maxBytes: number): Promise<number[]> => {
    const parts = await read('budget', [{}, {}, {}], { maxBytes });
    for (const { records } of parts) valuesOf(records);
    return parts.map(({ records }) => records!.length).sort((one, other) => one - other);
  };
  expect(await lengths(whole * 1.5)).toEqual([0, whole / 2, whole]);
  expect(await lengths(whole * 1.5 - 1)).toEqual([0, whole * 0.4, whole]);
  expect(await lengths(whole * 3)).toEqual([whole, whole, whole]);
  expect(await lengths(0)).toEqual([0, 0, whole / 10]);
});

test('an offset outside the log is error 1, the end of the log is none', async () => {
  await createTopic(client, 'range', 3);
  const parts = await read('range', [{ offset: 1n }, { offset: -1n }, { offset: 0n }]);
  expect(parts).toMatchObject([
    { errorCode: 1, highWatermark: -1n, lastStableOffset: -1n },
    { errorCode: 1, highWatermark: -1n, lastStableOffset: -1n },
    { errorCode: 0, highWatermark: 0n, lastStableOffset: 0n },
  ]);
  expect(parts.map(({ records }) => records!.length)).toEqual([0, 0, 0]);
});

test('a fetch at an offset that was acknowledged with acks 1 is never out of range', async () => {
  await createTopic(client, 'soon');
  const other = await WireClient.to(broker);
  let baseOffset = 0n;
  for (let round = 0; round < 20; round++) {
    // Batches of 100 KB, so that the second is answered before the first is durable.
    for (let batch = 0; batch < 2; batch++) ({ baseOffset } = await send(other, 'soon', 0, batchOf({ values: [long.repeat(200)] }), 9, 1));
    expect((await read('soon', [{ offset: baseOffset }]))[0]!.errorCode).toBe(0);
    expect((await read('soon', [{ offset: baseOffset }], { minBytes: 1, maxWaitMs: 20_000 }))[0]!.records!.length).toBeGreaterThan(0);
  }
  other.close();
});

test('a fetch inside a batch returns it from its start', async () => {
  await createTopic(client, 'inside');
  await send(client, 'inside', 0, batchOf({ values: ['a', 'b', 'c'] }));
  expect(valuesOf((await read('inside', [{ offset: 2n }]))[0]!.records)).toEqual(['a', 'b', 'c']);
});

test('a fetch waits for records, and an error in one partition ends the wait', async () => {
  await createTopic(client, 'waits', 2);
  const waits = { minBytes: 1, maxWaitMs: 20_000 };
  const other = await WireClient.to(broker);
  const waiting = read('waits', [{}], waits);
  await send(other, 'waits', 0, batchOf({ values: ['came'] }));
  expect(valuesOf((await waiting)[0]!.records)).toEqual(['came']);
  expect((await read('waits', [{ offset: 1n }, { offset: 9n }], waits))[1]!.errorCode).toBe(1);
  other.close();
});

test('records in any partition end a wait for partitions of two shards', async () => {
  await createTopic(client, 'both', 4);
  const other = await WireClient.to(broker);
  const ends = [0n, 0n, 0n, 0n];
  const began = performance.now();
  for (const partition of [0, 1, 2, 3]) {
    const waiting = read('both', ends.map((offset) => ({ offset })), { minBytes: 1, maxWaitMs: 20_000 });
    await send(other, 'both', partition, batchOf({ values: [`to ${partition}`] }));
    const found = (await waiting).filter(({ records }) => records!.length > 0);
    expect(found.map(({ partitionIndex, records }) => [partitionIndex, ...valuesOf(records)])).toEqual([[partition, `to ${partition}`]]);
    ends[partition] = 1n;
  }
  expect(performance.now() - began).toBeLessThan(20_000); // None of the four was found by the end of the time.
  other.close();
});

test('a fetch waits for its time at most, over partitions of two shards', async () => {
  await createTopic(client, 'silent', 4);
  expect((await read('silent', [{}, {}, {}, {}], { minBytes: 1, maxWaitMs: 50 })).map(({ records }) => records!.length)).toEqual([0, 0, 0, 0]);
});

test('a fetch from no partition is answered at once', async () => {
  const began = performance.now();
  for (const topics of [[], [{ topic: 'silent', topicId: '', partitions: [] }]]) {
    const answer = await client.call(fetch, 11, { ...LEVELS, minBytes: 1, maxWaitMs: 10_000, topics });
    expect(answer.responses.map(({ partitions }) => partitions)).toEqual(topics.map(() => []));
  }
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('topics by an id that there is not are error 100, and sessions are declined', async () => {
  const topics = [{ topic: '', topicId: 'BAAAAAAAAAAAAAAAAAAAAA', partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 }] }];
  const unknown = await client.call(fetch, 13, { ...LEVELS, topics });
  expect(unknown).toMatchObject({ errorCode: 0, sessionId: 0, responses: [{ partitions: [{ errorCode: 100 }] }] });
  expect(await client.call(fetch, 12, { ...LEVELS, sessionId: 5, topics: [] })).toMatchObject({ errorCode: 70, sessionId: 0 });
});
