// The JSON of the inspector: what one sample shows. Sizes are in bytes, latencies in microseconds, counters count since the shard began.
import type { IoClassStats, IoStats, Ledger, MemoryCounters, NetStats, ShardLatencies } from '../native/counters.js';
import type { StallReport } from '../shard/stalls.js';

/** All shards of a process at one moment, as `/stats.json` and each event of `/events` of the inspector show them. */
export interface InspectorSample {
  /** Time of the sample in the format of ISO 8601. */
  time: string;
  /** Number of the process. */
  pid: number;
  /** Version of Node in this process, such as 'v24.1.0'. */
  node: string;
  /** Seconds since the process began. */
  uptime: number;
  /** Shards of the process that have ended, and whose memory others still use. */
  deadShards: number;
  /** Upper bounds of the buckets of `distributions`, in microseconds. The last bucket has no bound. */
  bucketBounds: number[];
  /** Shards that have a thread, by their numbers. */
  shards: InspectedShard[];
}

/** Counters of one shard. Names and units are those of ShardStats. */
export interface InspectedShard {
  /** Number of the shard in the process. */
  id: number;
  /** Position of the shard in its group; null outside of groups. */
  index: number | null;
  /** Name that a shard of a group keeps when it is started again with another number, such as 'shard 0'. Unique in a sample. */
  name: string;
  /** Counters of the memory, without those that the shard would have to be asked for. */
  memory: Omit<MemoryCounters, 'lent' | 'remoteFreesPending'> & {
    /** Objects that were collected without having been released. */
    leaksReclaimed: number;
  };
  /** Messages put into the lanes to other shards. */
  lanes: {
    /** Number of the receiving shard. */
    to: number;
    /** Number of messages. */
    sent: number;
  }[];
  /** Number of requests and answers received. */
  messagesReceived: number;
  /** Calls that wait for `maxInFlight`. */
  callsQueued: number;
  /** Passes of the event loop. */
  turns: number;
  /** Turns longer than `stallThreshold`. */
  stalls: number;
  /** Latencies of calls, lanes and turns. */
  latencies: ShardLatencies;
  /** How many durations fell into each bucket, by `bucketBounds`. */
  distributions: {
    /** Answered calls to other shards. */
    calls: number[];
    /** Messages to this shard. */
    laneWaits: number[];
    /** Passes of the event loop. */
    turns: number[];
  };
  /** Bytes copied, shared and moved. */
  ledger: Ledger;
  /** Counters of files. */
  io: Omit<IoStats, 'engine' | 'classes'> & {
    /** I/O classes in the order in which they were made; the first is 'default'. */
    classes: InspectedIoClass[];
  };
  /** Counters of sockets. */
  net: Pick<NetStats, 'connections' | 'accepted' | 'connected' | 'closed' | 'failed' | 'bytesReceived' | 'bytesSent'>;
  /** Appenders that are open, at most 256. */
  appenders: InspectedAppender[];
  /** Number of all appenders that are open. */
  appendersOpen: number;
  /** Latest reports of stalls, at most 10, the oldest first. */
  stallReports: InspectedStall[];
}

/** Counters of one I/O class on one shard. */
export type InspectedIoClass = Pick<IoClassStats, 'name' | 'latency' | 'queued' | 'inFlight' | 'completed' | 'bytes' | 'waitedMicroseconds'>;

/** Positions of one SegmentAppender in its file, in bytes. */
export interface InspectedAppender {
  /** Path that the file was opened with. */
  path: string;
  /** Position behind the last accepted byte. */
  accepted: number;
  /** Position before which every byte has been written to the file. */
  written: number;
  /** Position before which every byte survives a crash. */
  durable: number;
}

/** A StallReport with its time. Without a handler or a stack, the property is absent. */
export type InspectedStall = Pick<StallReport, 'shard' | 'blockedFor' | 'onCpuFor' | 'suppressed'> & {
  /** Time of the report in the format of ISO 8601. */
  time: string;
  /** Name of the served method that was running, up to its first await. */
  handler?: string;
  /** JavaScript that was running when the turn became too long, as in the stack of an Error. */
  stack?: string;
};
