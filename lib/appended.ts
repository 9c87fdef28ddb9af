// What somebody appends to a file: bytes or a chain, and which spans of it need not be copied, because a disk can read them where
// they lie.
import { constants, native } from './native.js';
import { BLOCK, blocksDown } from './append-chunk.js';
import type { Bytes } from './bytes.js';
import { bytesOf, realLength } from './checks.js';
import { changed } from './errors.js';
import { bodyWords, FRAGMENT_WORDS, fragmentsMax } from './exchange.js';
import { countAppended } from './handle.js';
import type { Handle } from './handle.js';
import { IoBuf, iobufFrom, iobufHandle } from './iobuf.js';

/** Below that a copy costs less than a write of its own. */
const UNCOPIED_LEAST = 64 * 1024;

export interface Span {
  readonly length: number;
  readonly copied: boolean;
}

export interface Appended {
  readonly length: number;
  /** In order; all of it. `position` is where it will lie in the file. */
  spans(position: number): readonly Span[];
  /** @throws ERR_RELEASED, ERR_CHANGED when it is not what it was */
  check(): void;
  copyTo(target: Buffer, targetStart: number, start: number, length: number): void;
  share(start: number, length: number): IoBuf;
  /** For who keeps it beyond the call: a chain may be released by the caller meanwhile. @throws ERR_OUT_OF_MEMORY */
  keep(): Appended;
  release(): void;
}

/** @throws TypeError, ERR_RELEASED */
export function appended(data: IoBuf | Bytes): Appended {
  return data instanceof IoBuf ? new AppendedChain(data, false) : new AppendedBytes(bytesOf('data', data, 'an IoBuf, an ArrayBufferView or an ArrayBuffer'));
}

class AppendedBytes implements Appended {
  readonly length: number;
  /** Ours: whatever class the caller's array is of, none of its code runs. */
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    const length = realLength(bytes);
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    this.length = length;
  }

  spans(): readonly Span[] {
    return [{ length: this.length, copied: true }];
  }

  check(): void {
    if (this.#bytes.length !== this.length) throw changed('data');
  }

  copyTo(target: Buffer, targetStart: number, start: number, length: number): void {
    target.set(this.#bytes.subarray(start, start + length), targetStart);
    countAppended(length);
  }

  share(): IoBuf {
    throw new Error('bytes are copied');
  }

  keep(): Appended {
    return this;
  }

  release(): void {}
}

class AppendedChain implements Appended {
  readonly length: number;
  readonly #chain: IoBuf;
  readonly #handle: Handle;
  readonly #kept: boolean;

  constructor(chain: IoBuf, kept: boolean) {
    this.#chain = chain;
    this.#handle = iobufHandle(chain);
    this.#kept = kept;
    this.#handle.slot('IoBuf');
    this.length = this.#handle.length;
  }

  spans(position: number): readonly Span[] {
    if (this.length < UNCOPIED_LEAST) return [{ length: this.length, copied: true }];
    return new SpanList(position).of(this.#handle);
  }

  check(): void {
    this.#handle.slot('IoBuf');
    if (this.#handle.length !== this.length) throw changed('IoBuf');
  }

  copyTo(target: Buffer, targetStart: number, start: number, length: number): void {
    native.copyOut(this.#handle.slot('IoBuf'), start, target.subarray(targetStart, targetStart + length));
  }

  share(start: number, length: number): IoBuf {
    return iobufFrom(this.#handle.share(start, length, 'IoBuf'));
  }

  keep(): Appended {
    return new AppendedChain(this.share(0, this.length), true);
  }

  release(): void {
    if (this.#kept) this.#chain.release();
  }
}

/** Runs of whole aligned blocks at aligned positions stay where they are; all else is copied. */
class SpanList {
  readonly #spans: Span[] = [];
  #position: number;
  #copied = 0;
  #run = 0;

  constructor(position: number) {
    this.#position = position;
  }

  of(handle: Handle): readonly Span[] {
    const slot = handle.slot('IoBuf');
    let listed = 0;
    for (let count = native.fragments(slot, 0, fragmentsMax); count > 0; count = native.fragments(slot, listed, fragmentsMax)) {
      listed += count;
      for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) this.#add(bodyWords[at]!, bodyWords[at + 1]!, bodyWords[at + 2]!);
    }
    this.#endRun();
    this.#endCopied();
    return this.#spans;
  }

  #add(piece: number, offset: number, length: number): void {
    // Pieces are aligned to their size. Where wrapped memory lies nobody tells.
    const aligned = this.#position % BLOCK === 0 && offset % BLOCK === 0 && piece !== constants.pieceOutside;
    const whole = aligned ? blocksDown(length) : 0;
    if (!aligned) this.#endRun();
    this.#run += whole;
    if (whole < length) {
      this.#endRun();
      this.#copied += length - whole;
    }
    this.#position += length;
  }

  #endRun(): void {
    if (this.#run >= UNCOPIED_LEAST) {
      this.#endCopied();
      this.#spans.push({ length: this.#run, copied: false });
    } else this.#copied += this.#run;
    this.#run = 0;
  }

  #endCopied(): void {
    if (this.#copied > 0) this.#spans.push({ length: this.#copied, copied: true });
    this.#copied = 0;
  }
}
