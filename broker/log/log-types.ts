// Arguments and results of a partition's log.

export interface AppendOptions {
  /** Written into the batch. */
  readonly leaderEpoch: number;
  /** -1, 0 or 1, as produce requests have it. */
  readonly acks: number;
}

export interface Appended {
  /** Offset of the first record: of its first copy, if the batch of an idempotent producer came again. */
  readonly baseOffset: bigint;
  /** Time of all records in milliseconds, if the broker sets it: of its first copy, likewise. -1 when the producer's times count. */
  readonly appendTime: bigint;
  /**
   * Resolves when the producer may be answered: with acks -1 when the batch survives a crash, else when it is in the log and not too much waits
   * to be written. A caller that waits for it before it takes more from a producer holds a bounded number of bytes. Rejects with a BrokerError.
   */
  readonly durable: Promise<void>;
}

export interface ReadOptions {
  /** Whether the first batch is returned even if it is longer than `maxBytes`. Default true. */
  readonly wholeFirst?: boolean;
}
