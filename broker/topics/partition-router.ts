// Partitions wherever they are: a call goes to the shard that owns the partition, which may be this one.
import type { IoBuf, Remote } from 'corebuf';
import type { AppendResult, OffsetResult, PartitionRead, PartitionService, ReadResult } from './partition-service.js';
import { shardOfPartition } from './topic.js';
import { aborted, after, firstOf } from './waits.js';
import type { Wait } from './waits.js';

/** Reason of signals that end a wait. An abort without one makes an error with a stack each time, which costs more than the wait. */
const WAIT_IS_OVER = new Error('the wait is over');

/** The methods of another shard that this router calls: a shard serves one object, so that they are called alike. */
export interface RemotePartitions {
  append: PartitionService['append'];
  read: PartitionService['read'];
  whenReadable: PartitionService['whenReadable'];
  findOffset: PartitionService['findOffset'];
  deleteRecords: PartitionService['deleteRecords'];
}

/** The shards of the broker as one of them sees them. */
export interface ShardMap {
  /** Index of this shard, and number of all. */
  readonly index: number;
  readonly shards: number;
  remote(shard: number): Remote<RemotePartitions>;
}

/** Batches that clients have sent to this shard, and those among them that another shard appended. */
export interface BatchCounts {
  received: number;
  hopped: number;
}

export class PartitionRouter {
  readonly #own: PartitionService;
  readonly #map: ShardMap;
  readonly #counts: BatchCounts;

  constructor(own: PartitionService, map: ShardMap, counts: BatchCounts) {
    this.#own = own;
    this.#map = map;
    this.#counts = counts;
  }

  /** Takes the chain. Two calls for one partition are appended in their order. */
  append(topicId: string, partition: number, records: IoBuf, acks: number): Promise<AppendResult> {
    const shard = shardOfPartition(topicId, partition, this.#map.shards);
    this.#counts.received++;
    if (shard !== this.#map.index) this.#counts.hopped++;
    return this.#at(shard).append(topicId, partition, records, acks);
  }

  /** What is there now, in the order of `reads`. Each shard is asked once. */
  async read(reads: readonly PartitionRead[]): Promise<ReadResult[]> {
    const byShard = [...this.#byShard(reads)];
    if (byShard.length === 1) return this.#at(byShard[0]![0]).read(reads);
    const results: ReadResult[] = [];
    const asked = byShard.map(async ([shard, places]) => {
      const found = await this.#at(shard).read(places.map((at) => reads[at]!));
      places.forEach((at, nth) => (results[at] = found[nth]!));
    });
    const ends = await Promise.allSettled(asked);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed === undefined) return results;
    for (const result of Object.values(results)) result.records.release();
    throw failed.reason;
  }

  /** Resolves when one of the partitions has more than its offset, when `signal` is aborted, and after so many milliseconds. */
  whenReadable(reads: readonly PartitionRead[], milliseconds: number, signal: AbortSignal): Promise<void> {
    const news = [...this.#byShard(reads)].map(([shard, places]) => this.#readable(shard, places.map((at) => reads[at]!)));
    return new Promise((resolve) => firstOf([aborted(signal), after(milliseconds), ...news])(resolve));
  }

  findOffset(topicId: string, partition: number, timestamp: bigint): Promise<OffsetResult> {
    return this.#of(topicId, partition).findOffset(topicId, partition, timestamp);
  }

  deleteRecords(topicId: string, partition: number, offset: bigint): Promise<OffsetResult> {
    return this.#of(topicId, partition).deleteRecords(topicId, partition, offset);
  }

  /** Without an AbortSignal for partitions of this shard: one costs more than all the rest of a Fetch. */
  #readable(shard: number, reads: readonly PartitionRead[]): Wait {
    if (shard === this.#map.index) return this.#own.readable(reads);
    return (told) => {
      const over = new AbortController();
      void this.#map.remote(shard).whenReadable(reads, over.signal).then(told, told);
      return () => over.abort(WAIT_IS_OVER);
    };
  }

  #of(topicId: string, partition: number): Remote<RemotePartitions> {
    return this.#at(shardOfPartition(topicId, partition, this.#map.shards));
  }

  #at(shard: number): Remote<RemotePartitions> {
    return shard === this.#map.index ? this.#own : this.#map.remote(shard);
  }

  /** Positions in `reads`, by the shard that owns the partition. */
  #byShard(reads: readonly PartitionRead[]): Map<number, number[]> {
    const byShard = new Map<number, number[]>();
    reads.forEach(({ topicId, partition }, at) => {
      const shard = shardOfPartition(topicId, partition, this.#map.shards);
      const places = byShard.get(shard);
      if (places === undefined) byShard.set(shard, [at]);
      else places.push(at);
    });
    return byShard;
  }
}
