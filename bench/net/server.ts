// A server in a process of its own, on a processor of its own, and the client that loads it from another.
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Mode = 'echo' | 'framed' | 'ingest' | 'fetch';
/** input, iterate: Connection. node: node:net with Buffers. chains: node:net with IoBuf. floor: the engine in C++. */
export type Kind = 'input' | 'iterate' | 'node' | 'chains' | 'floor';

/** What clients ask of a server. */
export interface Load {
  readonly mode: Mode;
  readonly size: number;
  readonly unix: boolean;
  readonly connections: number;
  readonly depth: number;
  readonly churn?: boolean;
}

export interface Programs {
  readonly client: string;
  readonly floor: string;
  /** Goes in front of each command. */
  readonly prefix: readonly string[];
}

/** What one run of a client has found. */
export interface Found {
  /** Microseconds of the server's processor time for each message. */
  readonly processor: number;
  /** Microseconds in collections for each message. */
  readonly collecting: number;
  readonly p50: number;
  readonly perSecond: number;
}

interface Spent {
  readonly processor: number;
  readonly collecting: number;
}

interface Report {
  readonly messages: number;
  readonly warm: number;
  readonly seconds: number;
  readonly p50_us: number;
}

const SERVER_CPU = '0';
const CLIENT_CPU = '1';
const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
let paths = 0;

/** Keeps a program on one processor where that can be done. */
function pinned(cpu: string, { prefix }: Programs, command: readonly string[]): [string, string[]] {
  const [first, ...others] = [...prefix, ...(CAN_PIN ? ['taskset', '-c', cpu] : []), ...command];
  return [first!, others];
}

export class Server {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #programs: Programs;
  readonly #place: readonly string[];
  readonly #path: string | undefined;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, programs: Programs, place: readonly string[], path: string | undefined) {
    this.#child = child;
    this.#lines = lines;
    this.#programs = programs;
    this.#place = place;
    this.#path = path;
  }

  static async start(kind: Kind, { mode, size, unix }: Load, programs: Programs): Promise<Server> {
    const path = unix ? join(tmpdir(), `corebuf-bench-${process.pid}-${paths++}`) : undefined;
    const place = path === undefined ? ['--port', '0'] : ['--unix', path];
    const script = join(__dirname, '../workers/net-server.js');
    const [command, all] = pinned(
      SERVER_CPU,
      programs,
      kind === 'floor'
        ? [programs.floor, ...place, '--mode', mode, '--size', String(size)]
        : [process.execPath, script, kind, mode, String(size), ...(path === undefined ? [] : [path])],
    );
    const child = spawn(command, all, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const port = (await lines.next()).value as string;
    return new Server(child, lines, programs, path === undefined ? ['--port', port] : place, path);
  }

  async load({ mode, size, connections, depth, churn = false }: Load, seconds: number): Promise<Found> {
    const args = [...this.#place, '--mode', mode, '--size', size, '--connections', connections, '--depth', depth, '--seconds', seconds].map(String);
    const before = await this.#spent();
    const [command, all] = pinned(CLIENT_CPU, this.#programs, [this.#programs.client, ...args, ...(churn ? ['--churn'] : [])]);
    const { stdout } = await run(command, all);
    const after = await this.#spent();
    const report = JSON.parse(stdout) as Report;
    const messages = report.messages + report.warm;
    return {
      processor: (after.processor - before.processor) / messages,
      collecting: ((after.collecting - before.collecting) * 1000) / messages,
      p50: report.p50_us,
      perSecond: report.messages / report.seconds,
    };
  }

  close(): void {
    this.#child.stdin!.end();
    this.#child.kill();
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }

  async #spent(): Promise<Spent> {
    this.#child.stdin!.write('\n');
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the server has ended before its input');
    return JSON.parse(line.value) as Spent;
  }
}
