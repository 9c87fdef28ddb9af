// Turns that lasted too long. C++ times them and takes the stack while they last; report() is called in the turn after.
import { native } from '../native/binding.js';
import { checkInteger } from '../base/arguments.js';
import { channels, publish } from '../base/channels.js';
import { printStalls } from '../base/environment.js';
import { keepStall } from './report.js';
import { state } from './state.js';

/** A turn that was longer than `stallThreshold`. */
export interface StallReport {
  /** Number (`Shard.id`) of the shard that was blocked. */
  shard: number;
  /** Duration of the whole turn, in microseconds. */
  blockedFor: number;
  /**
   * For how much of it the thread had a processor, in microseconds: what ran was too long. For the rest the thread waited: for a processor
   * that others use, or for the system in a synchronous call. At most 500 too high.
   */
  onCpuFor: number;
  /** Name of the served method that was running, up to its first await. */
  handler: string | undefined;
  /**
   * JavaScript that was running when the turn became too long, as in the stack of an Error, innermost first. For a long native call
   * (JSON.parse, a synchronous read) it is the code that the call returned to. Undefined when the turn ended before the stack could be
   * taken (the first stall in a while may, below 5 ms), when it ran no JavaScript, and where `capabilities().stallStacks` is false.
   */
  stack: string | undefined;
  /** Stalls since the last report that were not reported: a shard makes at most 10 reports in a second. */
  suppressed: number;
}

/** Called once this thread has its shard. */
export function watchStalls(thresholdMicroseconds: number): void {
  setStallThreshold(thresholdMicroseconds);
  // The first use of stderr takes milliseconds, which would be a stall of this package's own.
  if (printStalls) void process.stderr;
}

export function checkStallThreshold(name: string, microseconds: number): void {
  checkInteger(name, microseconds, 0, 60_000_000);
}

export function stallThreshold(): number {
  return state.stalls.threshold;
}

export function setStallThreshold(microseconds: number): void {
  state.stalls.threshold = microseconds;
  if (!state.stalls.held) native.setStallThreshold(microseconds);
}

/** Nothing counts as a stall until releaseStallWatch(): a worker of a group may take its time to load its module. */
export function holdStallWatch(): void {
  state.stalls.held = true;
}

export function releaseStallWatch(): void {
  state.stalls.held = false;
  setStallThreshold(state.stalls.threshold);
}

/** Names of the served methods, by number. */
export function nameHandlers(methods: readonly string[]): void {
  state.stalls.handlers = methods;
}

export function installStalls(): void {
  state.onAttach.push(() => native.onStalls(report));
}

function report(): void {
  const stall = native.takeStall();
  if (stall === null) return;
  const { blockedFor, onCpuFor, suppressed } = stall;
  const shard = state.attachment?.id ?? -1;
  const report: StallReport = {
    shard, blockedFor, onCpuFor, handler: state.stalls.handlers[stall.handler - 1], stack: wholeLines(stall.stack), suppressed,
  };
  if (printStalls) process.stderr.write(describe(report));
  keepStall(report);
  // In this turn, which follows the stall, and at most 10 times in a second: other threads read it without a call.
  native.publishStall(JSON.stringify({ time: new Date().toISOString(), ...report }));
  publish(channels.stall, () => report);
  state.stalls.report(report);
}

/** The whole lines of the stack, in the format of an Error's. C++ keeps as much of it as fits into its buffer. */
function wholeLines(stack: string): string | undefined {
  const lines = stack.split('\n').slice(0, -1);
  return lines.length === 0 ? undefined : lines.map((line) => `    at ${line}`).join('\n');
}

function describe({ shard, blockedFor, onCpuFor, handler, stack, suppressed }: StallReport): string {
  const where = handler === undefined ? '' : ` in ${handler}()`;
  const others = suppressed === 0 ? '' : `; ${suppressed} more not reported`;
  return `corebuf: shard ${shard} was blocked for ${milliseconds(blockedFor)}${where}, on the processor for ${milliseconds(onCpuFor)}${others}\n${stack === undefined ? '' : `${stack}\n`}`;
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}
