// Objects that were collected by the garbage collector without having been released: how many, and where they were created. Creation stacks
// are taken only where COREBUF_TRACE_LEAKS asks for them, since a stack costs microseconds.
import { callerStack } from '../base/caller-stack.js';
import { traceOneIn } from '../base/environment.js';
import { constants } from '../native/binding.js';
import { counted } from '../native/shared-areas.js';
import { state } from './state.js';

const { countedLeaksReclaimed } = constants;

/** An object that was collected without having been released. */
export interface LeakReport {
  /** Class of the object. */
  kind: 'IoBuf' | 'DmaBuffer' | 'DmaFile' | 'SegmentAppender' | 'DmaFile.chunks';
  /** Length of a chain or buffer; bytes that an appender had accepted and not made durable; bytes that a reader had read ahead; 0 for a file. */
  bytes: number;
  /** Stack of the object's creation; undefined where COREBUF_TRACE_LEAKS did not ask for this object's. */
  madeAt: string | undefined;
  /** Path of the file, of files, appenders and readers. */
  path?: string;
}

export const tracing = traceOneIn > 0;

/** Stack of the call that creates an object now, or undefined when this object is not traced. */
export function creationStack(): string | undefined {
  const { leaks } = state;
  if (--leaks.untilTraced > 0) return undefined;
  leaks.untilTraced = traceOneIn;
  return callerStack();
}

/** Number of forgotten objects whose memory has been given back since the thread began. */
export function leaksReclaimed(): number {
  return counted[countedLeaksReclaimed]!;
}

/** Counts and reports forgotten objects, whose memory has been given back. */
export function reportLeaks(reports: readonly LeakReport[]): void {
  counted[countedLeaksReclaimed]! += reports.length;
  for (const report of reports) state.leaks.report(report);
}
