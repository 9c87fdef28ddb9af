// Reads the encoding that another shard's Encoder has written (wire-format.ts has the format).
import { tags } from './wire-format.js';
import { DmaBuffer, dmaFrom } from '../buffer/dma-buffer.js';
import type { Handle } from '../buffer/handle.js';
import { iobufFrom } from '../iobuf/iobuf.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { attachDefault } from '../shard/attach.js';
import { decodeError } from './error-codec.js';

/** The parts of a message that are not in its encoding. */
export interface Cargo {
  /** Chains are copied into this shard's memory. */
  readonly adopts: boolean;
  /** The next chain of the message, whose length is known. */
  claim(length: number): Handle;
  /** A signal that is aborted when the caller's is. */
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
        return this.#iobuf();
      case tags.dma:
        return this.#dma();
      case tags.date:
        return new Date(this.#double());
      case tags.error:
        return decodeError(this.value());
      case tags.signal:
        return this.#cargo.signal();
      default:
        throw new Error(`a message has the unknown tag ${tag}`);
    }
  }

  #iobuf(): IoBuf {
    const chain = iobufFrom(this.#cargo.claim(this.#double()));
    return this.#cargo.adopts ? chain.adopt() : chain;
  }

  #dma(): DmaBuffer {
    const handle = this.#cargo.claim(this.#double());
    const lent = dmaFrom(handle, this.#double());
    if (!this.#cargo.adopts || lent.home === attachDefault().id) return lent;
    const adopted = DmaBuffer.alloc(lent.length, { alignment: lent.alignment });
    lent.bytes.copy(adopted.bytes);
    lent.release();
    return adopted;
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
