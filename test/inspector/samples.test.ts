// The values of the inspector are those of stats(), and no shard is asked for them.
import { dirname } from 'node:path';
import { attach, SegmentAppender, stats, thisShard } from 'corebuf';
import type { ShardGroup, ShardStats } from 'corebuf';
import { inspect } from 'corebuf/inspector';
import type { InspectedShard, InspectorSample } from 'corebuf/inspector';
import type { held } from '../workers/held';
import type { Watched } from '../workers/watched';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';
import { sampleOf, samplesOf } from '../support/watching';

attach({ memory: '64MiB' });
expectNothingLeaked();
removeScratchAfterEach();

const startWatched = (options = {}): Promise<ShardGroup<Watched>> =>
  startGroup<Watched>(workerModule('watched'), { workerData: dirname(scratchPath()), stallThreshold: 200_000, ...options });

const shardOf = (sample: InspectorSample, id: number): InspectedShard => sample.shards.find((shard) => shard.id === id)!;
/** A shard of the group. Its place among others is open: copies of the package that earlier files of tests loaded live until they are collected. */
const shardNamed = (sample: InspectorSample, name: string): InspectedShard => sample.shards.find((shard) => shard.name === name)!;

/** The values of stats() that the call of stats() itself does not change. */
function lasting({ memory, latencies, ledger, io, net, stalls, lanes }: ShardStats, to: number) {
  const { append, copyTo, toBuffer, receive } = ledger.copied;
  const { budget, failures, largeRequests, remoteFreesSent, leaksReclaimed, pinned, wrapped, referenced } = memory;
  return {
    memory: { budget, failures, largeRequests, remoteFreesSent, leaksReclaimed, pinned, wrapped, referenced },
    // Chunks of appenders; smaller slots hold the answer itself, and slabs without a used slot are given back after a while.
    chunks: memory.classes.filter(({ size, used }) => size >= 16_384 && used > 0).map(({ size, used }) => [size, used]),
    calls: latencies.calls,
    ledger: { append, copyTo, toBuffer, receive, shared: ledger.shared },
    io: [io.reads, io.writes, io.syncs, io.bytesRead, io.bytesWritten, io.submits, io.inFlight],
    classes: io.classes.map(({ name, queued, inFlight, completed, bytes, waitedMicroseconds, latency }) => [
      name, queued, inFlight, completed, bytes, waitedMicroseconds, latency,
    ]),
    net: [net.connections, net.accepted, net.bytesReceived],
    stalls,
    sent: lanes.find((lane) => lane.to === to)?.sent ?? 0,
  };
}

test('shows of each shard what its stats() show', async () => {
  const group = await startWatched();
  await using inspector = await inspect();
  await group.shard(0).callNeighbour(1, 20);
  await group.shard(0).append(100, 23);
  await group.shard(1).read('reading', 5);
  await group.all.bytes();
  await group.shard(1).stall(700);
  await group.stats(); // The first answer needs slots of its own.
  const all = await group.stats();
  let sample!: InspectorSample;
  for (const [index, its] of all.entries()) {
    const neighbour = all[1 - index]!.id;
    // A shard publishes before it sleeps, which is a moment after its answer; the memory of the answer comes back to it another moment later.
    await until(
      async () => {
        sample = await sampleOf(inspector.url);
        const { turns, memory } = shardOf(sample, its.id);
        return turns > its.turns && memory.pinned === its.memory.pinned;
      },
      () => 'the shard did not publish its counters',
    );
    const shown = shardOf(sample, its.id);
    expect(lasting(shown as unknown as ShardStats, neighbour)).toEqual(lasting(its, neighbour));
    expect(shown).toMatchObject({ index, name: `shard ${index}` });
  }
  expect(shardOf(sample, all[0]!.id).memory.classes).toContainEqual(expect.objectContaining({ size: 16_384, used: 1 }));
  expect(shardOf(sample, all[0]!.id).latencies.calls.count).toBeGreaterThanOrEqual(20);
  expect(shardOf(sample, all[1]!.id).io.classes.find(({ name }) => name === 'reading')).toMatchObject({ completed: 5, bytes: 5 * 4096 });
  await group.shard(0).closeLog();
});

test('shows this thread as it is now', async () => {
  await using inspector = await inspect();
  const sample = await sampleOf(inspector.url);
  const { memory, ledger } = stats();
  const shown = shardOf(sample, thisShard.id);
  expect(shown).toMatchObject({ index: null, name: `thread ${thisShard.id}`, ledger });
  expect(shown.memory).toMatchObject({ used: memory.used, liveObjects: memory.liveObjects, classes: memory.classes, free: memory.free });
});

test('shows how far appenders have come, until they are closed', async () => {
  const group = await startWatched({ shards: 1 });
  await using inspector = await inspect();
  const path = await group.shard(0).append(100, 23);
  const appenders = async (): Promise<InspectedShard['appenders']> => shardNamed(await sampleOf(inspector.url), 'shard 0').appenders;
  await until(async () => (await appenders())[0]?.accepted === 123, () => 'the appender was not shown');
  expect(await appenders()).toEqual([{ path, accepted: 123, written: 100, durable: 100 }]);
  await group.shard(0).append(77, 1);
  await until(async () => (await appenders())[0]?.durable === 200, () => 'the appender went on unseen');
  expect(shardNamed(await sampleOf(inspector.url), 'shard 0').appendersOpen).toBe(1);
  await group.shard(0).closeLog();
  await until(async () => (await appenders()).length === 0, () => 'the closed appender was shown');
});

test('shows 256 appenders of a shard, and the number of all', async () => {
  await using inspector = await inspect();
  const open = (log: number): Promise<SegmentAppender> => SegmentAppender.open(`${scratchPath()}-${log}`, { preallocate: 0, chunk: 4096 });
  const logs = await Promise.all(Array.from({ length: 258 }, (_, log) => open(log)));
  for (const log of logs) await log.append('1234567');
  const shown = async (): Promise<InspectedShard> => shardOf(await sampleOf(inspector.url), thisShard.id);
  const { appenders, appendersOpen } = await shown();
  expect([appenders.length, appendersOpen]).toEqual([256, 258]);
  expect(new Set(appenders.map(({ accepted }) => accepted))).toEqual(new Set([7]));
  expect(logs.map(({ position }) => position)).toEqual(logs.map(() => 7));
  // A place is free for the next one, and the closed one keeps its position.
  const closed = logs.shift()!;
  await closed.close();
  logs.push(await open(258));
  expect([closed.position, closed.durable]).toEqual([7, 7]);
  expect((await shown()).appenders.filter(({ path }) => path === logs.at(-1)!.path)).toEqual([{ path: logs.at(-1)!.path, accepted: 0, written: 0, durable: 0 }]);
  await Promise.all(logs.map((log) => log.close()));
  expect(await shown()).toMatchObject({ appenders: [], appendersOpen: 0 });
});

test('shows stalls with their stacks', async () => {
  const group = await startWatched({ shards: 1 });
  await using inspector = await inspect();
  const begun = new Date().toISOString();
  await group.shard(0).stall(700);
  const reports = async (): Promise<InspectedShard['stallReports']> => shardNamed(await sampleOf(inspector.url), 'shard 0').stallReports;
  await until(async () => (await reports()).length > 0, () => 'the stall was not reported');
  const [report] = await reports();
  expect(report).toMatchObject({ handler: 'stall', suppressed: 0 });
  expect(report!.blockedFor).toBeGreaterThanOrEqual(700_000);
  expect(report!.stack).toContain('at blockFor');
  expect(report!.time >= begun).toBe(true);
});

test('sends a sample a second to each reader, and takes none when there is none', async () => {
  const { native } = jest.requireActual<{ native: { inspected: () => unknown } }>('../../dist/core.js');
  const taken = jest.spyOn(native, 'inspected');
  await using inspector = await inspect();
  const streams = [samplesOf(inspector.url), samplesOf(inspector.url)];
  const firsts = await Promise.all(streams.map((stream) => stream.next()));
  const seconds = await Promise.all(streams.map((stream) => stream.next()));
  // One sample at the beginning of each stream, and one for both.
  expect(taken).toHaveBeenCalledTimes(3);
  const elapsed = Date.parse((seconds[0]!.value as InspectorSample).time) - Date.parse((firsts[0]!.value as InspectorSample).time);
  expect(elapsed).toBeGreaterThan(900);
  await Promise.all(streams.map((stream) => stream.return(undefined)));
  // A second later, by the stream of another inspector, that one alone has taken samples.
  await using other = await inspect();
  taken.mockClear();
  const stream = samplesOf(other.url);
  for (let sample = 0; sample < 3; sample++) await stream.next();
  expect(taken).toHaveBeenCalledTimes(3);
  await stream.return(undefined);
  taken.mockRestore();
});

test('calls no shard: one that is held in a turn is shown, and none gets a message', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const group = await startGroup<typeof held>(workerModule('held'), { shards: 2, workerData: words.buffer });
  const [first, second] = await group.stats();
  await using inspector = await inspect();
  const turnsOf = async ({ id }: ShardStats): Promise<number> => shardOf(await sampleOf(inspector.url), id).turns;
  await until(async () => (await turnsOf(first!)) > first!.turns, () => 'the shard did not publish its counters');
  const holding = group.shard(0).hold();
  try {
    await until(() => words[0] === 1, () => 'the shard was not held');
    const shown: InspectorSample[] = [];
    for await (const sample of samplesOf(inspector.url)) if (shown.push(sample) === 2) break;
    const [before, after] = shown as [InspectorSample, InspectorSample];
    expect(shardOf(after, first!.id).turns).toBeGreaterThanOrEqual(first!.turns);
    for (const { id } of [first!, second!]) expect(shardOf(after, id).messagesReceived).toBe(shardOf(before, id).messagesReceived);
    expect(shardOf(after, thisShard.id).latencies.calls).toEqual(shardOf(before, thisShard.id).latencies.calls);
  } finally {
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
  }
  await holding;
});

test('a shard that is started again keeps its name', async () => {
  const group = await startWatched({ restart: { delay: 10 } });
  await using inspector = await inspect();
  await group.shard(0).callNeighbour(1, 5);
  const names = async (): Promise<string[]> =>
    (await sampleOf(inspector.url)).shards.map(({ name }) => name).filter((name) => name.startsWith('shard ')).sort();
  expect(await names()).toEqual(['shard 0', 'shard 1']);
  const restarted = new Promise((resolve) => group.once('restart', resolve));
  await group.shard(0).exit().catch(() => undefined);
  await restarted;
  await until(async () => (await names()).length === 2, () => 'the shard did not come back');
  expect(await names()).toEqual(['shard 0', 'shard 1']);
  const again = shardNamed(await sampleOf(inspector.url), 'shard 0');
  expect(again.latencies.calls.count).toBeLessThan(5);
});
