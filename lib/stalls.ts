// Turns that lasted too long, as JavaScript hears of them: C++ times them and takes the stack while they last, and calls
// report() in the next turn.
import { channel } from 'node:diagnostics_channel';
import { native } from './native.js';
import { checkInteger } from './checks.js';

export interface StallReport {
  /** Number of the shard whose turn it was. */
  shard: number;
  /** Microseconds that the whole turn took. */
  blockedFor: number;
  /** The served method that was running, up to its first await. */
  handler: string | undefined;
  /**
   * The JavaScript that was running when the turn became too long, as in the stack of an Error, innermost first. Where that was inside of one
   * native call (JSON.parse, a synchronous read), what ran when it returned. Undefined when the turn ended before it could be
   * taken, or ran no JavaScript, or `capabilities().stallStacks` is false.
   */
  stack: string | undefined;
  /** Stalls since the last report for which there was no report: there are at most 10 in a second. */
  suppressed: number;
}

const stalls = channel('corebuf:stall');
const printing = !['', '0', 'off'].includes(process.env.COREBUF_STALLS ?? '');

let shard = -1;
let threshold = 0;
let held = false;
let names: readonly string[] = [];
let listener: ((report: StallReport) => void) | undefined;

/** Called once this thread has its shard. */
export function watchStallsOf(id: number, microseconds: number): void {
  shard = id;
  setStallThreshold(microseconds);
  // Its first use takes milliseconds, which would be a stall of our own making.
  if (printing) void process.stderr;
}

export function checkStallThreshold(name: string, microseconds: number): void {
  checkInteger(name, microseconds, 0, 60_000_000);
}

export function stallThreshold(): number {
  return threshold;
}

export function setStallThreshold(microseconds: number): void {
  threshold = microseconds;
  if (!held) native.setStallThreshold(microseconds);
}

/** Nothing is a stall until releaseStallWatch(): a worker of a group may load its module in peace. */
export function holdStallWatch(): void {
  held = true;
}

export function releaseStallWatch(): void {
  held = false;
  setStallThreshold(threshold);
}

/** What served methods are called, by number. */
export function nameHandlers(methods: readonly string[]): void {
  names = methods;
}

export function reportStallsTo(listen: (report: StallReport) => void): void {
  listener = listen;
}

function report(): void {
  const stall = native.takeStall();
  if (stall === null) return;
  const { blockedFor, suppressed } = stall;
  const told: StallReport = { shard, blockedFor, handler: names[stall.handler - 1], stack: wholeLines(stall.stack), suppressed };
  if (printing) process.stderr.write(describe(told));
  if (stalls.hasSubscribers) stalls.publish(told);
  listener?.(told);
}

/** As the stack of an Error has them. C++ keeps as much as fits. */
function wholeLines(stack: string): string | undefined {
  const lines = stack.split('\n').slice(0, -1);
  return lines.length === 0 ? undefined : lines.map((line) => `    at ${line}`).join('\n');
}

function describe({ shard, blockedFor, handler, stack, suppressed }: StallReport): string {
  const where = handler === undefined ? '' : ` in ${handler}()`;
  const others = suppressed === 0 ? '' : `; ${suppressed} more not reported`;
  return `corebuf: shard ${shard} was blocked for ${(blockedFor / 1000).toFixed(1)} ms${where}${others}\n${stack === undefined ? '' : `${stack}\n`}`;
}

native.onStalls(report);
