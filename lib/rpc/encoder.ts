// Writes arguments and results for another shard (wire-format.ts has the format). An encoder moves nothing: its owner sends the chains of
// `transfers` afterwards. Getters are code of the caller's and may make calls of their own: before the first value that may run any, the
// writer leaves the area that all calls share, and until the message has been sent the encoder belongs to its call alone.
import { constants as limits } from 'node:buffer';
import { types } from 'node:util';
import { typeError } from '../base/arguments.js';
import { elementCount } from '../base/bytes.js';
import { isAbortSignal } from '../base/signal-state.js';
import { DEPTH_MAX, tags } from './wire-format.js';
import { DmaBuffer, dmaAlignment, dmaHandle } from '../buffer/dma-buffer.js';
import { CorebufError } from '../base/errors.js';
import type { Handle } from '../buffer/handle.js';
import { iobufHandle, isIobuf } from '../iobuf/iobuf.js';
import { encodeError, isError } from './error-codec.js';
import { StreamReference } from './served-streams.js';
import { TransferList } from './transfer-list.js';
import type { Key } from './transfer-list.js';
import { unserializable } from './unserializable.js';
import { WireWriter } from './wire-writer.js';

/** The value at the root of an encoding, which decides what may stand in it. */
export type Root = 'arguments' | 'result' | 'reason' | 'value';

/** Roots that carry no chains: one shard alone can own a chain. */
const DATA_ONLY: readonly Root[] = ['reason', 'value'];

/** Text of at most so many bytes is not measured before it is written. */
const UNMEASURED_MAX = 512;

export class Encoder {
  readonly writer = new WireWriter();
  readonly transfers = new TransferList();
  /** The signal that the caller may end the call with. */
  signal: AbortSignal | undefined;
  #root: Root = 'arguments';
  readonly #path: Key[] = [];
  #shares = false;
  /** Code of the caller's may have run since the encoding began. */
  #ranCode = false;

  /** With `shares`, chains are not moved but shared, so that one chain may stand in several places. */
  encode(value: unknown, root: Root, shares = false): void {
    this.#begin(root, shares);
    // Arguments are in an array of our own, which has no getters.
    if (value instanceof StreamReference) this.#stream(value);
    else if (root === 'result' || root === 'value') this.#value(value, 0);
    else this.#items(value as unknown[], 0);
    if (this.#ranCode) this.#checkTransfers();
    this.writer.end();
  }

  #begin(root: Root, shares: boolean): void {
    this.writer.begin();
    this.transfers.begin();
    this.signal = undefined;
    this.#root = root;
    this.#shares = shares;
    this.#ranCode = false;
  }

  #stream({ number }: StreamReference): void {
    this.writer.tag(tags.stream);
    this.writer.double(number);
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'undefined':
        return this.writer.tag(tags.undefined);
      case 'boolean':
        return this.writer.tag(value ? tags.true : tags.false);
      case 'number':
        return this.writer.number(value);
      case 'string':
        return this.#string(value, depth);
      case 'bigint':
        return void this.#text(tags.bigint, value.toString(16), depth);
      case 'object':
        return value === null ? this.writer.tag(tags.null) : this.#object(value, depth);
      default:
        throw unserializable(this.#place(depth), value);
    }
  }

  #item(key: Key, value: unknown, depth: number): void {
    this.#path[depth] = key;
    this.#value(value, depth + 1);
  }

  #string(text: string, depth: number): void {
    const { writer } = this;
    const start = writer.length;
    // As many bytes as UTF-16 units: ASCII.
    if (this.#text(tags.string, text, depth) === text.length || isWellFormed(text)) return;
    writer.length = start;
    writer.utf16(tags.wide, text);
  }

  #text(tag: number, text: string, depth: number): number {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    const most = text.length * 3;
    const needed = most <= UNMEASURED_MAX ? most : Buffer.byteLength(text);
    if (needed > limits.MAX_STRING_LENGTH) {
      throw new CorebufError(
        'ERR_OUT_OF_BOUNDS',
        `${this.#place(depth)} must be a string of at most ${limits.MAX_STRING_LENGTH} bytes of UTF-8; received ${needed}: send it as an IoBuf`,
      );
    }
    return this.writer.utf8(tag, text, needed);
  }

  #bytes(bytes: Uint8Array, depth: number): void {
    const length = elementCount(bytes);
    if (length === 0 && isDetached(bytes)) {
      throw unserializable(this.#place(depth), bytes, 'its ArrayBuffer has been detached, or shrunk below where it begins');
    }
    this.writer.raw(tags.bytes, bytes, length);
  }

  /** No code of the caller's runs before leaveSharedArea(). */
  #object(value: object, depth: number): void {
    if (depth === DEPTH_MAX) throw unserializable(this.#place(depth), value, `nested more than ${DEPTH_MAX} levels, or circular`);
    if (isIobuf(value)) return this.#chain(tags.iobuf, iobufHandle(value), value, 'IoBuf', depth);
    if (types.isProxy(value)) throw unserializable(this.#place(depth), value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === DmaBuffer.prototype) return this.#dma(value as DmaBuffer, depth);
    if (types.isUint8Array(value)) return this.#bytes(value, depth);
    this.#ranCode = true;
    this.writer.leaveSharedArea();
    if (Array.isArray(value)) return this.#array(value, prototype, depth);
    if (types.isDate(value)) {
      this.writer.tag(tags.date);
      return this.writer.double(Date.prototype.getTime.call(value));
    }
    if (isPlain(value, prototype)) return this.#entries(value as Record<string, unknown>, depth);
    this.#instance(value, depth);
  }

  #instance(value: object, depth: number): void {
    if (isAbortSignal(value)) return this.#abortSignal(value, depth);
    if (!isError(value)) throw unserializable(this.#place(depth), value);
    this.writer.tag(tags.error);
    this.#object(encodeError(value), depth + 1);
  }

  #array(items: readonly unknown[], prototype: unknown, depth: number): void {
    if (prototype !== Array.prototype && !Array.isArray(prototype)) throw unserializable(this.#place(depth), items, 'pass an Array');
    // Keys that are no index come last.
    const lastKey = Object.keys(items).at(-1);
    if (lastKey !== undefined && !isIndex(lastKey)) {
      throw unserializable(this.#place(depth), items, `its property ${JSON.stringify(lastKey)} would be lost: pass an object, or an array without named properties`);
    }
    this.#items(items, depth);
  }

  #items(items: readonly unknown[], depth: number): void {
    const count = items.length;
    this.writer.need(5 + count);
    this.writer.count(tags.array, count);
    for (let at = 0; at < count; at++) this.#item(at, items[at], depth);
  }

  #entries(value: Record<string, unknown>, depth: number): void {
    if (Object.getOwnPropertySymbols(value).length > 0) throw unserializable(this.#place(depth), value);
    const keys = Object.keys(value);
    this.writer.count(tags.object, keys.length);
    for (const key of keys) {
      this.#string(key, depth);
      this.#item(key, value[key], depth);
    }
  }

  #dma(buffer: DmaBuffer, depth: number): void {
    this.#chain(tags.dma, handleOr(dmaHandle, buffer), buffer, 'DmaBuffer', depth);
    this.writer.double(dmaAlignment(buffer));
  }

  #chain(tag: number, handle: Handle | undefined, value: object, what: string, depth: number): void {
    if (handle === undefined) throw unserializable(this.#place(depth), value);
    if (DATA_ONLY.includes(this.#root)) throw unserializable(this.#place(depth), value, 'chains cannot travel here; pass a copy, such as toBuffer()');
    handle.slot(what);
    if (!this.#shares && this.transfers.has(handle)) {
      throw unserializable(this.#place(depth), value, 'one chain cannot be moved twice; share() it');
    }
    this.transfers.add(handle, this.#path, depth);
    this.writer.keepSlotFree();
    this.writer.tag(tag);
    this.writer.double(handle.length);
  }

  /** A signal may stand only where it is about the call as a whole, and a call has one. */
  #abortSignal(signal: AbortSignal, depth: number): void {
    const ofCall = this.#root === 'arguments' && (depth === 1 || (depth === 2 && this.#path[1] === 'signal'));
    if (!ofCall) throw unserializable(this.#place(depth), signal, 'an AbortSignal may be an argument, or the property `signal` of one');
    if (this.signal !== undefined && this.signal !== signal) {
      throw unserializable(this.#place(depth), signal, 'a call can have one AbortSignal; join several with AbortSignal.any()');
    }
    this.signal = signal;
    this.writer.tag(tags.signal);
  }

  /** The lengths of the chains are written already: a getter must not have released or changed one of them since. */
  #checkTransfers(): void {
    const changed = this.transfers.firstChanged();
    if (changed === undefined) return;
    const what = changed.released ? 'released' : 'changed';
    throw typeError(`${placeOf(this.#root, changed.path)} was ${what} by a getter while the ${this.#root} were read; a getter must leave chains alone`);
  }

  #place(depth: number): string {
    return placeOf(this.#root, this.#path.slice(0, depth));
  }
}

/** Undefined for an object that only looks like one that has a handle. */
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

function isIndex(key: string): boolean {
  return String(Number(key) >>> 0) === key && key !== '4294967295';
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** A method of an empty array throws when its memory is gone. */
function isDetached(bytes: Uint8Array): boolean {
  try {
    Uint8Array.prototype.indexOf.call(bytes, 0);
    return false;
  } catch {
    return true;
  }
}

/** An object that was written as a literal, or made without a prototype, in any realm. */
function isPlain(value: object, prototype: unknown): boolean {
  if (prototype === null) return true;
  const mostGeneral = prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'));
  return mostGeneral && Object.prototype.toString.call(value) === '[object Object]';
}
