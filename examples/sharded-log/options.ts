// The command line.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { capabilities } from 'corebuf';

export interface Options {
  readonly shards: number;
  readonly connections: number;
  /** Whose files are logged. */
  readonly input: string;
  /** In which a folder for segments is made; undefined: where direct I/O works. */
  readonly dir: string | undefined;
  readonly engine: 'io_uring' | 'threads' | undefined;
  readonly json: boolean;
}

export const help = `Usage: npm run demo -- [options]

Streams files over TCP into a log of several shards, makes them durable, reads them back from disk and compares.

  --input DIR        files to log, with those in its folders (default: the installed package typescript)
  --shards N         1 to 64 (default: as many as this process may use processors, at least 2)
  --connections N    1 to 256 (default 4)
  --dir DIR          where segments are made and afterwards removed (default: where direct I/O works)
  --engine NAME      io_uring or threads (default: io_uring where the kernel allows it)
  --json             print the figures as JSON
  --help             print this
`;

/** A mistake on the command line; the message is one line. */
export class UsageError extends Error {}

/** Undefined when help was asked for. @throws UsageError */
export function parseOptions(args: string[]): Options | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const { engine } = values;
  if (engine !== undefined && engine !== 'io_uring' && engine !== 'threads') {
    throw new UsageError(`--engine must be io_uring or threads, not '${engine}'`);
  }
  return {
    shards: whole('--shards', values.shards, 64) ?? Math.max(2, Math.min(64, capabilities().cpus)),
    connections: whole('--connections', values.connections, 256) ?? 4,
    input: folder('--input', values.input) ?? dirname(require.resolve('typescript/package.json')),
    dir: folder('--dir', values.dir),
    engine,
    json: values.json === true,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { input: text, shards: text, connections: text, dir: text, engine: text, json: flag, help: flag };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Node goes on with advice that does not fit here.
    throw new UsageError((error as Error).message.split(/\. |\n/, 1)[0]);
  }
}

function whole(name: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number >= 1 && number <= most)) {
    throw new UsageError(`${name} must be a whole number from 1 to ${most}, not '${value}'`);
  }
  return number;
}

function folder(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const isFolder = statSync(value, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) throw new UsageError(`${name}: there is no folder '${value}'`);
  return value;
}
