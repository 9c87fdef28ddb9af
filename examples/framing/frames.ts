// Two formats of messages in a stream of bytes, and the parser that finds the messages in chunks that end anywhere.
//
//   length   length in 32 bits, big-endian │ message
//   varint   length as an unsigned varint, as protobuf delimits messages │ message
import { CorebufError, IoBuf } from 'corebuf';
import type { IoBufReader } from 'corebuf';

export const framings = ['length', 'varint'] as const;
export type Framing = (typeof framings)[number];

/** Most bytes of a message. Without a limit, the header of a peer would decide how much memory the server holds. */
export const MESSAGE_MAX = 2 ** 20;

/** Appends the header of a message of `length` bytes. */
export function appendHeader(chain: IoBuf, framing: Framing, length: number): IoBuf {
  return framing === 'varint' ? chain.appendUVarint(length) : chain.appendUInt32BE(length);
}

/** The bytes that have arrived, and the messages in them. */
export class Frames {
  readonly #lengthIn: (reader: IoBufReader) => number | undefined;
  readonly #bytes = new IoBuf();
  readonly #reader = this.#bytes.reader();

  constructor(framing: Framing) {
    this.#lengthIn = framing === 'length' ? fixedLength : varintLength;
  }

  /** Moves the bytes of `chain` behind those that have arrived before. */
  take(chain: IoBuf): void {
    this.#bytes.take(chain);
  }

  /** The stream has ended. @throws when it has ended within a message */
  expectNothing(): void {
    if (this.#bytes.length > 0) throw new Error(`the last message is cut off after ${this.#bytes.length} bytes`);
  }

  /** The next message, moved out and not copied, or undefined when more bytes are needed. The caller releases it. */
  next(): IoBuf | undefined {
    const reader = this.#reader;
    reader.position = 0;
    const length = this.#lengthIn(reader);
    if (length === undefined) return undefined;
    if (length > MESSAGE_MAX) throw new Error(`a message must have at most ${MESSAGE_MAX} bytes; received a header for ${length}`);
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

/** Length in a header of four bytes, or undefined when fewer have arrived. */
function fixedLength(reader: IoBufReader): number | undefined {
  return reader.has(4) ? reader.readUInt32BE() : undefined;
}

/** Length in a varint, or undefined when the varint is cut off. Its own length is not known before it is read. */
function varintLength(reader: IoBufReader): number | undefined {
  try {
    return reader.readUVarint();
  } catch (error) {
    if (error instanceof CorebufError && error.code === 'ERR_OUT_OF_BOUNDS') return undefined;
    throw error;
  }
}
