// The command line.
import { parseArgs } from 'node:util';
import { framings } from './frames.js';
import type { Framing } from './frames.js';

export interface Options {
  readonly messages: number;
  readonly framings: readonly Framing[];
}

const MESSAGES_MOST = 100_000_000;

export const help = `Usage: npm run example -- [options]

Sends messages over TCP to a server that parses them as they come and answers each with its checksum, and checks the answers.

  --messages N       1 to ${MESSAGES_MOST} (default 20000)
  --framing NAME     length or varint (default: one after the other)
  --help             print this
`;

/** A mistake on the command line; the message is one line. */
export class UsageError extends Error {}

/** Undefined when help was asked for. @throws UsageError */
export function parseOptions(args: string[]): Options | undefined {
  const { messages = '20000', framing, help } = parse(args);
  if (help === true) return undefined;
  const count = /^\d+$/.test(messages) ? Number(messages) : NaN;
  if (!(count >= 1 && count <= MESSAGES_MOST)) {
    throw new UsageError(`--messages must be a whole number from 1 to ${MESSAGES_MOST}, not '${messages}'`);
  }
  const chosen = framings.filter((name) => framing === undefined || framing === name);
  if (chosen.length === 0) throw new UsageError(`--framing must be length or varint, not '${framing}'`);
  return { messages: count, framings: chosen };
}

function parse(args: string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args, options: { messages: text, framing: text, help: { type: 'boolean' } } }).values;
  } catch (error) {
    // Node goes on with advice that does not fit here.
    throw new UsageError((error as Error).message.split(/\. |\n/, 1)[0]);
  }
}
