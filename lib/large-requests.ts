// Requests for more than 128 KiB in one piece are what fragmentation can refuse while memory is free, and an engine may want to hear
// where it makes them. Off unless attach({ warnAbove }) or COREBUF_WARN_ABOVE names a size. Each warning doubles the size that brings
// the next one, so that a loop does not flood the log.
import { constants } from './native.js';
import { formatMemorySize } from './memory-size.js';

let warnAbove = Infinity;

/** In bytes, at least 128 KiB. */
export function warnOfRequestsAbove(bytes: number): void {
  warnAbove = bytes;
}

/** Costs a comparison when nothing is to be said. */
export function noteRequest(bytes: number): void {
  if (bytes > warnAbove) warn(bytes);
}

function warn(bytes: number): void {
  const { stack = '' } = new Error('asked for');
  const lines = stack.split('\n').slice(1);
  const first = lines.findIndex((line) => !line.includes(__dirname));
  warnAbove = bytes * 2;
  process.emitWarning(
    `${formatMemorySize(bytes)} in one piece were asked for; chains need no more than ${formatMemorySize(constants.slotMax)} at a time. ` +
      `The next warning comes above ${formatMemorySize(warnAbove)}.\n${lines.slice(Math.max(first, 0)).join('\n')}`,
    'CorebufLargeRequest',
  );
}
