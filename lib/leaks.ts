// Where objects were made, for reports of the forgotten ones. Off unless COREBUF_TRACE_LEAKS says 'all', or N for one object in N: a
// stack costs microseconds.
const wanted = process.env.COREBUF_TRACE_LEAKS;
const oneIn = wanted === undefined || wanted === '' ? 0 : wanted === 'all' ? 1 : Math.max(Math.floor(Number(wanted)) || 0, 0);

export const tracing = oneIn > 0;

let untilNext = oneIn;

/** A stack for the object that is being made, or undefined when it is not its turn. */
export function placeOfCreation(): string | undefined {
  if (--untilNext > 0) return undefined;
  untilNext = oneIn;
  const stack = String(new Error('made').stack ?? '');
  // What is above the first line outside of this package is ours.
  const lines = stack.split('\n').slice(1);
  const first = lines.findIndex((line) => !line.includes(__dirname));
  return lines.slice(Math.max(first, 0)).join('\n');
}

export interface LeakReport {
  kind: 'IoBuf' | 'DmaBuffer';
  bytes: number;
  /** A stack, when COREBUF_TRACE_LEAKS is set and it was this object's turn. */
  madeAt: string | undefined;
}
