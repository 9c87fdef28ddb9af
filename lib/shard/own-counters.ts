// Counters of this shard as C++ keeps them, with the latencies beside them.
import { native } from '../native/binding.js';
import type { ShardCounters } from '../native/counters.js';

export function ownCounters(): ShardCounters {
  const { io, ...counted } = native.shardStats();
  const { io: ofClasses, ...latencies } = native.latencies();
  const classes = io.classes.map((its, number) => ({ ...its, latency: ofClasses[number]! }));
  return { ...counted, latencies, io: { ...io, classes } };
}
