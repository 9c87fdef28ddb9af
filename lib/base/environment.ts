// The environment variables of this package, which docs/environment.md describes. This file alone reads them, once, when the package is loaded.
// A wrong value is an error then, as a wrong option is.
import { invalidRange } from './arguments.js';

/** Prefix of the variables of this package and of its tests. */
const PREFIX = 'COREBUF_';

const { env } = process;

/** Path of the binary to load instead of the one that was built or shipped (COREBUF_BINARY). */
export const binaryPath: string | undefined = env.COREBUF_BINARY === '' ? undefined : env.COREBUF_BINARY;

/** Default of `ShardOptions.checked` (COREBUF_CHECKED). */
export const checkedViews: boolean = isOn('COREBUF_CHECKED');

/** Whether views are copies, as they are where external ArrayBuffers are forbidden (COREBUF_COPY_VIEWS). */
export const copiedViews: boolean = isOn('COREBUF_COPY_VIEWS');

const ENGINES = ['automatic', 'io_uring', 'threads'] as const;

/** Default of `OpenOptions.engine` (COREBUF_ENGINE). */
export const defaultEngine: (typeof ENGINES)[number] = engineNamed('COREBUF_ENGINE');

/** Whether stalls are printed on stderr (COREBUF_STALLS). */
export const printStalls: boolean = isOn('COREBUF_STALLS');

/** One object in so many keeps the stack of its creation; 0 for none (COREBUF_TRACE_LEAKS). */
export const traceOneIn: number = frequency('COREBUF_TRACE_LEAKS');

/** Default of `ShardOptions.warnAbove` (COREBUF_WARN_ABOVE). */
export const warnAbove: string | undefined = env.COREBUF_WARN_ABOVE === '' ? undefined : env.COREBUF_WARN_ABOVE;

/** The variables of this package, for the environment of a worker. */
export function ownVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith(PREFIX)));
}

function isOn(name: string): boolean {
  const value = env[name] ?? '';
  if (value === '1') return true;
  if (value === '' || value === '0') return false;
  throw invalidRange(`The environment variable ${name}`, "'1' (on), '0' or '' (off)", `'${value}'`);
}

function engineNamed(name: string): (typeof ENGINES)[number] {
  const value = env[name] ?? '';
  const engine = value === '' ? 'automatic' : ENGINES.find((known) => known === value);
  if (engine === undefined) throw invalidRange(`The environment variable ${name}`, "'io_uring', 'threads', 'automatic' or ''", `'${value}'`);
  return engine;
}

function frequency(name: string): number {
  const value = env[name] ?? '';
  if (value === '') return 0;
  if (value === 'all') return 1;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw invalidRange(`The environment variable ${name}`, "'all', '' or '0' (none), or a whole number N below 1e9 (one object in N)", `'${value}'`);
}
