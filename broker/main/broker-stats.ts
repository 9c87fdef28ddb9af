// The result of Broker.stats().
import type { ShardStats } from 'corebuf';

/** Counters of one shard of a broker since it started. */
export interface BrokerShardStats extends ShardStats {
  /** Batches that producers have sent over connections of this shard. */
  batchesReceived: number;
  /** Of these, batches that were appended by another shard, which owns their partition. */
  batchesHopped: number;
  /** Milliseconds that the garbage collector of V8 took in the thread of this shard. */
  gcMilliseconds: number;
  /** Bytes of V8's heap that the thread of this shard uses. */
  heapBytes: number;
}
