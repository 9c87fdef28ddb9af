// Places in a log that ListOffsets names by timestamps below 0.

export const offsetPlaces = {
  /** Behind the last record. */
  LATEST: -1n,
  EARLIEST: -2n,
  OF_MAX_TIMESTAMP: -3n,
  EARLIEST_LOCAL: -4n,
  /** The two in tiered storage, which this broker does not have. */
  LATEST_TIERED: -5n,
  EARLIEST_PENDING_UPLOAD: -6n,
} as const;
