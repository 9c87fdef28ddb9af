// Samples of all shards of the process. Everything comes from memory that shards publish (native/turn/metrics.h): no shard is called, and
// watching costs a shard nothing.
import { assert } from '../base/assert.js';
import { native } from '../native/binding.js';
import type { Buckets, InspectedMetrics } from '../native/counters.js';
import type { InspectedIoClass, InspectedShard, InspectedStall, InspectorSample } from './sample-types.js';

const NS_PER_US = 1000;

/** Reads a value of one shard or I/O class by the name of its metric, with the label if it has one. */
type ValueOf = (metric: string) => number;

export class Sampler {
  /** Places of the values by the names of the metrics. */
  readonly #ofShard: ReadonlyMap<string, number>;
  readonly #ofClass: ReadonlyMap<string, number>;
  readonly #bounds: readonly number[];

  constructor() {
    const { shard, ioClass, bounds } = native.metricList();
    this.#ofShard = placesOf(shard);
    this.#ofClass = placesOf(ioClass);
    this.#bounds = bounds.map((ns) => ns / NS_PER_US);
  }

  sample(): InspectorSample {
    const shards = native.inspected();
    const names = namesOf(shards);
    return {
      time: new Date().toISOString(),
      pid: process.pid,
      node: process.version,
      uptime: process.uptime(),
      deadShards: native.machine().deadShards,
      bucketBounds: [...this.#bounds],
      shards: shards.map((shard, at) => this.#shard(shard, names[at]!)),
    };
  }

  #shard(shard: InspectedMetrics, name: string): InspectedShard {
    const value = reader(this.#ofShard, shard.values);
    const { io, ...latencies } = shard.latencies;
    return {
      id: shard.id,
      index: shard.index < 0 ? null : shard.index,
      name,
      memory: { ...memoryOf(value), classes: [...shard.classes] },
      lanes: shard.sent.map(({ to, messages }) => ({ to, sent: messages })),
      messagesReceived: value('messages_received_total'),
      callsQueued: value('calls_queued'),
      turns: value('turns_total'),
      stalls: value('stalls_total'),
      latencies,
      distributions: { calls: countsOf(shard.calls), laneWaits: countsOf(shard.laneWaits), turns: countsOf(shard.turns) },
      ledger: ledgerOf(value),
      io: { ...ioOf(value), classes: shard.ioClasses.map((one, at) => ({ ...this.#ioClass(one), latency: io[at]! })) },
      net: netOf(value),
      appenders: shard.appenders.map((appender) => ({ ...appender })),
      appendersOpen: value('appenders_open'),
      stallReports: shard.stalls.map((text) => JSON.parse(text) as InspectedStall),
    };
  }

  #ioClass({ name, values }: InspectedMetrics['ioClasses'][number]): Omit<InspectedIoClass, 'latency'> {
    const value = reader(this.#ofClass, values);
    return {
      name,
      queued: value('io_class_queued'),
      inFlight: value('io_class_in_flight'),
      completed: value('io_class_completed_total'),
      bytes: value('io_class_bytes_total'),
      waitedMicroseconds: value('io_class_waited_microseconds_total'),
    };
  }
}

/** A shard that restarts may get another number, but keeps its index. Shards of several groups may have the same index. */
function namesOf(shards: readonly InspectedMetrics[]): string[] {
  const seen = new Map<number, number>();
  return shards.map(({ id, index }) => {
    if (index < 0) return `thread ${id}`;
    const nth = (seen.get(index) ?? 0) + 1;
    seen.set(index, nth);
    return nth === 1 ? `shard ${index}` : `shard ${index}, group ${nth}`;
  });
}

function placesOf(list: readonly { readonly name: string; readonly label: string }[]): ReadonlyMap<string, number> {
  return new Map(list.map(({ name, label }, at) => [label === '' ? name : `${name}{${label}}`, at]));
}

function reader(places: ReadonlyMap<string, number>, values: readonly number[]): ValueOf {
  return (metric) => {
    const place = places.get(metric);
    assert(place !== undefined, 'the inspector knows the names of metrics');
    return values[place]!;
  };
}

function memoryOf(value: ValueOf): Omit<InspectedShard['memory'], 'classes'> {
  const budget = value('memory_budget_bytes');
  const used = value('memory_used_bytes');
  return {
    budget,
    committed: value('memory_committed_bytes'),
    used,
    free: Math.max(0, budget - used),
    liveObjects: value('memory_live_objects'),
    pinned: value('memory_pinned_bytes'),
    wrapped: value('memory_wrapped_bytes'),
    referenced: value('memory_referenced_bytes'),
    allocations: value('memory_allocations_total'),
    frees: value('memory_frees_total'),
    failures: value('memory_failures_total'),
    largeRequests: value('memory_large_requests_total'),
    remoteFreesSent: value('remote_frees_total{direction="sent"}'),
    remoteFreesReceived: value('remote_frees_total{direction="received"}'),
    leaksReclaimed: value('leaks_reclaimed_total'),
  };
}

function ledgerOf(value: ValueOf): InspectedShard['ledger'] {
  const places = ['append', 'copyTo', 'toBuffer', 'message', 'receive'];
  return {
    copied: Object.fromEntries(places.map((place) => [place, value(`copied_bytes_total{place="${place}"}`)])),
    shared: value('shared_bytes_total'),
    moved: value('moved_bytes_total'),
  };
}

function ioOf(value: ValueOf): Omit<InspectedShard['io'], 'classes'> {
  return {
    reads: value('io_operations_total{kind="read"}'),
    writes: value('io_operations_total{kind="write"}'),
    syncs: value('io_operations_total{kind="sync"}'),
    bytesRead: value('io_bytes_total{kind="read"}'),
    bytesWritten: value('io_bytes_total{kind="write"}'),
    inFlight: value('io_in_flight'),
    submits: value('io_submits_total'),
  };
}

function netOf(value: ValueOf): InspectedShard['net'] {
  return {
    connections: value('net_connections'),
    accepted: value('net_accepted_total'),
    connected: value('net_connected_total'),
    closed: value('net_closed_total'),
    failed: value('net_failed_total'),
    bytesReceived: value('net_bytes_total{direction="received"}'),
    bytesSent: value('net_bytes_total{direction="sent"}'),
  };
}

/** Counts by bucket, from counts that are cumulative. */
function countsOf({ within, count }: Buckets): number[] {
  const cumulative = [...within, count];
  return cumulative.map((all, at) => all - (cumulative[at - 1] ?? 0));
}
