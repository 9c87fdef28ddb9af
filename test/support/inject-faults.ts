// The core's hook for tests: reads, writes and syncs of files that this thread opens from now on go wrong as rules say.
import { constants } from 'node:os';
import { join } from 'node:path';

const OPS = ['read', 'write', 'datasync', 'sync', 'allocate', 'punch'] as const;
const EVERY_OP = 2 ** OPS.length - 1;
const CHANCE_MAX = 1000;
const FOREVER = 0xffffffff;

export interface Fault {
  /** Default: all. */
  readonly op?: (typeof OPS)[number];
  /** So many of those pass unharmed. Default 0. */
  readonly skip?: number;
  /** Then so many are hit. Default: all after that. */
  readonly times?: number;
  /** From 0 to 1: each of them is. Default 1. */
  readonly chance?: number;
  readonly errno?: keyof typeof constants.errno;
  /** Reads and writes move no more bytes. */
  readonly bytesMost?: number;
  /** The kernel gets it so many turns later. */
  readonly lateStart?: number;
  /** Its end is told so many turns later. */
  readonly lateEnd?: number;
  /** Bytes and turns are not so many, but up to so many. */
  readonly random?: boolean;
}

interface Hook {
  injectFaults(seed: number, rules: Uint8Array): number;
}

const root = join(__dirname, __filename.endsWith('.ts') ? '../..' : '../../..');
// The instance that belongs to the package that the test has loaded.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { native: hook } = require(join(root, 'dist/core.js')) as { native: Hook };

/** Also for files that were opened under other rules; none ends it. Returns how often the rules before hit. */
export function injectFaults(faults: readonly Fault[], seed = 0): number {
  return hook.injectFaults(seed >>> 0, new Uint8Array(new Uint32Array(faults.flatMap(ruleOf)).buffer));
}

/** As in native/io/fault_plan.h. */
function ruleOf({ op, skip = 0, times = FOREVER, chance = 1, errno, bytesMost = FOREVER, lateStart = 0, lateEnd = 0, random = false }: Fault): number[] {
  const ops = op === undefined ? EVERY_OP : 1 << OPS.indexOf(op);
  return [ops, skip, times, chance * CHANCE_MAX, errno === undefined ? 0 : constants.errno[errno], bytesMost, lateStart, lateEnd, random ? 1 : 0];
}
