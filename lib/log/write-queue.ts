// The parts of a log that wait to be written, in the order of the file. Neighbours are merged, so that a slow disk gets larger writes.
import type { DmaBuffer } from '../buffer/dma-buffer.js';
import { IoBuf } from '../iobuf/iobuf.js';
import type { OrderedWrite } from './write-order.js';

/** Whole disk blocks that are ready to be written. */
export interface WritePart {
  /** Position of the first block, and the length of all blocks, in bytes: multiples of a disk block. */
  readonly start: number;
  readonly length: number;
  /** Position behind the last byte that was appended. The rest of its block is padding. */
  readonly end: number;
  /** Number of bytes that no earlier part has contained. */
  readonly newBytes: number;
  /** A new reference to the bytes, which do not change before done(). The caller releases it. @throws ERR_OUT_OF_MEMORY */
  share(): DmaBuffer | IoBuf;
  /** The bytes have been written, or never will be. Called once. */
  done(): void;
}

/** One request to the file: one part, or several that follow on each other. */
export interface Write extends OrderedWrite {
  readonly parts: readonly WritePart[];
  /** Whether the request also makes its bytes durable (RWF_DSYNC). */
  readonly durable: boolean;
}

export class WriteQueue {
  #parts: WritePart[] = [];
  /** Writes that were begun and found no memory. They are repeated as they were. */
  #refused: Write[] = [];

  get empty(): boolean {
    return this.#parts.length === 0 && this.#refused.length === 0;
  }

  /** The part that is written next. */
  get first(): WritePart | undefined {
    return this.#parts[0];
  }

  push(part: WritePart): void {
    this.#parts.push(part);
  }

  /** Removes the first part and those that follow on it without a gap, `bytesMax` bytes at most but at least one part. */
  takeNeighbours(bytesMax: number): readonly WritePart[] {
    let { start, length } = this.#parts[0]!;
    let end = start + length;
    let count = 1;
    for (; count < this.#parts.length; count++) {
      ({ start, length } = this.#parts[count]!);
      if (start !== end || end + length - this.#parts[0]!.start > bytesMax) break;
      end += length;
    }
    return this.#parts.splice(0, count);
  }

  refuse(write: Write): void {
    this.#refused.push(write);
  }

  takeRefused(): readonly Write[] {
    return this.#refused.splice(0);
  }

  /** The parts that are in no request that the kernel has, in the order of the file. */
  *[Symbol.iterator](): Iterator<WritePart> {
    for (const { parts } of this.#refused) yield* parts;
    yield* this.#parts;
  }

  /** Gives up all parts. */
  clear(): void {
    for (const part of this) part.done();
    this.#refused = [];
    this.#parts = [];
  }
}

/** New references to the bytes of all parts, which the caller releases. @throws ERR_OUT_OF_MEMORY */
export function shareAll(parts: readonly WritePart[]): DmaBuffer | IoBuf {
  if (parts.length === 1) return parts[0]!.share();
  const chain = new IoBuf();
  try {
    for (const part of parts) chain.take(part.share());
    return chain;
  } catch (error) {
    chain.release();
    throw error;
  }
}
