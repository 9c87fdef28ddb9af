// One run: a broker, producers, consumers, a SIGKILL in the middle, a second broker on the same data. Whatever happens, nothing stays behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerOptions } from 'corebuf-broker';
import { Check } from './check.js';
import { checkEnds, ConsumerGroup, createTopics } from './consumers.js';
import { figuresOf, STALL_US } from './figures.js';
import type { Figures, Measured } from './figures.js';
import { topics } from './input.js';
import type { InputFile } from './input.js';
import { Latencies } from './latencies.js';
import type { Options } from './options.js';
import { libraries, produce } from './producers.js';
import type { Progress } from './progress.js';
import { ServerProcess } from './server-process.js';
import type { ServerStats } from './server.js';

const MEMORY_PER_SHARD = 64 * 2 ** 20;
/** Producers of each library. */
const PRODUCERS = 2;
/** Part of the bytes after whose acknowledgement the broker is killed. */
const KILL_AFTER = 0.4;
/** Seconds without an acknowledgement and without a record, after which something is wrong. */
const STUCK_S = 60;

/** @throws when a record is lost, doubled, out of order or changed, or the signal says stop */
export async function run(options: Options, files: readonly InputFile[], progress: Progress, signal: AbortSignal): Promise<Figures> {
  const folder = await mkdtemp(join(options.dir ?? tmpdir(), 'kafka-broker-'));
  const demo = new Demo(options, files, folder, progress);
  try {
    return await Promise.race([demo.run(), stopped(AbortSignal.any([signal, demo.stuck]))]);
  } finally {
    await demo.end();
    await rm(folder, { recursive: true, force: true });
  }
}

class Demo {
  readonly #options: Options;
  readonly #files: readonly InputFile[];
  readonly #folder: string;
  readonly #progress: Progress;
  readonly #check: Check;
  readonly #latencies = new Latencies();
  readonly #bytes: number;
  readonly #stuck = new AbortController();
  readonly #watchdog = setTimeout(() => this.#stuck.abort(new Error(`nothing has happened for ${STUCK_S} s`)), STUCK_S * 1000);
  #acknowledged = 0;
  #server: ServerProcess | undefined;
  #onHalf: () => void = () => undefined;

  constructor(options: Options, files: readonly InputFile[], folder: string, progress: Progress) {
    this.#options = options;
    this.#files = files;
    this.#folder = folder;
    this.#progress = progress;
    this.#check = new Check(files);
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Aborted when nothing happens any more. */
  get stuck(): AbortSignal {
    return this.#stuck.signal;
  }

  async run(): Promise<Figures> {
    const { address, inspector } = await this.#start(0, this.#options.inspect ? 0 : undefined);
    if (inspector !== undefined) console.error(`inspector: ${inspector}`);
    await createTopics(address, this.#options.partitions);
    const consumers = await ConsumerGroup.start(address, this.#check, (bytes) => this.#onCompared(bytes));
    const began = performance.now();
    const half = new Promise<void>((resolve) => (this.#onHalf = resolve));
    const produced = this.#produceAll();
    await Promise.race([half, produced, consumers.whenComplete()]);
    const killedAfter = this.#acknowledged;
    const { before, restartMs } = await this.#restart();
    await produced;
    const producedAt = performance.now();
    // A record that is lost at the end of a partition never comes: without this, consumers would wait for it.
    await checkEnds(address, this.#check);
    await consumers.whenComplete();
    const comparedAt = performance.now();
    const after = await this.#server!.stats();
    await consumers.close();
    const seconds = (end: number): number => (end - began - restartMs) / 1000;
    const measured: Measured = {
      files: this.#files.length, records: this.#check.records, bytes: this.#bytes, partitions: this.#options.partitions * topics.length,
      produceSeconds: seconds(producedAt), compareSeconds: seconds(comparedAt), batches: this.#latencies.count,
      latency: this.#latencies.percentiles(), killedAfter, restartMs, again: this.#check.again,
    };
    return figuresOf(measured, [before, after]);
  }

  async end(): Promise<void> {
    clearTimeout(this.#watchdog);
    await this.#server?.end({ kill: false });
  }

  async #start(port: number, inspectPort: number | undefined): Promise<ServerProcess> {
    const { shards, engine } = this.#options;
    const options: BrokerOptions = {
      dir: this.#folder, port, shards, memory: shards * MEMORY_PER_SHARD, groupInitialDelay: 0, stallThreshold: STALL_US,
    };
    this.#server = await ServerProcess.start(options, engine, inspectPort);
    return this.#server;
  }

  /** Kills the broker while requests are under way, and starts it again on the same folder and port. */
  async #restart(): Promise<{ before: ServerStats; restartMs: number }> {
    const server = this.#server!;
    const before = await server.stats();
    this.#latencies.brokerGoes();
    const killedAt = performance.now();
    await server.end({ kill: true });
    // The page that is open connects again by itself.
    await this.#start(server.address.port, server.inspector === undefined ? undefined : Number(new URL(server.inspector).port));
    this.#latencies.brokerIsBack();
    return { before, restartMs: performance.now() - killedAt };
  }

  /** Each producer sends its part of the files. */
  async #produceAll(): Promise<void> {
    const { address } = this.#server!;
    const producers = Array.from({ length: PRODUCERS }, () => libraries).flat();
    await Promise.all(
      producers.map((library, nth) => {
        const files = this.#files.filter((_, at) => at % producers.length === nth);
        return produce(library, address, files, (bytes, sentAt) => this.#onAcknowledged(bytes, sentAt));
      }),
    );
  }

  #onAcknowledged(bytes: number, sentAt: number): void {
    this.#latencies.add(sentAt, performance.now());
    this.#acknowledged += bytes;
    this.#watchdog.refresh();
    this.#progress.acknowledged(bytes);
    if (this.#acknowledged >= this.#bytes * KILL_AFTER) this.#onHalf();
  }

  #onCompared(bytes: number): void {
    this.#watchdog.refresh();
    this.#progress.compared(bytes);
  }
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
