// How arguments and results cross between shards. Plain values are written as a tag and their bytes; chains are not written but
// moved, and only their lengths stand here, in the order in which the chains travel.
//
//   undefined null false true │ int32 float64 │ bigint string wide bytes: length, bytes │ array object: count, items │
//   IoBuf: length │ DmaBuffer: length, alignment │ Date: ms │ Error: an object (remote-error.ts) │ signal
//
// Text is UTF-8; what UTF-8 cannot say (half a surrogate pair) is `wide`, UTF-16.

export const tags = {
  undefined: 0, null: 1, false: 2, true: 3, int32: 4, float64: 5, bigint: 6, string: 7, bytes: 8,
  array: 9, object: 10, iobuf: 11, dma: 12, date: 13, error: 14, wide: 15, signal: 16,
} as const;

/** Circles end here. */
export const DEPTH_MAX = 64;

/** Bytes of one encoding, chains apart. */
export const ENCODED_MAX = 2 ** 30;
