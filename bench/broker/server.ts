// The brokers that are measured, each in a process of its own: ours, with one shard and with two; the one in plain Node; librdkafka's mock cluster.
// A broker that runs already is used as it is.
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import type { ServerFigures, Started } from './figures.js';
import { compiled } from './load.js';

export type Kind = 'ours' | 'two' | 'plain' | 'mock' | 'peer';

export interface Server {
  readonly address: string;
  /** Makes a topic, where using it does not. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Of its process; NaN where that is not ours to ask. */
  figures(): Promise<ServerFigures>;
  end(): Promise<void>;
}

/** A broker that runs in Node, on an empty folder. */
export class NodeServer implements Server {
  readonly address: string;
  /** Milliseconds from the start of the process to its address. */
  readonly startMs: number;
  /** Milliseconds of them that pass inside a program that runs already and wants a broker. */
  readonly embeddedMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, { host, port, tookMs }: Started, startMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.address = `${host}:${port}`;
    this.startMs = startMs;
    this.embeddedMs = tookMs;
  }

  static async start(program: 'ours' | 'plain', shards = 1): Promise<NodeServer> {
    const folder = mkdtempSync(join(process.env.COREBUF_BENCH_DIR ?? tmpdir(), 'corebuf-bench-'));
    const began = performance.now();
    const child = fork(join(__dirname, `${program}.js`), [folder, String(shards)]);
    const [started] = (await once(child, 'message')) as [Started];
    return new NodeServer(child, folder, started, performance.now() - began);
  }

  async createTopic(): Promise<void> {}

  async figures(): Promise<ServerFigures> {
    const answer = once(this.#child, 'message');
    this.#child.send('figures');
    const [figures] = (await answer) as [ServerFigures];
    return figures;
  }

  async end(): Promise<void> {
    await killed(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class MockServer implements Server {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface, address: string) {
    this.#child = child;
    this.#lines = lines;
    this.address = address;
  }

  static async start(): Promise<MockServer> {
    const child = spawn(compiled('mock'), { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface(child.stdout);
    const [address] = (await once(lines, 'line')) as [string];
    return new MockServer(child, lines, address);
  }

  async createTopic(): Promise<void> {}

  async figures(): Promise<ServerFigures> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin!.write('\n');
    const [line] = (await answer) as [string];
    return JSON.parse(line) as ServerFigures;
  }

  async end(): Promise<void> {
    await killed(this.#child);
  }
}

class RunningServer implements Server {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  async createTopic(topic: string, numPartitions: number): Promise<void> {
    const admin = new Kafka({ brokers: [this.address], logLevel: logLevel.ERROR }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
    await admin.disconnect();
  }

  async figures(): Promise<ServerFigures> {
    return { cpu: NaN, rss: NaN };
  }

  async end(): Promise<void> {}
}

/** `peer` is the address of the broker that runs already. */
export async function serverOf(kind: Kind, peer: string | undefined): Promise<Server> {
  switch (kind) {
    case 'ours':
    case 'plain':
      return NodeServer.start(kind);
    case 'two':
      return NodeServer.start('ours', 2);
    case 'mock':
      return MockServer.start();
    case 'peer':
      return new RunningServer(peer!);
  }
}

async function killed(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
