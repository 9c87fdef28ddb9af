// A reserved range of a chain whose bytes become known later, such as a length or a checksum in front of the bytes that it describes.
import { native } from '../native/binding.js';
import { checkInteger, invalidType } from '../base/arguments.js';
import { bytesOf, mayGrow, partOf, realLength } from '../base/bytes.js';
import { CorebufError, outOfBounds } from '../base/errors.js';
import { countAppended } from '../buffer/handle.js';
import type { Handle, Watch } from '../buffer/handle.js';
import { innerRegionView, viewInside } from '../buffer/views.js';

/**
 * A contiguous range of an IoBuf that is reserved now and written later. Its bytes are zeros until they are written. It stays open while the
 * chain is only appended to and read. Every other use of the chain closes it for good: share, a write to a file, trimFront, trimBack,
 * takeFront, prepend, coalesce, clear, adopt, and when the chain is taken, sent or released. The error of write() says which one it was. So the
 * bytes of a share never change: write first, then share.
 *
 * @example
 * using frame = new IoBuf();
 * const size = frame.reserve(1);
 * frame.append('payload');
 * size.write(Uint8Array.of(frame.length - 1));
 * frame.reader().readUInt8(); // 7
 */
export class Placeholder {
  /** Number of bytes in the range. */
  readonly length: number;
  readonly #handle: Handle;
  readonly #watch: Watch;
  readonly #position: number;
  readonly #region: number;
  readonly #offset: number;

  constructor(handle: Handle, position: number, region: number, offset: number, length: number) {
    this.length = length;
    this.#handle = handle;
    this.#watch = handle.watch();
    this.#position = position;
    this.#region = region;
    this.#offset = offset;
  }

  /**
   * Copies `bytes` into the range, from `offset` (in bytes, default 0) on. The range may be written several times, in parts and in any order.
   * O(bytes), no native call.
   *
   * @throws ERR_RELEASED when the placeholder is closed; ERR_OUT_OF_BOUNDS when the bytes reach past its end, and then none is written;
   * TypeError, RangeError
   * @example
   * using frame = new IoBuf();
   * const mark = frame.reserve(4);
   * mark.write(Buffer.from('mark'));
   * frame.toString(); // 'mark'
   */
  write(bytes: Uint8Array, offset = 0): void {
    if (!ArrayBuffer.isView(bytes)) throw invalidType('bytes', 'a Uint8Array', bytes);
    const data = bytesOf('bytes', bytes);
    const length = realLength(data, 'bytes');
    checkInteger('offset', offset);
    if (offset + length > this.length) throw outOfBounds('write: offset + bytes.length', offset + length, this.length);
    this.#open();
    const start = this.#offset + offset;
    const window = innerRegionView(this.#region);
    if (window === undefined) {
      native.writeReserved(this.#handle.slot('IoBuf'), this.#region, start, data);
      // Readers look at copies of the bytes: a new version makes them copy again.
      this.#handle.version++;
    } else {
      window.set(mayGrow(data) ? partOf(data, 0, length) : data, start);
      countAppended(length);
    }
  }

  /**
   * Zero-copy view of the range, for the methods of Buffer. Do not write to it after the placeholder is closed. Where views are copies
   * (`capabilities().externalBuffers` is false), call write() instead.
   *
   * @throws ERR_RELEASED when the placeholder is closed.
   * @example
   * using frame = new IoBuf();
   * const sum = frame.reserve(8);
   * sum.bytes.length; // 8
   */
  get bytes(): Buffer {
    this.#open();
    return viewInside(this.#handle, this.#position, this.#region, this.#offset, this.length);
  }

  #open(): void {
    if (this.#handle.intactSince(this.#watch)) return;
    throw new CorebufError('ERR_RELEASED', `this Placeholder was closed by ${this.#watch.endedBy}: write to it before that`);
  }
}
