// How arguments and results cross between shards. Plain values are written as a tag and their bytes; chains are not written but
// moved, and only their lengths stand here, in the order in which the chains travel.
//
//   undefined null false true │ int32 float64 │ bigint string bytes: length, bytes │ array object: count, items │
//   IoBuf: length │ DmaBuffer: length, alignment │ Date: ms │ Error: name, message, stack, code, details
import { invalidType } from './checks.js';
import { DmaBuffer, dmaFrom, dmaHandle } from './dma-buffer.js';
import { decodeError, encodeError, isError } from './remote-error.js';
import { outgoingBody } from './exchange.js';
import type { Handle } from './handle.js';
import { IoBuf, iobufFrom, iobufHandle } from './iobuf.js';

const tags = {
  undefined: 0, null: 1, false: 2, true: 3, int32: 4, float64: 5, bigint: 6, string: 7, bytes: 8,
  array: 9, object: 10, iobuf: 11, dma: 12, date: 13, error: 14,
} as const;

const DEPTH_MAX = 64;

/** Gives the next chain of the message that is being decoded. */
export type Claim = (length: number) => Handle;

export class Encoder {
  /** Begins as the shared area; becomes a buffer of its own when that is too small. */
  bytes: Buffer = outgoingBody;
  length = 0;
  /** Chains that travel along, and what to call them in errors. */
  readonly parcels: Handle[] = [];
  #room = outgoingBody.length;

  reset(): void {
    this.bytes = outgoingBody;
    this.#room = outgoingBody.length;
    this.length = 0;
    if (this.parcels.length > 0) this.parcels.length = 0;
  }

  /** False once the encoding has outgrown the shared area. */
  get shared(): boolean {
    return this.bytes === outgoingBody;
  }

  value(value: unknown, name: string, depth = 0): void {
    switch (typeof value) {
      case 'undefined':
        return this.#tag(tags.undefined);
      case 'boolean':
        return this.#tag(value ? tags.true : tags.false);
      case 'number':
        return this.#number(value);
      case 'string':
        return this.#text(tags.string, value);
      case 'bigint':
        return this.#text(tags.bigint, value.toString(16));
      case 'object':
        return value === null ? this.#tag(tags.null) : this.#object(value, name, depth);
      default:
        throw unsupported(name, value);
    }
  }

  #tag(tag: number): void {
    this.#need(1);
    this.bytes[this.length++] = tag;
  }

  #number(value: number): void {
    this.#need(9);
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.bytes[this.length] = tags.int32;
      this.bytes.writeInt32LE(value, this.length + 1);
      this.length += 5;
    } else {
      this.bytes[this.length] = tags.float64;
      this.bytes.writeDoubleLE(value, this.length + 1);
      this.length += 9;
    }
  }

  #double(value: number): void {
    this.#need(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  #count(tag: number, count: number): void {
    this.#need(5);
    this.bytes[this.length] = tag;
    this.bytes.writeUInt32LE(count, this.length + 1);
    this.length += 5;
  }

  #text(tag: number, text: string): void {
    // Three bytes per UTF-16 unit at most: short strings need not be measured first.
    const most = text.length * 3;
    const least = most <= 512 ? most : Buffer.byteLength(text);
    this.#need(5 + least);
    const written = this.bytes.write(text, this.length + 5);
    this.bytes[this.length] = tag;
    this.bytes.writeUInt32LE(written, this.length + 1);
    this.length += 5 + written;
  }

  #raw(bytes: Uint8Array): void {
    this.#count(tags.bytes, bytes.length);
    this.#need(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #object(value: object, name: string, depth: number): void {
    if (depth === DEPTH_MAX) throw invalidType(name, `nested at most ${DEPTH_MAX} deep and not circular`, value);
    if (value instanceof IoBuf) return this.#parcel(tags.iobuf, iobufHandle(value), 'IoBuf', name);
    if (value instanceof DmaBuffer) {
      this.#parcel(tags.dma, dmaHandle(value), 'DmaBuffer', name);
      return this.#double(value.alignment);
    }
    if (Array.isArray(value)) {
      this.#count(tags.array, value.length);
      for (let at = 0; at < value.length; at++) this.value(value[at], `${name}[${at}]`, depth + 1);
      return;
    }
    if (isUint8Array(value)) return this.#raw(value);
    if (isError(value)) {
      this.#tag(tags.error);
      return this.value(encodeError(value), name, depth + 1);
    }
    if (Object.prototype.toString.call(value) === '[object Date]') {
      this.#tag(tags.date);
      return this.#double((value as Date).getTime());
    }
    if (!isPlain(value)) throw unsupported(name, value);
    const entries = Object.entries(value);
    this.#count(tags.object, entries.length);
    for (const [key, item] of entries) {
      this.#text(tags.string, key);
      this.value(item, `${name}.${key}`, depth + 1);
    }
  }

  #parcel(tag: number, handle: Handle, what: string, name: string): void {
    handle.slot(what);
    if (this.parcels.includes(handle)) throw invalidType(name, `another ${what}: the same one cannot be moved twice`, what);
    this.parcels.push(handle);
    this.#tag(tag);
    this.#double(handle.length);
  }

  /** Keeps four bytes per chain free at the end of the shared area, where their slots are listed. */
  #need(bytes: number): void {
    if (this.length + bytes + this.parcels.length * 4 + 8 <= this.#room) return;
    const grown = Buffer.allocUnsafeSlow(Math.max((this.length + bytes) * 2 + this.parcels.length * 4, 1024));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.#room = grown.length;
  }
}

export class Decoder {
  #bytes: Buffer;
  #at: number;
  readonly #claim: Claim;

  constructor(bytes: Buffer, at: number, claim: Claim) {
    this.#bytes = bytes;
    this.#at = at;
    this.#claim = claim;
  }

  value(): unknown {
    const tag = this.#bytes[this.#at++];
    switch (tag) {
      case tags.undefined:
        return undefined;
      case tags.null:
        return null;
      case tags.false:
        return false;
      case tags.true:
        return true;
      case tags.int32:
        return this.#bytes.readInt32LE((this.#at += 4) - 4);
      case tags.float64:
        return this.#double();
      case tags.bigint:
        return parseHex(this.#text());
      case tags.string:
        return this.#text();
      case tags.bytes:
        return this.#raw();
      case tags.array:
        return this.#array();
      case tags.object:
        return this.#object();
      case tags.iobuf:
        return iobufFrom(this.#claim(this.#double()));
      case tags.dma: {
        const handle = this.#claim(this.#double());
        return dmaFrom(handle, this.#double());
      }
      case tags.date:
        return new Date(this.#double());
      case tags.error:
        return decodeError(this.value());
      default:
        throw new Error(`unknown tag ${tag} in a message`);
    }
  }

  #count(): number {
    return this.#bytes.readUInt32LE((this.#at += 4) - 4);
  }

  #double(): number {
    return this.#bytes.readDoubleLE((this.#at += 8) - 8);
  }

  #text(): string {
    const length = this.#count();
    return this.#bytes.toString('utf8', this.#at, (this.#at += length));
  }

  #raw(): Buffer {
    const length = this.#count();
    const start = this.#at;
    this.#at += length;
    return Buffer.from(this.#bytes.subarray(start, this.#at));
  }

  #array(): unknown[] {
    const count = this.#count();
    const items: unknown[] = [];
    for (let at = 0; at < count; at++) items.push(this.value());
    return items;
  }

  #object(): Record<string, unknown> {
    const count = this.#count();
    const object: Record<string, unknown> = {};
    for (let at = 0; at < count; at++) {
      this.#at++;
      const key = this.#text();
      const value = this.value();
      // '__proto__' as a key is data here, never a prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      else object[key] = value;
    }
    return object;
  }
}

function isUint8Array(value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === 'Uint8Array';
}

/** Of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.prototype.toString.call(value) === '[object Object]');
}

function unsupported(name: string, value: unknown): TypeError {
  return invalidType(
    name,
    'a value that can travel between shards (IoBuf, DmaBuffer, Uint8Array, Date, Error, primitives, arrays and plain objects of these)',
    value,
  );
}

function parseHex(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
