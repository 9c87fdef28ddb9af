// Metrics of all shards of the process, in the form of Prometheus. Other shards are not asked: each publishes its counters in memory that all
// threads read (native/turn/metrics.h).
import { native } from '../native/binding.js';
import type { Buckets, ListedMetric, MetricLists, ShardMetrics } from '../native/counters.js';
import { attachDefault } from './attach.js';
import { state } from './state.js';

/** One sample of a family of metrics. */
export interface MetricSample {
  /** Name of the sample: that of the family, and for histograms with `_bucket`, `_sum` or `_count` behind it. */
  name: string;
  /** Labels by name. */
  labels: Record<string, string>;
  /** Value of the sample. Durations are in seconds, sizes in bytes. */
  value: number;
}

/** All samples of one name, as metricFamilies() returns them. */
export interface MetricFamily {
  /** Name, which begins with `corebuf_`. */
  name: string;
  /** Meaning in a sentence. */
  help: string;
  /** Type in Prometheus. */
  type: 'counter' | 'gauge' | 'histogram';
  /** At least one sample. */
  samples: MetricSample[];
}

type Header = Omit<MetricFamily, 'samples'>;

/** Labels as an object and as text. Both are made once and then joined, because there are hundreds of samples for each shard. */
interface Labels {
  readonly named: Readonly<Record<string, string>>;
  readonly text: string;
}

const SECOND = 1e9;
const NONE: Labels = { named: {}, text: '' };

const SENT: Header = { name: 'corebuf_lane_messages_total', help: 'Messages sent, by receiving shard.', type: 'counter' };
const histograms = {
  calls: { name: 'corebuf_call_duration_seconds', help: 'Calls to other shards, from handing one over until its answer is here.', type: 'histogram' },
  laneWaits: { name: 'corebuf_lane_wait_seconds', help: 'Messages to this shard, from handing one over until this shard takes it.', type: 'histogram' },
  turns: { name: 'corebuf_turn_duration_seconds', help: 'Passes of the event loop, without the time that they sleep.', type: 'histogram' },
  io: { name: 'corebuf_io_duration_seconds', help: 'Reads and writes, from handing one to the engine until the shard learns of its end.', type: 'histogram' },
} as const;

/**
 * Metrics of all shards of this process, one family for each name. A sample has the label `shard`, and `index` when the shard is in a group.
 * No other shard is called: counters are those of the moment when it last slept, or at most 10 ms old, or of the end of its last turn while a turn
 * lasts longer. Histograms and lanes are of now. Costs about 0.1 ms for each shard, and its text half of that.
 *
 * @example
 * metricFamilies()[0].name; // 'corebuf_memory_budget_bytes'
 */
export function metricFamilies(): MetricFamily[] {
  const families = new Map<string, MetricFamily>();
  collect((header, shard, own, value, suffix) => {
    let family = families.get(header.name);
    if (family === undefined) families.set(header.name, (family = { ...header, samples: [] }));
    family.samples.push({ name: header.name + suffix, labels: { ...shard.named, ...own.named }, value });
  });
  return [...families.values()];
}

/**
 * The same as text, in Prometheus's exposition format 0.0.4, to be answered to a scrape with the content type `text/plain; version=0.0.4`. Text of
 * other libraries may stand before or behind it.
 *
 * @example
 * prometheus().startsWith('# HELP corebuf_memory_budget_bytes Bytes that the shard may use.\n'); // true
 */
export function prometheus(): string {
  const texts = new Map<string, string>();
  collect(({ name, help, type }, shard, own, value, suffix) => {
    const before = texts.get(name) ?? `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    const separator = own.text === '' ? '' : ',';
    texts.set(name, `${before}${name}${suffix}{${shard.text}${separator}${own.text}} ${value}\n`);
  });
  return [...texts.values()].join('');
}

/** Takes one sample, with the labels of its shard and those of its own. */
type Take = (header: Header, shard: Labels, own: Labels, value: number, suffix: string) => void;

function collect(take: Take): void {
  attachDefault();
  const lists = (state.metricLists ??= listsOf(native.metricList()));
  const shards = native.metrics().map((metrics) => ({ metrics, labels: labelsOf(metrics) }));
  for (const { metrics, labels } of shards) takeCounters(metrics, labels, lists, take);
  for (const { metrics, labels } of shards) takeHistograms(metrics, labels, lists.bounds, take);
}

/** The lists of C++ with their headers and labels. */
export interface PreparedLists {
  readonly shard: readonly { readonly header: Header; readonly label: Labels }[];
  readonly ioClass: readonly Header[];
  readonly bounds: readonly Labels[];
}

function listsOf({ shard, ioClass, bounds }: MetricLists): PreparedLists {
  return {
    shard: shard.map((metric) => ({ header: headerOf(metric), label: labelOf(metric) })),
    ioClass: ioClass.map(headerOf),
    bounds: [...bounds.map((ns) => labeled('le', String(ns / SECOND))), labeled('le', '+Inf')],
  };
}

function takeCounters({ values, sent, ioClasses }: ShardMetrics, labels: Labels, lists: PreparedLists, take: Take): void {
  lists.shard.forEach(({ header, label }, at) => take(header, labels, label, values[at]!, ''));
  for (const { to, messages } of sent) take(SENT, labels, labeled('to', String(to)), messages, '');
  for (const { name, values: its } of ioClasses) {
    const ofClass = labeled('class', name);
    lists.ioClass.forEach((header, at) => take(header, labels, ofClass, its[at]!, ''));
  }
}

function takeHistograms({ calls, laneWaits, turns, ioClasses }: ShardMetrics, labels: Labels, bounds: readonly Labels[], take: Take): void {
  const takeOne = (header: Header, its: Labels, { within, count, sum }: Buckets): void => {
    bounds.forEach((bound, at) => take(header, its, bound, within[at] ?? count, '_bucket'));
    take(header, its, NONE, sum / SECOND, '_sum');
    take(header, its, NONE, count, '_count');
  };
  takeOne(histograms.calls, labels, calls);
  takeOne(histograms.laneWaits, labels, laneWaits);
  takeOne(histograms.turns, labels, turns);
  for (const { name, latency } of ioClasses) takeOne(histograms.io, joined(labels, labeled('class', name)), latency);
}

function labelsOf({ id, index }: ShardMetrics): Labels {
  const shard = labeled('shard', String(id));
  return index < 0 ? shard : joined(shard, labeled('index', String(index)));
}

function headerOf({ name, help, type }: ListedMetric): Header {
  return { name: `corebuf_${name}`, help, type };
}

/** C++ writes a label as Prometheus does: kind="append". */
function labelOf({ label }: ListedMetric): Labels {
  if (label === '') return NONE;
  const [name, value] = label.split('=') as [string, string];
  return labeled(name, value.slice(1, -1));
}

function labeled(name: string, value: string): Labels {
  return { named: { [name]: value }, text: `${name}="${escaped(value)}"` };
}

function joined(one: Labels, other: Labels): Labels {
  return { named: { ...one.named, ...other.named }, text: `${one.text},${other.text}` };
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
