// The bytes of one append: a text, an array or a chain. A chain is cut into spans that are copied, and spans that the disk reads without a copy.
import { constants, native } from '../native/binding.js';
import { alignDown, DISK_BLOCK } from './disk-block.js';
import type { Bytes } from '../base/bytes.js';
import { bytesOf, realLength } from '../base/bytes.js';
import { changed } from '../base/errors.js';
import { countAppended } from '../buffer/handle.js';
import type { Handle } from '../buffer/handle.js';
import { visitFragments } from '../buffer/fragments.js';
import { DmaBuffer, dmaHandle } from '../buffer/dma-buffer.js';
import { IoBuf, iobufFrom, iobufHandle } from '../iobuf/iobuf.js';

/** Bytes of the smallest span that is not copied: below that, a copy costs less than a write of its own. */
const UNCOPIED_MIN = 64 * 1024;

export interface Span {
  readonly length: number;
  readonly copied: boolean;
}

export interface AppendSource {
  /** Number of bytes. */
  readonly length: number;
  /** All bytes in order, cut into spans. `position` is where the first byte will lie in the file. */
  spans(position: number): readonly Span[];
  /** Checks that the bytes are still there. @throws ERR_RELEASED; ERR_CHANGED when their number has changed */
  check(): void;
  copyTo(target: Buffer, targetStart: number, start: number, length: number): void;
  share(start: number, length: number): IoBuf;
  /** A source with references of its own, which stays valid when the user releases the chain. Must be released. @throws ERR_OUT_OF_MEMORY */
  keep(): AppendSource;
  release(): void;
}

/** @throws TypeError, ERR_RELEASED */
export function sourceOf(data: IoBuf | DmaBuffer | Bytes | string): AppendSource {
  if (data instanceof IoBuf) return new AppendedChain(iobufHandle(data), 'IoBuf');
  if (data instanceof DmaBuffer) return new AppendedChain(dmaHandle(data), 'DmaBuffer');
  return new AppendedBytes(typeof data === 'string' ? Buffer.from(data) : bytesOf('data', data, 'a string, an IoBuf, a DmaBuffer, an ArrayBufferView or an ArrayBuffer'));
}

class AppendedBytes implements AppendSource {
  readonly length: number;
  /** Another view of the same memory, because the array may be of a subclass of the user, whose code must not run. */
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

  keep(): AppendSource {
    return this;
  }

  release(): void {}
}

class AppendedChain implements AppendSource {
  readonly length: number;
  readonly #handle: Handle;
  /** Name of the object in errors. */
  readonly #what: string;
  /** The references of its own. */
  readonly #kept: IoBuf | undefined;

  constructor(handle: Handle, what: string, kept?: IoBuf) {
    this.#handle = handle;
    this.#what = what;
    this.#kept = kept;
    this.#handle.assertLive(what);
    this.length = this.#handle.length;
  }

  spans(position: number): readonly Span[] {
    if (this.length < UNCOPIED_MIN) return [{ length: this.length, copied: true }];
    return new SpanList(position).of(this.#handle);
  }

  check(): void {
    this.#handle.assertLive(this.#what);
    if (this.#handle.length !== this.length) throw changed(this.#what);
  }

  copyTo(target: Buffer, targetStart: number, start: number, length: number): void {
    native.copyOut(this.#handle.slot(this.#what), start, target.subarray(targetStart, targetStart + length));
  }

  share(start: number, length: number): IoBuf {
    return iobufFrom(this.#handle.share(start, length, this.#what, 'an append to a file'));
  }

  keep(): AppendSource {
    const kept = this.share(0, this.length);
    return new AppendedChain(iobufHandle(kept), this.#what, kept);
  }

  release(): void {
    this.#kept?.release();
  }
}

/** Cuts a chain into spans. Runs of whole aligned blocks that will lie at aligned positions of the file are not copied; other bytes are. */
class SpanList {
  readonly #spans: Span[] = [];
  /** Position of the next fragment in the file. */
  #position: number;
  /** Bytes at the end of the list that will be copied, and bytes of aligned blocks behind them. */
  #copied = 0;
  #run = 0;

  constructor(position: number) {
    this.#position = position;
  }

  of(handle: Handle): readonly Span[] {
    visitFragments(handle.slot('IoBuf'), (region, offset, length) => this.#add(region, offset, length));
    this.#endRun();
    this.#endCopied();
    return this.#spans;
  }

  #add(region: number, offset: number, length: number): void {
    // Regions are aligned to their size, so the offset tells the alignment. Of wrapped memory the address is unknown.
    const aligned = this.#position % DISK_BLOCK === 0 && offset % DISK_BLOCK === 0 && region !== constants.regionOutside;
    const whole = aligned ? alignDown(length) : 0;
    if (!aligned) this.#endRun();
    this.#run += whole;
    if (whole < length) {
      this.#endRun();
      this.#copied += length - whole;
    }
    this.#position += length;
  }

  #endRun(): void {
    if (this.#run >= UNCOPIED_MIN) {
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
