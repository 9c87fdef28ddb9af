// Number of connections of this shard, where the threads of its group see it.
import { state } from './state.js';

export function countConnection(change: 1 | -1): void {
  Atomics.add(state.connectionCounts, state.connectionCountAt, change);
}

/** Counts the connections of this shard in `counts[at]`, which other threads read, and in which they count those that they hand over. */
export function countConnectionsIn(counts: Int32Array, at: number): void {
  Atomics.add(counts, at, Atomics.load(state.connectionCounts, state.connectionCountAt));
  state.connectionCounts = counts;
  state.connectionCountAt = at;
}
