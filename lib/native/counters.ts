// The shapes of what C++ counts. The public types of statistics extend them.

/** Counters of the memory of one shard. All sizes are in bytes. */
export interface MemoryCounters {
  /** Bytes that the shard may use. */
  budget: number;
  /** Bytes that may have memory behind them, bookkeeping included. */
  committed: number;
  /** Bytes of live slots and spans. */
  used: number;
  /** Bytes of the budget that are not used. */
  free: number;
  /** Number of chains, buffers and other objects that are alive. */
  liveObjects: number;
  /** Bytes of slab memory that live buffers hold, without what size classes add; `used` includes it. */
  pinned: number;
  /** Bytes of JavaScript's memory that live buffers hold (IoBuf.wrap): views count, not the whole ArrayBuffers that they pin. */
  wrapped: number;
  /**
   * Bytes of both that chains refer to, on whatever shard; what several share counts for each. Far below `pinned`, small shares hold
   * large buffers: IoBuf.from(share) lets go of them. Bytes that another shard has trimmed count until the buffer is gone.
   */
  referenced: number;
  /**
   * Bytes of `referenced` that this shard's own objects do not refer to: other shards hold them, or operations that are under way. To count
   * them costs some nanoseconds for each chain of this shard.
   */
  lent: number;
  /** Number of slots and spans allocated so far. */
  allocations: number;
  /** Number of slots and spans freed so far. */
  frees: number;
  /** Number of allocations that found the budget spent. */
  failures: number;
  /** Requests for more than 128 KiB in one piece: what fragmentation can refuse while memory is free. */
  largeRequests: number;
  /** Number of objects of other shards that this shard has sent home. */
  remoteFreesSent: number;
  /** Number of objects that other shards have sent home to this one. */
  remoteFreesReceived: number;
  /** Number of objects of other shards that wait to be sent home. */
  remoteFreesPending: number;
  /** Size classes of the slabs. */
  classes: {
    /** Bytes of a slot. */
    size: number;
    /** Number of slots in use. */
    used: number;
    /** Number of free slots. */
    free: number;
    /** Number of slabs of this class. */
    slabs: number;
  }[];
}

/** Counts of payload bytes of one shard: each byte is copied, shared or moved. */
export interface Ledger {
  /** Bytes that were copied, by place: append, copyTo, toBuffer, message, receive. */
  copied: Record<string, number>;
  /** Bytes that a chain refers to because `share()` said so. */
  shared: number;
  /** Bytes that went from one chain to another. */
  moved: number;
}

/** Counters of one I/O class on one shard. */
export interface IoClassStats {
  /** Latencies of all reads and writes of the class since the shard began. */
  latency: LatencyStats;
  /** Name that ioClass() was called with. */
  name: string;
  /** Shares of the class, 1 to 1000. */
  shares: number;
  /** Latency goal of the class in microseconds; 0: none. */
  latencyGoal: number;
  /** Time in microseconds within which half of the recent reads and writes ended, from handing one to the engine until the shard learned of its end. */
  latencyP50: number;
  /** Time in microseconds within which 99 % of the recent reads and writes ended. */
  latencyP99: number;
  /** Reads and writes that wait until it is their turn to be handed to the engine. */
  queued: number;
  /** Number of reads and writes that the engine has. */
  inFlight: number;
  /** Number of reads and writes that have ended. */
  completed: number;
  /** Bytes of the reads and writes that have ended. */
  bytes: number;
  /** Microseconds for which the scheduler has held reads and writes back, for all of them together. */
  waitedMicroseconds: number;
}

/** Counters of the files of one shard. */
export interface IoStats {
  /** Name of the engine: 'io_uring' or 'threads'. */
  engine: string;
  /** Number of reads. */
  reads: number;
  /** Number of writes. */
  writes: number;
  /** Number of syncs. */
  syncs: number;
  /** Bytes read. */
  bytesRead: number;
  /** Bytes written. */
  bytesWritten: number;
  /** Number of operations that have not ended. */
  inFlight: number;
  /** Number of submissions to the engine; operations of one turn share one. */
  submits: number;
  /** In the order in which they were made; the first is 'default'. */
  classes: IoClassStats[];
}

/** Counters of the sockets of one shard since it opened its first. */
export interface NetStats {
  /** How the shard asks which sockets are ready: 'epoll', or 'poll' where there is no epoll; 'none' before the first socket. */
  poller: string;
  /** Number of connections that are open or being opened, or whose end has not been told yet. */
  connections: number;
  /** Number of listeners. */
  listeners: number;
  /** Number of connections accepted. */
  accepted: number;
  /** How often the system could not give a connection that waited, for want of descriptors or memory for example. */
  acceptFailures: number;
  /** Number of connections that this shard has opened. */
  connected: number;
  /** Number of connections that other shards have handed over to this one. */
  adopted: number;
  /** Number of connections that this shard has handed over to others. */
  handedOver: number;
  /** Number of connections closed, for whatever reason. */
  closed: number;
  /** Of these, connections that an error has closed. */
  failed: number;
  /** Of these, connections whose peer took nothing for longer than their idle limit. */
  idleEnded: number;
  /** Of the failed ones, connections whose reading rested for want of memory for longer than their idle limit. */
  starvedEnded: number;
  /** Bytes received. */
  bytesReceived: number;
  /** Bytes that the kernel has taken to send. */
  bytesSent: number;
  /** Number of system calls that received, those that found nothing included. */
  receives: number;
  /** Number of system calls that sent, those that were refused included. */
  sends: number;
  /** Number of system calls that asked which sockets are ready. */
  polls: number;
  /** How often the kernel took less than it was given. */
  partialSends: number;
  /** How often a connection stopped reading because too much of its input was not consumed. */
  pausesFull: number;
  /** How often a connection stopped reading because too much of what was written to it waited to be sent. */
  pausesUnsent: number;
  /** How often reading stopped because the budget of the shard was spent. */
  pausesStarved: number;
}

/** Counters of one shard; ShardStats adds the rest. */
export interface ShardCounters {
  /** Latencies of calls, lanes and turns. */
  latencies: ShardLatencies;
  /** Lanes to other shards. */
  lanes: {
    /** Number (`id`) of the other shard. */
    to: number;
    /** Number of messages sent to it. */
    sent: number;
    /** Number of messages received from it. */
    received: number;
    /** Number of messages that the lane has no room for yet, and of calls that wait for `maxInFlight`. */
    waiting: number;
  }[];
  /** Passes of the event loop since the shard was attached. */
  turns: number;
  /** Turns longer than stallThreshold, whether they were reported or not. */
  stalls: number;
  /**
   * Those that had a processor for longer than stallThreshold: what they did was too long. The others waited: for a processor that others
   * use, or for the system in a synchronous call.
   */
  stallsOnCpu: number;
  /** Microseconds of work in the longest turn. */
  longestTurn: number;
  /** How many turns took how long: [0] below 1 µs, [n] from 2^(n-1) µs to below 2^n µs, the last (23) all that were longer. */
  turnLengths: number[];
  /** Bytes copied, shared and moved. */
  ledger: Ledger;
  /** Counters of files. */
  io: IoStats;
}

/** Durations of one kind on one shard since it began, in microseconds. A quantile is at most an eighth too large. */
export interface LatencyStats {
  /** Number of durations. */
  count: number;
  /** Mean of all. */
  mean: number;
  /** Duration within which half of all ended. */
  p50: number;
  /** Duration within which 90 % ended. */
  p90: number;
  /** Duration within which 99 % ended. */
  p99: number;
  /** Duration within which 99.9 % ended. */
  p999: number;
  /** The longest, exactly. */
  longest: number;
}

/** Latencies of one shard, as stats() returns them; those of I/O are in `io.classes`. */
export interface ShardLatencies {
  /** Answered calls to other shards, from the end of the turn that made one until its answer is here. Calls of streams for their next value count too. */
  calls: LatencyStats;
  /** Requests and answers to this shard, from the end of the sender's turn until this shard takes one. */
  laneWaits: LatencyStats;
  /** Turns, without the time that they sleep. */
  turns: LatencyStats;
}

/** The same as C++ keeps them. */
export type NativeCounters = Omit<ShardCounters, 'latencies' | 'io'> & { io: Omit<IoStats, 'classes'> & { classes: Omit<IoClassStats, 'latency'>[] } };

/** A metric as C++ lists it. */
export interface ListedMetric {
  readonly name: string;
  readonly label: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
}

/** The names of all values, and the bounds of the buckets in nanoseconds. */
export interface MetricLists {
  readonly shard: readonly ListedMetric[];
  readonly ioClass: readonly ListedMetric[];
  readonly bounds: readonly number[];
}

/** A histogram: nanoseconds, and cumulative counts by bound. */
export interface Buckets {
  readonly within: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** Metrics of one shard; `values` are in the order of the list. */
export interface ShardMetrics {
  readonly id: number;
  /** -1 outside of groups. */
  readonly index: number;
  readonly values: readonly number[];
  readonly ioClasses: readonly { readonly name: string; readonly values: readonly number[]; readonly latency: Buckets }[];
  readonly sent: readonly { readonly to: number; readonly messages: number }[];
  readonly calls: Buckets;
  readonly laneWaits: Buckets;
  readonly turns: Buckets;
}

/** The same, and what only the inspector shows. */
export interface InspectedMetrics extends ShardMetrics {
  readonly classes: MemoryCounters['classes'];
  readonly appenders: readonly { readonly path: string; readonly accepted: number; readonly written: number; readonly durable: number }[];
  /** Reports of stalls as JSON, the oldest first. */
  readonly stalls: readonly string[];
  /** Those of I/O are in the order of `ioClasses`. */
  readonly latencies: ShardLatencies & { readonly io: readonly LatencyStats[] };
}
