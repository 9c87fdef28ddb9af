// Settings of one partition's log, under the names that topics have for them.

export interface LogConfig {
  /** segment.bytes: a segment ends before it gets longer, in bytes. */
  readonly segmentBytes: number;
  /** segment.ms: a segment ends so long after its first batch, in milliseconds. */
  readonly segmentMs: number;
  /** retention.bytes: the oldest segments go while the log is longer than this, in bytes; -1 keeps all. */
  readonly retentionBytes: number;
  /** retention.ms: segments go when their newest record is older than this, in milliseconds; -1 keeps all. */
  readonly retentionMs: number;
  /** max.message.bytes: longest batch that is accepted, in bytes. */
  readonly maxMessageBytes: number;
  /** message.timestamp.type */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** message.timestamp.difference.max.ms: a producer's times may differ so much from the broker's clock, in milliseconds. */
  readonly timestampDifferenceMs: number;
}

const MIB = 1024 * 1024;
const HOUR = 60 * 60 * 1000;

export const logDefaults: LogConfig = {
  segmentBytes: 1024 * MIB,
  segmentMs: 7 * 24 * HOUR,
  retentionBytes: -1,
  retentionMs: 7 * 24 * HOUR,
  maxMessageBytes: MIB + 12,
  timestampType: 'CreateTime',
  timestampDifferenceMs: Infinity,
};
