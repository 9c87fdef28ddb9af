// Writes arguments and results for another shard (codec.ts has the format). Nothing moves here: who encodes sends the chains in
// `parcels` afterwards. Getters are code of the caller's, which may make calls of its own and use the shared area meanwhile: from the
// first value that may run some, the encoding is written aside.
import { constants as limits } from 'node:buffer';
import { types } from 'node:util';
import { realLength } from './checks.js';
import { DEPTH_MAX, ENCODED_MAX, tags } from './codec.js';
import { DmaBuffer, dmaHandle } from './dma-buffer.js';
import { CorebufError } from './errors.js';
import { outgoingBody } from './exchange.js';
import type { Handle } from './handle.js';
import { iobufHandle, isIobuf } from './iobuf.js';
import { encodeError, isError } from './remote-error.js';
import { untravellable } from './untravellable.js';

type Key = string | number;

/** What stands at the root of an encoding, and what may travel in it. */
export type Root = 'arguments' | 'result' | 'reason' | 'value';

/** Where chains, which only one shard can have, cannot stand. */
const DATA_ONLY: readonly Root[] = ['reason', 'value'];

export class Encoder {
  /** The shared area, or a buffer of its own where that is too small. */
  bytes: Buffer = outgoingBody;
  length = 0;
  /** Chains that travel along; another array for each encoding that has any. */
  parcels: Handle[] = [];
  /** The one that the caller may end the call with. */
  signal: AbortSignal | undefined;
  #root: Root = 'arguments';
  #room = outgoingBody.length;
  #aside: Buffer | undefined;
  /** What is written of each, which a getter may have changed since; and where it stands, a number where that is an argument itself. */
  readonly #lengths: number[] = [];
  readonly #places: (Key | readonly Key[])[] = [];
  readonly #path: Key[] = [];
  #shares = false;
  /** Code of the caller's may have run. */
  #ranCode = false;

  /** `shares`: the chains will not move but be shared, so that one may stand there twice. */
  encode(value: unknown, root: Root, shares = false): void {
    this.#reset(root, shares);
    // Arguments are in an array of ours, without getters.
    if (root === 'result' || root === 'value') this.#value(value, 0);
    else this.#array(value as unknown[], Array.prototype, 0);
    if (this.#ranCode) this.#checkMet();
    if (this.bytes === this.#aside) {
      this.bytes.copy(outgoingBody, 0, 0, this.length);
      this.bytes = outgoingBody;
    }
  }

  /** The encoding where it has outgrown the shared area. */
  get large(): Buffer | undefined {
    return this.bytes === outgoingBody ? undefined : this.bytes.subarray(0, this.length);
  }

  #reset(root: Root, shares: boolean): void {
    this.bytes = outgoingBody;
    this.#room = outgoingBody.length;
    this.length = 0;
    this.#root = root;
    this.#shares = shares;
    this.signal = undefined;
    this.#ranCode = false;
    if (this.parcels.length > 0) this.parcels = [];
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'undefined':
        return this.#tag(tags.undefined);
      case 'boolean':
        return this.#tag(value ? tags.true : tags.false);
      case 'number':
        return this.#number(value);
      case 'string':
        return this.#string(value, depth);
      case 'bigint':
        return this.#text(tags.bigint, value.toString(16), depth);
      case 'object':
        return value === null ? this.#tag(tags.null) : this.#object(value, depth);
      default:
        throw untravellable(this.#place(depth), value);
    }
  }

  #item(key: Key, value: unknown, depth: number): void {
    this.#path[depth] = key;
    this.#value(value, depth + 1);
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

  #string(text: string, depth: number): void {
    const start = this.length;
    this.#text(tags.string, text, depth);
    // As many bytes as units: ASCII.
    if (this.length - start - 5 === text.length || isWellFormed(text)) return;
    this.length = start;
    this.#need(5 + text.length * 2);
    this.#count(tags.wide, text.length * 2);
    this.length += this.bytes.write(text, this.length, 'utf16le');
  }

  #text(tag: number, text: string, depth: number): void {
    // Three bytes per UTF-16 unit at most: short strings need not be measured first.
    const most = text.length * 3;
    const least = most <= 512 ? most : Buffer.byteLength(text);
    if (least > limits.MAX_STRING_LENGTH) {
      throw new CorebufError('ERR_OUT_OF_BOUNDS', `${this.#place(depth)}: text of ${least} bytes cannot arrive as a string; send an IoBuf`);
    }
    this.#need(5 + least);
    const written = this.bytes.write(text, this.length + 5);
    this.bytes[this.length] = tag;
    this.bytes.writeUInt32LE(written, this.length + 1);
    this.length += 5 + written;
  }

  #raw(bytes: Uint8Array, depth: number): void {
    const length = realLength(bytes);
    if (length === 0 && isDetached(bytes)) {
      throw untravellable(this.#place(depth), bytes, 'its ArrayBuffer has been detached, or shrunk below where it begins');
    }
    this.#need(5 + length);
    this.#count(tags.bytes, length);
    this.bytes.set(bytes, this.length);
    this.length += length;
  }

  /** What comes before stepAside() runs no code of the caller's. */
  #object(value: object, depth: number): void {
    if (depth === DEPTH_MAX) throw untravellable(this.#place(depth), value, `values nest at most ${DEPTH_MAX} deep, and in no circle`);
    if (isIobuf(value)) return this.#parcel(tags.iobuf, iobufHandle(value), value, 'IoBuf', depth);
    if (types.isProxy(value)) throw untravellable(this.#place(depth), value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === DmaBuffer.prototype) return this.#dma(value as DmaBuffer, depth);
    if (types.isUint8Array(value)) return this.#raw(value, depth);
    this.#stepAside();
    if (Array.isArray(value)) return this.#array(value, prototype, depth);
    if (types.isDate(value)) {
      this.#tag(tags.date);
      return this.#double(Date.prototype.getTime.call(value));
    }
    if (isPlain(value, prototype)) return this.#entries(value as Record<string, unknown>, depth);
    this.#instance(value, depth);
  }

  #instance(value: object, depth: number): void {
    if (value instanceof AbortSignal) return this.#abortSignal(value, depth);
    if (isError(value)) {
      this.#tag(tags.error);
      return this.#object(encodeError(value), depth + 1);
    }
    throw untravellable(this.#place(depth), value);
  }

  #array(items: readonly unknown[], prototype: unknown, depth: number): void {
    if (prototype !== Array.prototype && !Array.isArray(prototype)) throw untravellable(this.#place(depth), items, 'pass an Array');
    const count = items.length;
    this.#need(5 + count);
    this.#count(tags.array, count);
    for (let at = 0; at < count; at++) this.#item(at, items[at], depth);
  }

  #entries(value: Record<string, unknown>, depth: number): void {
    if (Object.getOwnPropertySymbols(value).length > 0) throw untravellable(this.#place(depth), value);
    const keys = Object.keys(value);
    this.#count(tags.object, keys.length);
    for (const key of keys) {
      this.#string(key, depth);
      this.#item(key, value[key], depth);
    }
  }

  #dma(block: DmaBuffer, depth: number): void {
    this.#parcel(tags.dma, handleOr(dmaHandle, block), block, 'DmaBuffer', depth);
    this.#double(block.alignment);
  }

  #parcel(tag: number, handle: Handle | undefined, value: object, what: string, depth: number): void {
    if (handle === undefined) throw untravellable(this.#place(depth), value);
    if (DATA_ONLY.includes(this.#root)) throw untravellable(this.#place(depth), value, 'only data travels there');
    handle.slot(what);
    if (!this.#shares && this.parcels.includes(handle)) {
      throw untravellable(this.#place(depth), value, 'the same one cannot be moved twice; share() it');
    }
    const { length } = handle;
    const at = this.parcels.push(handle) - 1;
    this.#lengths[at] = length;
    this.#places[at] = depth === 1 ? this.#path[0]! : this.#path.slice(0, depth);
    this.#tag(tag);
    this.#double(length);
  }

  /** A signal where it speaks of the call as a whole, and one of them. */
  #abortSignal(signal: AbortSignal, depth: number): void {
    const ofCall = this.#root === 'arguments' && (depth === 1 || (depth === 2 && this.#path[1] === 'signal'));
    if (!ofCall) throw untravellable(this.#place(depth), signal, 'an AbortSignal may be an argument, or `signal` of one');
    if (this.signal !== undefined && this.signal !== signal) {
      throw untravellable(this.#place(depth), signal, 'a call has one AbortSignal; see AbortSignal.any()');
    }
    this.signal = signal;
    this.#tag(tags.signal);
  }

  /** Their lengths are written, and they are to move: a getter that has released or changed one of them must not go unseen. */
  #checkMet(): void {
    this.parcels.forEach((parcel, at) => {
      if (!parcel.released && parcel.length === this.#lengths[at]) return;
      const place = placeOf(this.#root, [this.#places[at]!].flat());
      throw Object.assign(new TypeError(`${place} was ${parcel.released ? 'released' : 'changed'} by a getter while the ${this.#root} were read`), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    });
  }

  #stepAside(): void {
    this.#ranCode = true;
    if (this.bytes !== outgoingBody) return;
    this.#aside ??= Buffer.allocUnsafeSlow(outgoingBody.length);
    outgoingBody.copy(this.#aside, 0, 0, this.length);
    this.bytes = this.#aside;
  }

  #place(depth: number): string {
    return placeOf(this.#root, this.#path.slice(0, depth));
  }

  /** Keeps four bytes per chain free at the end of the shared area, where their slots are listed. */
  #need(bytes: number): void {
    if (this.length + bytes + this.parcels.length * 4 + 8 <= this.#room) return;
    const wanted = this.length + bytes;
    if (wanted > ENCODED_MAX) {
      throw new CorebufError('ERR_OUT_OF_BOUNDS', `the ${this.#root} take more than ${ENCODED_MAX} bytes, chains apart; send an IoBuf`);
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(Math.min(wanted * 2, ENCODED_MAX) + this.parcels.length * 4 + 8, 1024));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.#room = grown.length;
  }
}

/** Undefined for what only looks like one. */
function handleOr<T>(find: (value: T) => Handle, value: T): Handle | undefined {
  try {
    return find(value);
  } catch (error) {
    if (error instanceof CorebufError) throw error;
    return undefined;
  }
}

function placeOf(root: Root, path: readonly Key[]): string {
  return path.reduce<string>((place, key) => {
    if (typeof key === 'number') return `${place}[${key}]`;
    return /^[\w$]+$/.test(key) ? `${place}.${key}` : `${place}[${JSON.stringify(key)}]`;
  }, root);
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** An empty array says so itself when its memory is gone. */
function isDetached(bytes: Uint8Array): boolean {
  try {
    Uint8Array.prototype.indexOf.call(bytes, 0);
    return false;
  } catch {
    return true;
  }
}

/** Of any realm. */
function isPlain(value: object, prototype: unknown): boolean {
  if (prototype === null) return true;
  const mostGeneral = prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'));
  return mostGeneral && Object.prototype.toString.call(value) === '[object Object]';
}
