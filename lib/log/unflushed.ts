// A warning at the end of the process, or of a worker, about appenders that have accepted bytes and not made them durable.
import { state } from './state.js';
import type { LogWriter } from './log-writer.js';

/** The listener is there only while logs are open, so a program that has closed its logs keeps none of ours. */
export function warnAtExit(log: LogWriter): void {
  if (state.openLogs.size === 0) process.on('exit', warnOfUnflushed);
  state.openLogs.add(log);
}

export function warnNoMore(log: LogWriter): void {
  state.openLogs.delete(log);
  if (state.openLogs.size === 0) process.off('exit', warnOfUnflushed);
}

function warnOfUnflushed(): void {
  for (const { path, bytesHeld } of state.openLogs) {
    if (bytesHeld === 0) continue;
    const warning = new Error(
      `The appender of '${path}' has accepted ${bytesHeld} bytes that are not durable, and they may be lost. Await flush() or close() before the end`,
    );
    warning.name = 'CorebufUnflushed';
    // emitWarning() would wait for a tick, which does not come any more.
    process.emit('warning', warning);
  }
}
