// The command line.
import { netNamed, UsageError, valuesOf, wholeNumber } from '../command-line.js';
import type { Net } from '../command-line.js';
import { framings } from './frames.js';
import type { Framing } from './frames.js';

export interface Options {
  readonly messages: number;
  readonly framings: readonly Framing[];
  readonly net: Net;
}

const MESSAGES_DEFAULT = 20_000;
const MESSAGES_MOST = 100_000_000;

export const help = `Usage: npm run example -- [options]

Sends messages over TCP to a server that parses them as they come and answers each with its checksum, and checks the answers.

  --messages N       1 to ${MESSAGES_MOST} (default ${MESSAGES_DEFAULT})
  --framing NAME     length or varint (default: one after the other)
  --net NAME         sockets of the server: corebuf or node (default corebuf)
  --help             print this
`;

/** Undefined when help was asked for. @throws UsageError */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const { messages, framing, net, help } = valuesOf(args, { messages: text, framing: text, net: text, help: { type: 'boolean' } });
  if (help === true) return undefined;
  const count = wholeNumber('--messages', messages, MESSAGES_MOST) ?? MESSAGES_DEFAULT;
  const chosen = framings.filter((name) => framing === undefined || framing === name);
  if (chosen.length === 0) throw new UsageError(`--framing must be length or varint, not '${framing}'`);
  return { messages: count, framings: chosen, net: netNamed(net) };
}
