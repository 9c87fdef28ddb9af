// The primitive types of the wire: how each is read from a chain and written behind one.
import type { IoBuf, IoBufReader } from 'corebuf';

/** Bytes that are no message of the protocol: a length past the end, a null where none may be, an unknown version. */
export class MalformedError extends Error {}

/** A place in a frame from which a message is read. */
export interface Source {
  readonly reader: IoBufReader;
  /** Array elements that the message may still have: bounds the memory that one message takes. */
  itemsLeft: number;
  /** Chains that were shared with fields of the message: to be released when the message has been handled. */
  readonly shared: IoBuf[];
}

/** Reads and writes values of one type. */
export interface Codec<T> {
  read(from: Source): T;
  write(to: IoBuf, value: T): void;
  /** Value of a field that is absent and has no other default. */
  readonly zero: T;
}

export const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Types whose wire form is the same in all versions. */
export const fixed = {
  bool: codec<boolean>(false, ({ reader }) => reader.readUInt8() !== 0, (to, value) => to.appendUInt8(value ? 1 : 0)),
  i8: codec<number>(0, ({ reader }) => reader.readInt8(), (to, value) => to.appendInt8(value)),
  i16: codec<number>(0, ({ reader }) => reader.readInt16BE(), (to, value) => to.appendInt16BE(value)),
  u16: codec<number>(0, ({ reader }) => reader.readUInt16BE(), (to, value) => to.appendUInt16BE(value)),
  i32: codec<number>(0, ({ reader }) => reader.readInt32BE(), (to, value) => to.appendInt32BE(value)),
  u32: codec<number>(0, ({ reader }) => reader.readUInt32BE(), (to, value) => to.appendUInt32BE(value)),
  i64: codec<bigint>(0n, ({ reader }) => reader.readBigInt64BE(), (to, value) => to.appendBigInt64BE(value)),
  uuid: codec<string>(NO_UUID, readUuid, (to, value) => to.append(value, 'base64url')),
};

function codec<T>(zero: T, read: (from: Source) => T, write: (to: IoBuf, value: T) => unknown): Codec<T> {
  return { zero, read, write };
}

function readUuid({ reader }: Source): string {
  return reader.readString(16, 'base64url');
}

/** How lengths are written: 16 or 32 bits, or compact as an unsigned varint of length + 1. -1 stands for null. */
export interface Lengths {
  read(from: Source): number;
  write(to: IoBuf, length: number): void;
}

export const lengths16: Lengths = {
  read: ({ reader }) => reader.readInt16BE(),
  write: (to, length) => void to.appendInt16BE(length),
};
export const lengths32: Lengths = {
  read: ({ reader }) => reader.readInt32BE(),
  write: (to, length) => void to.appendInt32BE(length),
};
export const compactLengths: Lengths = {
  read: ({ reader }) => reader.readUVarint() - 1,
  write: (to, length) => void to.appendUVarint(length + 1),
};

/** A length that the bytes behind it can hold, or -1 for null. */
export function readLength(lengths: Lengths, from: Source): number {
  const length = lengths.read(from);
  if (length < -1 || length > from.reader.remaining) {
    throw new MalformedError(`a length of ${length} is not possible where ${from.reader.remaining} bytes are left`);
  }
  return length;
}

/** Bytes of a string, at most. A longer one of a newer version could not be in an answer of an older one. */
const STRING_BYTES_MAX = 32_767;

export function stringCodec(lengths: Lengths): Codec<string | null> {
  return {
    zero: '',
    read(from) {
      const length = readLength(lengths, from);
      if (length > STRING_BYTES_MAX) throw new MalformedError(`a string may have ${STRING_BYTES_MAX} bytes at most, not ${length}`);
      return length < 0 ? null : from.reader.readString(length);
    },
    write(to, value) {
      if (value === null) return lengths.write(to, -1);
      lengths.write(to, Buffer.byteLength(value));
      to.append(value);
    },
  };
}

export function bytesCodec(lengths: Lengths): Codec<Uint8Array | null> {
  return {
    zero: Buffer.alloc(0),
    read(from) {
      const length = readLength(lengths, from);
      return length < 0 ? null : from.reader.readBytes(length);
    },
    write(to, value) {
      lengths.write(to, value === null ? -1 : value.length);
      if (value !== null) to.append(value);
    },
  };
}

/** Record batches are never copied: reading shares them, and writing takes the chain, which is empty afterwards. */
export function recordsCodec(lengths: Lengths): Codec<IoBuf | null> {
  return {
    zero: null,
    read(from) {
      const length = readLength(lengths, from);
      if (length < 0) return null;
      const records = from.reader.share(length);
      from.shared.push(records);
      return records;
    },
    write(to, value) {
      lengths.write(to, value === null ? -1 : value.length);
      if (value !== null) to.take(value);
    },
  };
}
