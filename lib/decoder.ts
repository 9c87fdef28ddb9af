// Reads what an Encoder of another shard has written (codec.ts has the format).
import { tags } from './codec.js';
import { dmaFrom } from './dma-buffer.js';
import type { Handle } from './handle.js';
import { iobufFrom } from './iobuf.js';
import { decodeError } from './remote-error.js';

/** What a message carries besides its encoding. */
export interface Cargo {
  /** The next chain of the message. */
  claim(length: number): Handle;
  /** The signal that ends when the caller's does. */
  signal(): AbortSignal;
}

export class Decoder {
  readonly #bytes: Buffer;
  #at: number;
  readonly #cargo: Cargo;

  constructor(bytes: Buffer, at: number, cargo: Cargo) {
    this.#bytes = bytes;
    this.#at = at;
    this.#cargo = cargo;
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
        return parseHex(this.#text('latin1'));
      case tags.string:
        return this.#text('utf8');
      case tags.wide:
        return this.#text('utf16le');
      case tags.bytes:
        return this.#raw();
      case tags.array:
        return this.#array();
      case tags.object:
        return this.#object();
      case tags.iobuf:
        return iobufFrom(this.#cargo.claim(this.#double()));
      case tags.dma: {
        const handle = this.#cargo.claim(this.#double());
        return dmaFrom(handle, this.#double());
      }
      case tags.date:
        return new Date(this.#double());
      case tags.error:
        return decodeError(this.value());
      case tags.signal:
        return this.#cargo.signal();
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

  #text(encoding: 'utf8' | 'utf16le' | 'latin1'): string {
    const length = this.#count();
    return this.#bytes.toString(encoding, this.#at, (this.#at += length));
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
      const key = this.value() as string;
      const value = this.value();
      // '__proto__' as a key is data here, never a prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      else object[key] = value;
    }
    return object;
  }
}

function parseHex(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
