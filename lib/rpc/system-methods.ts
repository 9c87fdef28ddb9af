// Numbers of the methods that every shard answers. They lie above the numbers of any service.
const FIRST = 0x8000_0000;

export const SYSTEM_METHODS = {
  /** The statistics of the shard. */
  stats: FIRST,
  /** Ends the call that has the given number on the calling shard. */
  abort: FIRST + 1,
  /** Calls a method by its name, which is the last argument. */
  byName: FIRST + 2,
  /** Asks for the next value of the stream that has the given number on the called shard. */
  nextOfStream: FIRST + 3,
  /** Ends that stream. */
  stopStream: FIRST + 4,
  /** Listens to a port that all shards of the group share; unlisten ends that. */
  listen: FIRST + 5,
  unlisten: FIRST + 6,
  /** Tells the thread that started the group that a shard could not accept a connection. */
  acceptFailed: FIRST + 7,
  /** Takes a connection that another shard has given away. */
  takeConnection: FIRST + 8,
  /** Sets a sharded value: from a shard to the thread that started it. */
  setValue: FIRST + 16,
  /** Passes a sharded value on: from a thread to the shards that it started. */
  updateValue: FIRST + 17,
  /** Asks for all sharded values, and for later ones. */
  followValues: FIRST + 18,
} as const;
