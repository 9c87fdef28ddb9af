// Places for the positions of open logs. C++ publishes them for all threads (native/turn/metrics.h), so the inspector shows each appender without
// a call to its shard. There are as many as C++ has room for; positions of further logs are seen by this thread alone.
import { constants, native } from '../native/binding.js';
import { counted } from '../native/shared-areas.js';
import { POSITIONS } from './log-state.js';
import { state } from './state.js';

const { countedLogs, countedLogsMax, countedLogsOpen } = constants;

export interface Place {
  readonly positions: Float64Array;
  /** To be called once, when the log is closed. */
  release(): void;
}

/** A place for the log at `path`, which this thread opens. */
export function takePlace(path: string): Place {
  const { places } = state;
  counted[countedLogsOpen]! += 1;
  const number = places.free.pop() ?? places.taken;
  if (number === countedLogsMax) return { positions: new Float64Array(POSITIONS), release: countClosed };
  places.taken = Math.max(places.taken, number + 1);
  native.nameLog(number, path);
  const first = countedLogs + number * POSITIONS;
  const release = (): void => {
    native.nameLog(number, '');
    places.free.push(number);
    countClosed();
  };
  return { positions: counted.subarray(first, first + POSITIONS), release };
}

function countClosed(): void {
  counted[countedLogsOpen]! -= 1;
}
