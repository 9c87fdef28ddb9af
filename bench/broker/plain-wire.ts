// Reading requests from a Buffer, and writing answers as Buffers: fields of old versions of the protocol, which have no tagged ones.

export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  i16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  i32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  i64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  string(): string | null {
    const length = this.i16();
    if (length < 0) return null;
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** A view. */
  bytes(): Buffer {
    const length = this.i32();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.i32()) }, item);
  }
}

export class Writer {
  readonly #parts: Buffer[] = [];
  #buffer = Buffer.allocUnsafe(4096);
  #at = 4;
  #start = 0;

  i8(value: number): this {
    this.#at = this.#room(1).writeInt8(value, this.#at);
    return this;
  }

  i16(value: number): this {
    this.#at = this.#room(2).writeInt16BE(value, this.#at);
    return this;
  }

  i32(value: number): this {
    this.#at = this.#room(4).writeInt32BE(value, this.#at);
    return this;
  }

  i64(value: bigint): this {
    this.#at = this.#room(8).writeBigInt64BE(value, this.#at);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.i16(-1);
    const length = Buffer.byteLength(value);
    this.i16(length);
    this.#room(length).write(value, this.#at);
    this.#at += length;
    return this;
  }

  /** Without a copy. */
  parts(buffers: readonly Buffer[]): this {
    this.#close();
    this.#parts.push(...buffers);
    return this;
  }

  /** All parts, with the size in front. */
  frame(): Buffer[] {
    this.#close();
    this.#parts[0]!.writeInt32BE(this.#parts.reduce((sum, { length }) => sum + length, 0) - 4, 0);
    return this.#parts;
  }

  #room(bytes: number): Buffer {
    if (this.#at + bytes <= this.#buffer.length) return this.#buffer;
    this.#close();
    this.#buffer = Buffer.allocUnsafe(Math.max(4096, bytes));
    this.#at = this.#start = 0;
    return this.#buffer;
  }

  #close(): void {
    if (this.#at > this.#start) this.#parts.push(this.#buffer.subarray(this.#start, this.#at));
    this.#start = this.#at;
  }
}
