// The broker of broker/ beside the same engine in plain Node (bench/broker/plain.ts), librdkafka's mock cluster as the ceiling, and with --peer a
// broker that runs already. Each is a process of its own with one shard; a program on librdkafka makes the load, in two rows kafkajs, and the
// processor time is that of the broker's process. "From disk" is direct I/O for ours, and for plain Node the page cache of the kernel, in which
// everything lies still.
import { sendFirstRecord } from './broker/first-record.js';
import {
  CONNECTIONS, consumeCached, consumeFromDisk, echo, MB, PACE, paced, PARTITIONS, produceFromNode, produceLarge, produceSmall, single, twoProducers,
  warmUp,
} from './broker/jobs.js';
import type { Job, Run } from './broker/jobs.js';
import { NodeServer, serverOf } from './broker/server.js';
import type { Kind, Server } from './broker/server.js';
import { FULL, sideOf } from './harness/measure.js';
import type { Choices, Effort, OpenSuite, OwnCase, Side, Sides, Suite, Unit } from './harness/suite.js';

const NAMES: Record<Kind, string> = { ours: 'ours', two: 'ours, two shards', plain: 'plain Node', mock: 'mock cluster of librdkafka', peer: '' };

class Bench {
  readonly peer: string | undefined;
  readonly #servers = new Map<Kind, Server>();
  readonly #runs = new Map<Job, Map<Kind, Run[]>>();
  #topics = 0;

  constructor(peer: string | undefined) {
    this.peer = peer;
  }

  nameOf(kind: Kind): string {
    return kind === 'peer' ? this.peer! : NAMES[kind];
  }

  /** Started and warm. */
  async server(kind: Kind, warmUpMs: number): Promise<Server> {
    let server = this.#servers.get(kind);
    if (server === undefined) {
      this.#servers.set(kind, (server = await serverOf(kind, this.peer)));
      await warmUp(server, kind, warmUpMs);
    }
    return server;
  }

  /** The runs of a job on all its brokers, interleaved. They are made once. */
  async runsOf(job: Job, { rounds }: Effort): Promise<Map<Kind, Run[]>> {
    const known = this.#runs.get(job);
    if (known !== undefined) return known;
    const [times, milliseconds, warmUpMs] = rounds < FULL.rounds ? [1, 500, 2500] : [5, 3000, 6000];
    const kinds = job.kinds.filter((kind) => kind !== 'peer' || this.peer !== undefined);
    const runs = new Map(kinds.map((kind): [Kind, Run[]] => [kind, []]));
    for (let round = 0; round < times; round++) {
      for (const kind of round % 2 === 0 ? kinds : [...kinds].reverse()) {
        const [server, topic] = [await this.server(kind, warmUpMs), `topic-${Date.now()}-${this.#topics++}`];
        await server.createTopic(topic, PARTITIONS);
        runs.get(kind)!.push(await job.run(server, topic, milliseconds));
      }
    }
    this.#runs.set(job, runs);
    return runs;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) await server.end();
  }
}

/** A row: one figure of the runs of a job; `p99` of latencies goes beside it. */
interface Row {
  readonly name: string;
  readonly unit: Unit;
  readonly job: Job;
  readonly value: (run: Run) => number;
  readonly p99?: (run: Run) => number;
}

const rate = ({ bytes, seconds }: Run): number => bytes / MB / seconds;
const cost = ({ bytes, cpu }: Run): number => cpu / (bytes / MB);
const costOfLoad = ({ bytes, cpuSeconds }: Run): number => (cpuSeconds * 1000) / (bytes / MB);
const p50 = (run: Run): number => run.p50;
const p99 = (run: Run): number => run.p99;
const p999 = (run: Run): number => run.p999;

function latencies(name: string, job: Job): Row[] {
  return [
    { name: `${name}: latency`, unit: 'µs', job, value: p50, p99 },
    { name: `${name}: p99`, unit: 'µs', job, value: p99 },
    { name: `${name}: p99.9`, unit: 'µs', job, value: p999 },
  ];
}

/** Figures that a broker shows to its clients, and those of its process. */
const shown: readonly Row[] = [
  { name: 'produce 1 KiB, acks=all, durable', unit: 'MB/s', job: produceLarge, value: rate },
  { name: `one record per request, ${CONNECTIONS} connections`, unit: 'calls/s', job: single, value: ({ records, seconds }) => records / seconds },
  { name: 'produce 1 KiB with kafkajs', unit: 'MB/s', job: produceFromNode, value: rate },
  { name: 'consume from memory', unit: 'MB/s', job: consumeCached, value: rate },
  ...latencies('one record per request', single),
  ...latencies('end to end, 100 B, one at a time', echo),
  ...latencies(`end to end, 100 B, ${PACE} a second`, paced),
];
const costs: readonly Row[] = [
  { name: 'produce 1 KiB: processor time', unit: 'ms/MB', job: produceLarge, value: cost },
  { name: 'produce 1 KiB with kafkajs: processor time', unit: 'ms/MB', job: produceFromNode, value: cost },
  { name: 'produce 100 B, linger 5 ms: processor time', unit: 'ms/MB', job: produceSmall, value: cost },
  { name: 'one record per request: processor time', unit: 'µs', job: single, value: ({ cpu, records }) => (cpu * 1000) / records },
  { name: 'consume from memory: processor time', unit: 'ms/MB', job: consumeCached, value: cost },
];
const disk: readonly Row[] = [
  { name: 'consume from disk', unit: 'MB/s', job: consumeFromDisk, value: rate },
  { name: 'consume from disk: processor time', unit: 'ms/MB', job: consumeFromDisk, value: cost },
];
const shards: readonly Row[] = [
  { name: 'produce 1 KiB, two producers, two shards', unit: 'MB/s', job: twoProducers, value: rate },
  { name: 'two producers, two shards: processor time', unit: 'ms/MB', job: twoProducers, value: cost },
  { name: 'two producers, two shards: processor time of the producers', unit: 'ms/MB', job: twoProducers, value: costOfLoad },
];

/** Each row beside each peer that has its figures. */
function loadCases(bench: Bench): OwnCase[] {
  const beside = (rows: readonly Row[], peer: Kind, own: Kind = 'ours'): OwnCase[] =>
    rows.filter(({ job }) => job.kinds.includes(peer)).map((row) => caseOf(bench, row, own, peer));
  const running = bench.peer === undefined ? [] : beside(shown, 'peer');
  return [...beside([...shown, ...costs, ...disk], 'plain'), ...beside([...shown, ...costs], 'mock'), ...running, ...beside(shards, 'ours', 'two')];
}

function caseOf(bench: Bench, { name, unit, job, value, p99: tail }: Row, own: Kind, peer: Kind): OwnCase {
  const side = (runs: readonly Run[]): Side => ({ ...sideOf(runs.map(value)), ...(tail === undefined ? {} : { p99: sideOf(runs.map(tail)).value }) });
  const measure = async (effort: Effort): Promise<Sides> => {
    const runs = await bench.runsOf(job, effort);
    return { ours: side(runs.get(own)!), peer: side(runs.get(peer)!) };
  };
  return { kind: 'own', name, unit, peerName: own === 'two' ? 'ours, one shard' : bench.nameOf(peer), measure };
}

/** Broker that nobody has used: how soon it listens, how soon it has a record on the disk, and its memory between the two. */
interface Start {
  readonly listening: number;
  readonly acknowledged: number;
  /** The same from Broker.start() on, in a program that runs already. */
  readonly embedded: number;
  readonly megabytes: number;
}

async function startOf(program: 'ours' | 'plain'): Promise<Start> {
  const server = await NodeServer.start(program);
  const { rss } = await server.figures();
  const sending = performance.now();
  await sendFirstRecord(server.address, 'first');
  const took = performance.now() - sending;
  await server.end();
  return { listening: server.startMs, acknowledged: server.startMs + took, embedded: server.embeddedMs + took, megabytes: rss / 2 ** 20 };
}

function startCases(): OwnCase[] {
  const starts: Record<'ours' | 'plain', Start[]> = { ours: [], plain: [] };
  const measured = async ({ rounds }: Effort, figure: (start: Start) => number): Promise<Sides> => {
    const times = rounds < FULL.rounds ? 1 : 5;
    while (starts.ours.length < times) {
      for (const kind of ['ours', 'plain'] as const) starts[kind].push(await startOf(kind));
    }
    return { ours: sideOf(starts.ours.map(figure)), peer: sideOf(starts.plain.map(figure)) };
  };
  const row = (name: string, unit: Unit, figure: (start: Start) => number): OwnCase => {
    return { kind: 'own', peerName: 'plain Node', name, unit, measure: (effort) => measured(effort, figure) };
  };
  return [
    row('from the start of the process to its port', 'ms', ({ listening }) => listening),
    row('from the start of the process to the first acknowledged record', 'ms', ({ acknowledged }) => acknowledged),
    row('from Broker.start() to the first acknowledged record', 'ms', ({ embedded }) => embedded),
    row('memory of the process, idle', 'MiB', ({ megabytes }) => megabytes),
  ];
}

export const broker: Suite = {
  name: 'broker',
  about: 'the Kafka broker beside the same engine in plain Node, one shard each, under load of librdkafka',
  open(_setting, { peer }: Choices = {}): OpenSuite {
    const bench = new Bench(peer);
    return { cases: [...loadCases(bench), ...startCases()], close: () => bench.close() };
  },
};
