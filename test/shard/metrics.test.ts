// Metrics of all shards of the process: the text as others parse it, its agreement with stats(), and that no shard is asked for them.
import parsePrometheus from 'parse-prometheus-text-format';
import { Registry, Gauge } from 'prom-client';
import { attach, DmaFile, ioClass, metricFamilies, prometheus, stats, thisShard } from 'corebuf';
import type { MetricFamily } from 'corebuf';
import type { held } from '../workers/held';
import type { ServiceUnderTest } from '../workers/service';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

removeScratchAfterEach();

attach({ memory: '64MiB' });

interface Parsed {
  name: string;
  help: string;
  type: string;
  metrics: { value?: string; labels?: Record<string, string>; buckets?: Record<string, string>; count?: string }[];
}

function parsed(): Map<string, Parsed> {
  return new Map((parsePrometheus(prometheus()) as Parsed[]).map((family) => [family.name, family]));
}

function family(name: string): MetricFamily {
  return metricFamilies().find((one) => one.name === name)!;
}

/** Value of a metric of one shard. */
function valueOf(name: string, labels: Record<string, string>): number | undefined {
  const matches = family(name).samples.filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  return matches[0]?.value;
}

const here = (): { shard: string } => ({ shard: String(thisShard.id) });

describe('prometheus()', () => {
  test('is text that a parser of the format understands, with help and type for every name', () => {
    const families = parsed();
    expect(families.size).toBe(metricFamilies().length);
    for (const { name, help, type, metrics } of families.values()) {
      expect(name).toMatch(/^corebuf_[a-z_]+$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(['COUNTER', 'GAUGE', 'HISTOGRAM']).toContain(type);
      expect(type === 'COUNTER').toBe(name.endsWith('_total'));
      expect(metrics.length).toBeGreaterThan(0);
    }
    expect(families.get('corebuf_memory_budget_bytes')!.metrics).toContainEqual({ value: String(2 ** 26), labels: here() });
  });

  test('shows for this shard what stats() shows', async () => {
    const file = await DmaFile.open(scratchPath(), 'w+');
    await file.sync();
    await file.close();
    const { memory, turns, io } = stats();
    expect(valueOf('corebuf_memory_used_bytes', here())).toBe(memory.used);
    expect(valueOf('corebuf_memory_allocations_total', here())).toBe(memory.allocations);
    expect(valueOf('corebuf_turns_total', here())).toBe(turns);
    expect(valueOf('corebuf_io_operations_total', { ...here(), kind: 'sync' })).toBe(io.syncs);
    expect(io.syncs).toBeGreaterThan(0);
  });

  test('counts each call in a bucket, at its caller, and each message at its receiver', async () => {
    await using group = await startGroup<ServiceUnderTest>(workerModule('service'), { shards: 1 });
    const before = stats().latencies.calls.count;
    for (let count = 0; count < 10; count++) await group.shard(0).echo(count);
    expect(stats().latencies.calls.count - before).toBe(10);
    const own = family('corebuf_call_duration_seconds').samples.filter(({ labels }) => labels['shard'] === here().shard);
    const buckets = own.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    expect(buckets.at(-1)).toBe(own.find(({ name }) => name.endsWith('_count'))!.value);
    expect(Object.keys(parsed().get('corebuf_call_duration_seconds')!.metrics[0]!.buckets!)).toContain('+Inf');
    const shard = String((await group.stats())[0]!.id);
    expect(valueOf('corebuf_lane_messages_total', { ...here(), to: shard })).toBeGreaterThanOrEqual(10);
    const received = family('corebuf_lane_wait_seconds').samples.find(({ name, labels: its }) => name.endsWith('_count') && its['shard'] === shard)!;
    expect(received.value).toBeGreaterThanOrEqual(10);
    expect(received.labels['index']).toBe('0');
  });

  test('asks no shard: while one is held in a turn, its counters are those of the turn before', async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    await using group = await startGroup<typeof held>(workerModule('held'), { shards: 1, workerData: words.buffer });
    const { id, turns } = (await group.stats())[0]!;
    const published = (): number => valueOf('corebuf_turns_total', { shard: String(id) })!;
    // A shard publishes before it sleeps, which is a moment after its answer.
    await until(() => published() > turns, () => 'the shard did not publish its counters');
    const holding = group.shard(0).hold();
    try {
      await until(() => words[0] === 1, () => 'the shard was not held');
      const shown = published();
      expect(shown).toBeGreaterThan(turns);
      expect(published()).toBe(shown);
    } finally {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 1);
    }
    await holding;
  });

  test('shows reads by I/O class, and escapes its name', async () => {
    const name = 'a "class"\\\n';
    const file = await DmaFile.open(scratchPath(), 'w+', { class: ioClass(name) });
    await file.truncate(4096);
    await file.read(0, 4096).then((chain) => chain.release());
    await file.close();
    const its = stats().io.classes.find((one) => one.name === name)!;
    expect(its.latency.count).toBe(1);
    expect(its.latency.longest).toBeGreaterThan(0);
    expect(valueOf('corebuf_io_class_completed_total', { ...here(), class: name })).toBe(1);
    expect(prometheus()).toContain('class="a \\"class\\"\\\\\\n"');
  });

  test('joins a registry of prom-client, metric by metric, and its text stands before ours', async () => {
    const names = (text: string): string[] => (parsePrometheus(text) as Parsed[]).map(({ name }) => name);
    const registry = new Registry();
    new Gauge({ name: 'own', help: 'Of the program.', registers: [registry] }).set(1);
    expect(names((await registry.metrics()) + prometheus())).toEqual(['own', ...names(prometheus())]);
    for (const { name, help, type } of metricFamilies()) {
      const get = (): object => ({ name, help, type, values: family(name).samples.map(({ name: metricName, ...sample }) => ({ metricName, ...sample })) });
      registry.registerMetric({ name, help, type, get } as never);
    }
    expect(names(await registry.metrics())).toEqual(['own', ...names(prometheus())]);
  });
});

describe('stats().latencies', () => {
  test('has turns whose quantiles are in order', () => {
    const { count, mean, p50, p90, p99, p999, longest } = stats().latencies.turns;
    expect(count).toBeGreaterThan(0);
    expect([p50, p90, p99, p999, longest]).toEqual([p50, p90, p99, p999, longest].sort((a, b) => a - b));
    expect(mean).toBeLessThanOrEqual(longest);
  });
});
