// The command line.
import { dirname } from 'node:path';
import { capabilities } from 'corebuf';
import { engineNamed, existingFolder, netNamed, valuesOf, wholeNumber } from '../command-line.js';
import type { Net } from '../command-line.js';

export interface Options {
  readonly shards: number;
  readonly connections: number;
  /** Whose files are logged. */
  readonly input: string;
  /** In which a folder for segments is made; undefined: where direct I/O works. */
  readonly dir: string | undefined;
  readonly engine: 'io_uring' | 'threads' | undefined;
  /** Sockets of the server. */
  readonly net: Net;
  readonly json: boolean;
}

export const help = `Usage: npm run sharded-log -- [options]

Streams files over TCP into a log of several shards, makes them durable, reads them back from disk and compares.

  --input DIR        files to log, with those in its folders (default: the installed package typescript)
  --shards N         1 to 64 (default: as many as this process may use processors, at least 2)
  --connections N    1 to 256 (default 4)
  --dir DIR          where segments are made and afterwards removed (default: where direct I/O works)
  --engine NAME      io_uring or threads (default: io_uring where the kernel allows it)
  --net NAME         sockets of the server: corebuf or node (default corebuf)
  --json             print the figures as JSON
  --help             print this
`;

/** Undefined when help was asked for. @throws UsageError */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = valuesOf(args, { input: text, shards: text, connections: text, dir: text, engine: text, net: text, json: flag, help: flag });
  if (values.help === true) return undefined;
  return {
    shards: wholeNumber('--shards', values.shards, 64) ?? Math.max(2, Math.min(64, capabilities().cpus)),
    connections: wholeNumber('--connections', values.connections, 256) ?? 4,
    input: existingFolder('--input', values.input) ?? dirname(require.resolve('typescript/package.json')),
    dir: existingFolder('--dir', values.dir),
    engine: engineNamed(values.engine),
    net: netNamed(values.net),
    json: values.json === true,
  };
}
