// A benchmark without Node: bench/native/<name>.cc, built by CMake into a folder of its own, compares all sides in one process and
// prints a JSON object per row. Its rows are read as they come, and stand beside those that are measured here.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FULL } from './measure.js';
import type { Effort, OwnCase, Sides } from './suite.js';

const root = join(__dirname, '..', '..', '..');
const folder = join(root, 'build-bench');

interface Row extends Sides {
  readonly case: string;
  readonly unit: 'ns';
  readonly peerName: string;
}

/** None, and a line on stderr, where it cannot be built. */
export function nativeCases(name: string): OwnCase[] {
  const program = build(name);
  if (program === undefined) return [];
  const run = new NativeRun(program);
  return run.list().map((row) => ({
    kind: 'own',
    name: row.case,
    unit: row.unit,
    peerName: row.peerName,
    measure: (effort) => run.next(effort),
  }));
}

/** Path of the program; undefined, and a line on stderr, where it cannot be built. */
export function build(name: string): string | undefined {
  const target = `bench_${name}`;
  const configure = ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', '-DCOREBUF_BENCH=ON'];
  for (const args of [configure, ['--build', folder, '--parallel', '--target', target]]) {
    const { error, status, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8' });
    if (status === 0) continue;
    console.error(`${name}: without its native rows: ${error === undefined ? `cmake failed\n${stdout}${stderr}` : 'there is no cmake'}`);
    return undefined;
  }
  return join(folder, target);
}

/** One process for all rows, started for the first: they must be asked for in its order. */
class NativeRun {
  readonly #program: string;
  #lines: AsyncIterator<string> | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  list(): Omit<Row, keyof Sides>[] {
    const { stdout } = spawnSync(this.#program, ['--list'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    return stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Row);
  }

  async next(effort: Effort): Promise<Sides> {
    this.#lines ??= this.#start(effort);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`${this.#program} ended early`);
    return JSON.parse(line.value) as Row;
  }

  #start(effort: Effort): AsyncIterator<string> {
    const args = effort.rounds < FULL.rounds ? ['--quick'] : [];
    const { stdout } = spawn(this.#program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    return createInterface({ input: stdout })[Symbol.asyncIterator]();
  }
}
