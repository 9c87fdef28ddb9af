// The format of arguments and results between shards. A plain value is a tag and its bytes. A chain moves beside the encoding, which has
// only its length; the chains of a message travel in the order of these lengths.
//
//   undefined null false true │ int32 float64 │ bigint string wide bytes: length, bytes │ array object: count, items │
//   iobuf: length │ dma: length, alignment │ date: ms │ error: an object (error-codec.ts) │ signal │ stream: number
//
// Text is UTF-8. Text that UTF-8 cannot express (half a surrogate pair) is `wide`, in UTF-16.

export const tags = {
  undefined: 0, null: 1, false: 2, true: 3, int32: 4, float64: 5, bigint: 6, string: 7, bytes: 8,
  array: 9, object: 10, iobuf: 11, dma: 12, date: 13, error: 14, wide: 15, signal: 16, stream: 17,
} as const;

/** Levels of nesting of a value. A circular value reaches this limit, too. */
export const DEPTH_MAX = 64;

/** Bytes of one encoding, without the chains that travel beside it. */
export const ENCODED_MAX = 2 ** 30;
