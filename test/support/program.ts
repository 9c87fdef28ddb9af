// A program of test/programs, run to its end in a process of its own.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PATIENCE_MS = 100_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
}

/** The compiled test/programs/<name>.ts. */
export function programPath(name: string): string {
  return join(__dirname, '../../out/test/programs', `${name}.js`);
}

export async function runProgram(name: string, { args = [], env = {}, patienceMs = PATIENCE_MS }: ProgramOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['--expose-gc', programPath(name), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, signal, stdout, stderr };
}

/** Runs a program that judges itself: it must end by itself, well, and in silence but for `stdout`. */
export async function expectWell(name: string, options?: ProgramOptions, stdout = ''): Promise<void> {
  expect(await runProgram(name, options)).toEqual({ code: 0, signal: null, stdout, stderr: '' });
}
