// Two ways to put messages on a wire that only knows bytes, and how to get them back from chunks that end anywhere.
//
//   length   length u32, big-endian │ message
//   varint   length in base 128, low bits first, as protobuf delimits messages │ message
import { CorebufError, IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';

export const framings = ['length', 'varint'] as const;
export type Framing = (typeof framings)[number];

/** A longer message is no message of ours: what a header says decides how much memory a peer may make us hold. */
export const MESSAGE_MAX = 2 ** 20;

export function headerOf(framing: Framing, length: number): Uint8Array {
  if (framing === 'varint') return varint(length);
  const header = Buffer.allocUnsafe(4);
  header.writeUInt32BE(length);
  return header;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, value]);
}

/** Bytes as they came, and the messages in them. */
export class Frames {
  readonly #lengthIn: (reader: IoBufReader) => number | undefined;
  readonly #bytes = new IoBuf();
  readonly #reader = this.#bytes.reader();

  constructor(framing: Framing) {
    this.#lengthIn = framing === 'length' ? fixedLength : varintLength;
  }

  /** Moves `chain` behind what is here. */
  take(chain: IoBuf): void {
    this.#bytes.take(chain);
  }

  /** Bytes of a message that is not whole yet. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The next message when all of it is here, cut out and not copied; the caller releases it. */
  next(): IoBuf | undefined {
    const reader = this.#reader;
    reader.position = 0;
    const length = this.#lengthIn(reader);
    if (length === undefined) return undefined;
    if (length > MESSAGE_MAX) throw new Error(`a message cannot be ${length} bytes long`);
    if (!reader.has(length)) return undefined;
    this.#bytes.trimFront(reader.position);
    return this.#bytes.takeFront(length);
  }

  release(): void {
    this.#bytes.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A header that always has one length: ask first. */
function fixedLength(reader: IoBufReader): number | undefined {
  return reader.has(4) ? reader.readUInt32BE() : undefined;
}

/** A header that says itself where it ends: try, and come back when more is here. */
function varintLength(reader: IoBufReader): number | undefined {
  try {
    return reader.readUVarint();
  } catch (error) {
    if (error instanceof CorebufError && error.code === 'ERR_OUT_OF_BOUNDS') return undefined;
    throw error;
  }
}
