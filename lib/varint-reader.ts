// Varints: seven bits a byte, the lowest first, all but the last byte with the high bit set (LEB128). Signed ones are zigzag:
// 0, -1, 1, -2, … are encoded as 0, 1, 2, 3, … Both as in the Protocol Buffers encoding
// (protobuf.dev/programming-guides/encoding) and in Kafka.
import { NumberReader } from './number-reader.js';
import { outOfBounds } from './errors.js';

const BYTES_32 = 5;
const BYTES_64 = 10;
/** A value of 64 bits on its way to a bigint: one allocation, where shifting bigints would take several. */
const word = new DataView(new ArrayBuffer(8));

/**
 * Encodings need not be the shortest: 0x80 0x00 is 0, as it is to protobuf and Kafka. Errors leave the position:
 * ERR_OUT_OF_BOUNDS for a varint that is cut off, to be read again when more bytes have come; a RangeError with code
 * ERR_OUT_OF_RANGE for one of more than 5 (or 10) bytes, or with bits beyond 32 (or 64), which more bytes cannot mend.
 * Once the chain is released: ERR_RELEASED. Each costs O(1); nothing is copied.
 *
 * @example
 * using chain = new IoBuf().appendUVarint(300).appendVarint(-2n);
 * const reader = chain.reader();
 * [reader.readUVarint(), reader.readVarlong()]; // [300, -2n]
 */
export abstract class VarintReader extends NumberReader {
  /** Unsigned, of at most 32 bits. Protobuf writes a negative int32 as 64 bits: read that with readUVarlong(). */
  readUVarint(): number {
    const { at, bytes } = this;
    if (at + BYTES_32 > this.limit || this.version !== this.handle.version) return this.#uvarintSlow();
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

  /** Zigzag, of at most 32 bits. */
  readVarint(): number {
    const value = this.readUVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Unsigned, of at most 64 bits. */
  readUVarlong(): bigint {
    this.#readWord();
    return word.getBigUint64(0, true);
  }

  /** Zigzag, of at most 64 bits. */
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
    const count = this.together(BYTES_32);
    let value = 0;
    for (let taken = 0; taken < count; taken++) {
      const byte = this.bytes[this.at + taken]!;
      value += (byte & 0x7f) * 2 ** (7 * taken);
      if (byte >= 0x80) continue;
      if (value > 0xffff_ffff) throw tooLarge(32);
      this.at += taken + 1;
      return value;
    }
    throw unended(count, BYTES_32);
  }

  /** Into `word`. */
  #readWord(): void {
    const fits = this.at + BYTES_64 <= this.limit && this.version === this.handle.version;
    const count = fits ? BYTES_64 : this.together(BYTES_64);
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
    throw unended(count, BYTES_64);
  }
}

/** After `count` bytes, all of which say that more follow. */
function unended(count: number, most: number): Error {
  return count < most ? outOfBounds('read', count + 1, count) : tooLarge(most === BYTES_32 ? 32 : 64);
}

function tooLarge(bits: number): RangeError {
  return Object.assign(new RangeError(`this is no varint of at most ${bits} bits`), { code: 'ERR_OUT_OF_RANGE' });
}
