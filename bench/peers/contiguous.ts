// Code that a program would write by hand to decode one contiguous Buffer: no bounds but the engine's own.
const word = new DataView(new ArrayBuffer(8));

export class ContiguousReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  readUInt8(): number {
    return this.#bytes[this.#at++]!;
  }

  readUInt16BE(): number {
    const at = this.#at;
    this.#at = at + 2;
    return this.#view.getUint16(at);
  }

  readInt32BE(): number {
    const at = this.#at;
    this.#at = at + 4;
    return this.#view.getInt32(at);
  }

  readUInt32LE(): number {
    const at = this.#at;
    this.#at = at + 4;
    return this.#view.getUint32(at, true);
  }

  readBigInt64BE(): bigint {
    const at = this.#at;
    this.#at = at + 8;
    return this.#view.getBigInt64(at);
  }

  readDoubleBE(): number {
    const at = this.#at;
    this.#at = at + 8;
    return this.#view.getFloat64(at);
  }

  readUVarint(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
    }
    this.#at = at;
    return value >>> 0;
  }

  readVarint(): number {
    const value = this.readUVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  readUVarlong(): bigint {
    this.#readWord();
    word.setInt32(0, this.#low, true);
    word.setInt32(4, this.#high, true);
    return word.getBigUint64(0, true);
  }

  readVarlong(): bigint {
    this.#readWord();
    const sign = -(this.#low & 1);
    word.setInt32(0, ((this.#low >>> 1) | (this.#high << 31)) ^ sign, true);
    word.setInt32(4, (this.#high >>> 1) ^ sign, true);
    return word.getBigInt64(0, true);
  }

  #readWord(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift <= 28) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    this.#at = at;
    this.#low = low;
    this.#high = high;
  }
}
