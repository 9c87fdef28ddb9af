// Reads base-128 varints (LEB128): seven bits a byte, the least significant first, and the high bit set in every byte but the last. Signed
// values are zigzag: 0, -1, 1, -2, … are encoded as 0, 1, 2, 3, … Kafka and Protocol Buffers (protobuf.dev/programming-guides/encoding)
// use both.
import { ReadNumbers } from './read-numbers.js';
import { rangeError } from '../base/arguments.js';
import { outOfBounds } from '../base/errors.js';
import { VARINT_MAX, VARLONG_MAX, word } from './varint.js';

/**
 * Methods of IoBufReader that read varints. An encoding need not be the shortest one: 0x80 0x00 is 0, as in protobuf and Kafka. O(1).
 *
 * Each throws ERR_RELEASED, ERR_OUT_OF_BOUNDS when the varint is cut off, and a RangeError with code ERR_OUT_OF_RANGE when it has more than 5
 * bytes or 32 bits (10 bytes or 64 bits for a varlong). The position is unchanged then. After ERR_OUT_OF_BOUNDS the same read can be made
 * again when more bytes were appended; after ERR_OUT_OF_RANGE the data is corrupt.
 *
 * @example
 * using chain = new IoBuf().appendUVarint(300).appendVarlong(-2n);
 * const reader = chain.reader();
 * [reader.readUVarint(), reader.readVarlong()]; // [300, -2n]
 */
export abstract class ReadVarints extends ReadNumbers {
  /** Reads an unsigned varint of at most 32 bits (1 to 5 bytes). Protobuf writes a negative int32 with 64 bits: read it with readUVarlong(). */
  readUVarint(): number {
    const { at, bytes } = this;
    if (at + VARINT_MAX > this.limit || this.version !== this.handle.version) return this.#uvarintSlow();
    let end = at + 1;
    let byte = bytes[at]!;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      byte = bytes[end++]!;
      value |= (byte & 0x7f) << 7;
      if (byte >= 0x80) {
        byte = bytes[end++]!;
        value |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[end++]!;
          value |= (byte & 0x7f) << 21;
          if (byte >= 0x80) {
            byte = bytes[end++]!;
            if (byte > 0x0f) throw tooLarge(32);
            value = (value | (byte << 28)) >>> 0;
          }
        }
      }
    }
    this.at = end;
    return value;
  }

  /** Reads a zigzag varint of at most 32 bits (1 to 5 bytes). */
  readVarint(): number {
    const value = this.readUVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Reads an unsigned varint of at most 64 bits (1 to 10 bytes) as a bigint. */
  readUVarlong(): bigint {
    this.#readWord();
    return word.getBigUint64(0, true);
  }

  /** Reads a zigzag varint of at most 64 bits (1 to 10 bytes) as a bigint. */
  readVarlong(): bigint {
    this.#readWord();
    const low = word.getInt32(0, true);
    const high = word.getInt32(4, true);
    const sign = -(low & 1);
    word.setInt32(0, ((low >>> 1) | (high << 31)) ^ sign, true);
    word.setInt32(4, (high >>> 1) ^ sign, true);
    return word.getBigInt64(0, true);
  }

  #uvarintSlow(): number {
    const count = this.together(VARINT_MAX);
    let value = 0;
    for (let taken = 0; taken < count; taken++) {
      const byte = this.bytes[this.at + taken]!;
      value += (byte & 0x7f) * 2 ** (7 * taken);
      if (byte >= 0x80) continue;
      if (value > 0xffff_ffff) throw tooLarge(32);
      this.at += taken + 1;
      return value;
    }
    throw unended(count, VARINT_MAX);
  }

  /** Reads an unsigned varint of at most 64 bits into `word`. */
  #readWord(): void {
    const fits = this.at + VARLONG_MAX <= this.limit && this.version === this.handle.version;
    const count = fits ? VARLONG_MAX : this.together(VARLONG_MAX);
    const { at, bytes } = this;
    let low = 0;
    let high = 0;
    for (let taken = 0, shift = 0; taken < count; taken++, shift += 7) {
      const byte = bytes[at + taken]!;
      const bits = byte & 0x7f;
      if (shift <= 28) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte >= 0x80) continue;
      if (shift === 63 && bits > 1) throw tooLarge(64);
      this.at = at + taken + 1;
      word.setInt32(0, low, true);
      word.setInt32(4, high, true);
      return;
    }
    throw unended(count, VARLONG_MAX);
  }
}

/** The error for a varint of which `count` bytes are there, and none of them is the last. */
function unended(count: number, most: number): Error {
  return count < most ? outOfBounds('read: length', count + 1, count) : tooLarge(most === VARINT_MAX ? 32 : 64);
}

function tooLarge(bits: number): RangeError {
  return rangeError(`the varint at the position must have at most ${bits} bits; received a longer one`);
}
