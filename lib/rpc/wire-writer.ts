// The bytes of one encoding while it is written. They lie in the area that C++ reads, or in a buffer of their own: when they outgrow the
// area, and while code of the caller's may run, because a call that it makes writes into the same area.
import { CorebufError } from '../base/errors.js';
import { outgoingBody } from '../native/shared-areas.js';
import { ENCODED_MAX, tags } from './wire-format.js';

/** Bytes at the end of the shared area for the slot of one chain. */
const SLOT_BYTES = 4;
/** Bytes of the shortest buffer that an encoding outgrows the shared area into. */
const GROWN_LEAST = 1024;

export class WireWriter {
  bytes: Buffer = outgoingBody;
  /** Number of bytes written so far. */
  length = 0;
  #room = outgoingBody.length;
  /** Bytes that must stay free at the end of the shared area. */
  #slots = 0;
  #scratch: Buffer | undefined;

  begin(): void {
    this.bytes = outgoingBody;
    this.#room = outgoingBody.length;
    this.length = 0;
    this.#slots = 0;
  }

  /** Brings bytes that were written outside of the shared area only because of the caller's code back into it. */
  end(): void {
    if (this.bytes !== this.#scratch) return;
    this.bytes.copy(outgoingBody, 0, 0, this.length);
    this.bytes = outgoingBody;
  }

  /** The encoding when it is not in the shared area. */
  get large(): Buffer | undefined {
    return this.bytes === outgoingBody ? undefined : this.bytes.subarray(0, this.length);
  }

  /** A copy that outlives the next encoding. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }

  /** Call this before code of the caller's may run. */
  leaveSharedArea(): void {
    if (this.bytes !== outgoingBody) return;
    this.#scratch ??= Buffer.allocUnsafeSlow(outgoingBody.length);
    outgoingBody.copy(this.#scratch, 0, 0, this.length);
    this.bytes = this.#scratch;
  }

  /** The slot of one more chain will be listed at the end of the shared area. */
  keepSlotFree(): void {
    this.#slots += SLOT_BYTES;
  }

  tag(tag: number): void {
    this.need(1);
    this.bytes[this.length++] = tag;
  }

  number(value: number): void {
    this.need(9);
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.bytes[this.length] = tags.int32;
      this.bytes.writeInt32LE(value, this.length + 1);
      this.length += 5;
    } else {
      this.bytes[this.length] = tags.float64;
      this.bytes.writeDoubleLE(value, this.length + 1);
      this.length += 9;
    }
  }

  double(value: number): void {
    this.need(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  count(tag: number, count: number): void {
    this.need(5);
    this.bytes[this.length] = tag;
    this.bytes.writeUInt32LE(count, this.length + 1);
    this.length += 5;
  }

  /** Text that takes at most `most` bytes of UTF-8. Returns how many it took. */
  utf8(tag: number, text: string, most: number): number {
    this.need(5 + most);
    const written = this.bytes.write(text, this.length + 5);
    this.bytes[this.length] = tag;
    this.bytes.writeUInt32LE(written, this.length + 1);
    this.length += 5 + written;
    return written;
  }

  utf16(tag: number, text: string): void {
    this.need(5 + text.length * 2);
    this.count(tag, text.length * 2);
    this.length += this.bytes.write(text, this.length, 'utf16le');
  }

  raw(tag: number, bytes: Uint8Array, length: number): void {
    this.need(5 + length);
    this.count(tag, length);
    this.bytes.set(bytes, this.length);
    this.length += length;
  }

  /**
   * Makes room for `bytes` more.
   *
   * @throws ERR_OUT_OF_BOUNDS when the encoding would take more than ENCODED_MAX bytes.
   */
  need(bytes: number): void {
    if (this.length + bytes + this.#slots + 8 <= this.#room) return;
    const wanted = this.length + bytes;
    if (wanted > ENCODED_MAX) {
      throw new CorebufError(
        'ERR_OUT_OF_BOUNDS',
        `a message must take at most ${ENCODED_MAX} bytes without its chains; this one needs at least ${wanted}: send large data as an IoBuf`,
      );
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(Math.min(wanted * 2, ENCODED_MAX) + this.#slots + 8, GROWN_LEAST));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.#room = grown.length;
  }
}
