// What may be given where bytes are copied from.
export type Bytes = ArrayBufferView | ArrayBufferLike;
