// The programs that make the load and stand beside it. Those in C are compiled when they are first needed.
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..', '..');
const programs = new Map<string, string>();

/** Result of the program; latencies are in microseconds. */
export interface Load {
  readonly bytes: number;
  readonly records: number;
  readonly seconds: number;
  /** Seconds of processor time that the load took itself. */
  readonly cpuSeconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Runs the program with these arguments; load.c lists them. @throws when it cannot be built, or fails */
export function load(...args: readonly (string | number)[]): Promise<Load> {
  return made(compiled('load'), args);
}

/** The same from a client in Node; client.ts lists the arguments. */
export function loadFromNode(...args: readonly (string | number)[]): Promise<Load> {
  return made(process.execPath, [join(__dirname, 'client.js'), ...args]);
}

async function made(program: string, args: readonly (string | number)[]): Promise<Load> {
  const { stdout } = await promisify(execFile)(program, args.map(String), { timeout: 60_000 });
  return JSON.parse(stdout) as Load;
}

/** Path of a program whose source lies in bench/broker/. @throws when it cannot be built */
export function compiled(name: 'load' | 'mock'): string {
  let program = programs.get(name);
  if (program === undefined) programs.set(name, (program = build(name)));
  return program;
}

function build(name: string): string {
  mkdirSync(join(root, 'build-bench'), { recursive: true });
  const program = join(root, `build-bench/broker_${name}`);
  const source = join(root, `bench/broker/${name}.c`);
  const { error, status, stderr } = spawnSync('cc', ['-O2', '-o', program, source, '-lrdkafka', '-lpthread'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('broker: there is no C compiler for its load: install gcc (Debian: apt install gcc)');
  if (status !== 0 && stderr.includes('rdkafka')) throw new Error('broker: its load needs librdkafka: install it (Debian: apt install librdkafka-dev)');
  if (status !== 0) throw new Error(`broker: its load does not compile: ${stderr}`);
  return program;
}
