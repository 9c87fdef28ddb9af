// A hole in a chain whose bytes are known later: a length, a checksum, a count in front of what it counts.
import { native } from './native.js';
import { bytesOf, checkInteger, invalidType, mayGrow, partOf, realLength } from './checks.js';
import { outOfBounds, released } from './errors.js';
import { countAppended } from './handle.js';
import type { Handle } from './handle.js';
import { innerWindow, viewOf } from './views.js';

/**
 * Contiguous bytes of an IoBuf, zeros until they are written. It is open while the chain is only appended to and read. All else
 * that happens to the chain closes it for good: share, a write to a file, trimming, takeFront, prepend, coalesce, and being taken, sent
 * or released. Its bytes may have moved then, or somebody else may hold them, so who holds a share never sees it change: write
 * first, then share. What was not written stays zero.
 *
 * @example
 * using frame = new IoBuf();
 * const size = frame.reserve(1);
 * frame.append('payload');
 * size.write(Uint8Array.of(frame.length - 1));
 * frame.reader().readUInt8(); // 7
 */
export class Placeholder {
  /** In bytes. */
  readonly length: number;
  readonly #handle: Handle;
  readonly #watched: number;
  readonly #position: number;
  readonly #piece: number;
  readonly #offset: number;

  constructor(handle: Handle, position: number, piece: number, offset: number, length: number) {
    this.length = length;
    this.#handle = handle;
    this.#watched = handle.watch();
    this.#position = position;
    this.#piece = piece;
    this.#offset = offset;
  }

  /**
   * Copies `bytes` into the hole, from `offset` on. No native call. It may be written again and again, in parts and in any order.
   *
   * @throws ERR_RELEASED once it is closed; ERR_OUT_OF_BOUNDS for bytes past its end, and then none was written.
   * @example
   * using frame = new IoBuf();
   * const mark = frame.reserve(4);
   * mark.write(Buffer.from('mark'));
   * frame.toString(); // 'mark'
   */
  write(bytes: Uint8Array, offset = 0): void {
    if (!ArrayBuffer.isView(bytes)) throw invalidType('bytes', 'a Uint8Array', bytes);
    const data = bytesOf('bytes', bytes);
    const length = realLength(data);
    checkInteger('offset', offset);
    if (offset + length > this.length) throw outOfBounds('write', offset + length, this.length);
    this.#open();
    const start = this.#offset + offset;
    const window = innerWindow(this.#piece);
    if (window === undefined) {
      native.fillHole(this.#handle.slot('IoBuf'), this.#piece, start, data);
      // Readers have copies.
      this.#handle.version++;
    } else {
      window.set(mayGrow(data) ? partOf(data, 0, length) : data, start);
      countAppended(length);
    }
  }

  /**
   * A zero-copy view of the hole, to be written with the methods of Buffer; not to be written any more once the placeholder is
   * closed. Where views are copies (capabilities().externalBuffers is false) use write() instead.
   *
   * @throws ERR_RELEASED once it is closed.
   * @example
   * using frame = new IoBuf();
   * const sum = frame.reserve(8);
   * sum.bytes.length; // 8
   */
  get bytes(): Buffer {
    this.#open();
    return viewOf(this.#handle, this.#position, this.#piece, this.#offset, this.length);
  }

  #open(): void {
    if (!this.#handle.intactSince(this.#watched)) throw released('Placeholder');
  }
}
