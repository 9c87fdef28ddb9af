// Fields from a bl: either from its front, each consumed when it has been read, or at rising offsets, which changes nothing.
import type { BufferList } from './buffer-list.js';

export class BufferListReader {
  readonly #list: BufferList;
  readonly #consuming: boolean;
  #at: number;

  constructor(list: BufferList, start?: number) {
    this.#list = list;
    this.#consuming = start === undefined;
    this.#at = start ?? 0;
  }

  readUInt8(): number {
    return this.#passed(1, this.#list.readUInt8(this.#at));
  }

  readUInt16BE(): number {
    return this.#passed(2, this.#list.readUInt16BE(this.#at));
  }

  readInt32BE(): number {
    return this.#passed(4, this.#list.readInt32BE(this.#at));
  }

  readUInt32LE(): number {
    return this.#passed(4, this.#list.readUInt32LE(this.#at));
  }

  readBigInt64BE(): bigint {
    return this.#passed(8, this.#list.readBigInt64BE(this.#at));
  }

  readDoubleBE(): number {
    return this.#passed(8, this.#list.readDoubleBE(this.#at));
  }

  readUVarint(): number {
    let value = 0;
    let shift = 0;
    let at = 0;
    for (let byte = 0x80; byte >= 0x80; shift += 7) {
      byte = this.#list.get(this.#at + at++)!;
      value |= (byte & 0x7f) << shift;
    }
    return this.#passed(at, value >>> 0);
  }

  readVarint(): number {
    const value = this.readUVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  readUVarlong(): bigint {
    let value = 0n;
    let at = 0;
    for (let byte = 0x80; byte >= 0x80; at++) {
      byte = this.#list.get(this.#at + at)!;
      value |= BigInt(byte & 0x7f) << BigInt(7 * at);
    }
    return this.#passed(at, value);
  }

  readVarlong(): bigint {
    const value = this.readUVarlong();
    return (value >> 1n) ^ -(value & 1n);
  }

  #passed<T>(length: number, value: T): T {
    if (this.#consuming) this.#list.consume(length);
    else this.#at += length;
    return value;
  }
}
