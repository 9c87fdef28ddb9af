// What the command lines of the examples have in common: values that are checked, and mistakes that are told in one line.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** A mistake on the command line; the message is one line. */
export class UsageError extends Error {}

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;
type Values<Options extends OptionsConfig> = ReturnType<typeof parseArgs<{ args: string[]; options: Options }>>['values'];

/** @throws UsageError */
export function valuesOf<Options extends OptionsConfig>(args: string[], options: Options): Values<Options> {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // The rest of Node's message is advice that does not fit here.
    throw new UsageError((error as Error).message.split(/\. |\n/, 1)[0]);
  }
}

/** Undefined when the option is absent. @throws UsageError for anything but a whole number from 1 to `most` */
export function wholeNumber(name: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number >= 1 && number <= most)) throw new UsageError(`${name} must be a whole number from 1 to ${most}, not '${value}'`);
  return number;
}

/** Undefined when the option is absent. @throws UsageError when there is no such folder */
export function existingFolder(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const isFolder = statSync(value, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) throw new UsageError(`${name}: there is no folder '${value}'`);
  return value;
}

/** Undefined when the option is absent. @throws UsageError for another name */
export function engineNamed(value: string | undefined): 'io_uring' | 'threads' | undefined {
  if (value === undefined || value === 'io_uring' || value === 'threads') return value;
  throw new UsageError(`--engine must be io_uring or threads, not '${value}'`);
}

/** Whose sockets a server has. */
const nets = ['corebuf', 'node'] as const;
export type Net = (typeof nets)[number];

/** 'corebuf' when the option is absent. @throws UsageError for another name */
export function netNamed(value = 'corebuf'): Net {
  const net = nets.find((name) => name === value);
  if (net === undefined) throw new UsageError(`--net must be corebuf or node, not '${value}'`);
  return net;
}
