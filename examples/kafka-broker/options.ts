// The command line.
import { dirname } from 'node:path';
import { capabilities } from 'corebuf';
import { engineNamed, existingFolder, valuesOf, wholeNumber } from '../command-line.js';

export interface Options {
  /** Folder whose text files are the input. */
  readonly input: string;
  /** Bytes of input, more or less. */
  readonly bytes: number;
  readonly shards: number;
  /** Partitions of each topic. */
  readonly partitions: number;
  /** In which the folder of the data is made; undefined: the folder for temporary files. */
  readonly dir: string | undefined;
  readonly engine: 'io_uring' | 'threads' | undefined;
  readonly json: boolean;
  /** Serve the inspector of the broker's process. */
  readonly inspect: boolean;
}

export const help = `Usage: npm run demo -- [options]

Starts a broker, sends text files to it with producers of two client libraries, reads them with a group of consumers, kills the
broker in the middle, starts it again, and compares every record.

  --input DIR        folder of text files (default: the packages that are installed here)
  --megabytes N      bytes of them that are sent, 1 to 1024 (default 24)
  --shards N         threads of the broker, 1 to 64 (default: as many as this process may use processors, 2 to 4)
  --partitions N     partitions of each of the three topics, 1 to 64 (default 4)
  --dir DIR          where the data is made and afterwards removed (default: the folder for temporary files)
  --engine NAME      io_uring or threads (default: io_uring where the kernel allows it)
  --inspect          serve a page of the broker's shards while the demo runs, and print its address; try --megabytes 500
  --json             print the figures as JSON
  --help             print this
`;

const SHARDS_MAX = 4;

/** Undefined when help was asked for. @throws UsageError */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = valuesOf(args, { input: text, megabytes: text, shards: text, partitions: text, dir: text, engine: text, inspect: flag, json: flag, help: flag });
  if (values.help === true) return undefined;
  return {
    input: existingFolder('--input', values.input) ?? dirname(dirname(require.resolve('typescript/package.json'))),
    bytes: (wholeNumber('--megabytes', values.megabytes, 1024) ?? 24) * 1e6,
    shards: wholeNumber('--shards', values.shards, 64) ?? Math.max(2, Math.min(SHARDS_MAX, capabilities().cpus)),
    partitions: wholeNumber('--partitions', values.partitions, 64) ?? 4,
    dir: existingFolder('--dir', values.dir),
    engine: engineNamed(values.engine),
    json: values.json === true,
    inspect: values.inspect === true,
  };
}
