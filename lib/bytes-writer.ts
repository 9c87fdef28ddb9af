// What brings bytes into a chain, by copying or by linking.
import { constants, native } from './native.js';
import type { Bytes } from './bytes.js';
import { Chain, handleOf } from './chain.js';
import { bytesOf, checkEncoding, checkInteger, checkOptions, invalidRange, invalidType, realLength } from './checks.js';
import { DmaBuffer, dmaHandle } from './dma-buffer.js';
import { check } from './errors.js';
import { bodyWords } from './exchange.js';
import type { Handle } from './handle.js';
import type { IoBuf } from './iobuf.js';
import { NumberWriter } from './number-writer.js';
import { Placeholder } from './placeholder.js';
import { attempt } from './pressure.js';
import { showBehind, showFurtherBack } from './views.js';
import { wrapBehind } from './wrapping.js';

const { fragmentSizeMax } = constants;

/** How IoBuf grows: append, prepend and reserve copy or make room, take links. */
export abstract class BytesWriter extends NumberWriter {
  /**
   * Copies `data` behind the end; strings in `encoding` (default utf8). What fits into the last fragment's slack is written
   * without a native call. Fragments grow from 512 bytes to 128 KiB.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been appended.
   * @example
   * using line = new IoBuf().append('key').append(Buffer.from('=')).append('76616c7565', 'hex');
   * line.toString(); // 'key=value'
   */
  append(data: string | Bytes | IoBuf, encoding?: BufferEncoding): this {
    const handle = handleOf(this);
    handle.slot('IoBuf');
    if (data instanceof Uint8Array) handle.append(data, realLength(data));
    else if (typeof data === 'string') appendText(handle, data, encoding);
    else if (data instanceof Chain) appendChain(handle, handleOf(data));
    else {
      // Getters of `data` may have done anything to the chain.
      const bytes = bytesOf('data', data);
      handle.slot('IoBuf');
      handle.append(bytes, realLength(bytes));
    }
    return this;
  }

  /**
   * Copies `data` in front; strings in `encoding` (default utf8). One native call; many small ones fill one fragment from its end
   * to its beginning. Only room that nobody else refers to is written: no share sees it. Positions count from the new front, also a
   * reader's.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been prepended.
   * @example
   * using frame = IoBuf.from('body').prepend('head:');
   * frame.toString(); // 'head:body'
   */
  prepend(data: string | Bytes | IoBuf, encoding?: BufferEncoding): this {
    const handle = handleOf(this);
    handle.slot('IoBuf');
    // Read first: whoever made `data` may have put getters on it, which do what they like to the chain.
    const bytes = data instanceof Chain ? undefined : bytesFrom(data, encoding);
    const slot = handle.slot('IoBuf');
    const before = handle.length;
    if (bytes === undefined) {
      const from = handleOf(data);
      const source = from.slot('IoBuf');
      check(attempt(() => native.prependChain(slot, source), handle, from));
    } else check(attempt(() => native.prepend(slot, bytes), handle));
    if (handle.shown !== undefined) showFurtherBack(handle, handle.length - before);
    handle.version++;
    return this;
  }

  /**
   * A hole of `length` bytes (1 … 128 KiB) at the end, in one piece and zeroed, to be written later. No native call where the slack
   * of the last fragment holds it; else a new fragment.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_MEMORY, RangeError for another length.
   * @example
   * using chain = new IoBuf();
   * const size = chain.reserve(4);
   * chain.append('payload');
   * size.bytes.writeUInt32BE(chain.length - size.length);
   * chain.length; // 11
   */
  reserve(length: number): Placeholder {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length, 1, fragmentSizeMax);
    const position = handle.length;
    const window = handle.slackFor(length);
    if (window === undefined) {
      check(attempt(() => native.reserve(slot, length), handle));
      return new Placeholder(handle, position, bodyWords[0]!, bodyWords[1]!, length);
    }
    const start = handle.slackStart;
    Uint8Array.prototype.fill.call(window, 0, start, start + length);
    handle.publish(length, 0);
    return new Placeholder(handle, position, handle.slackPiece, start, length);
  }

  /**
   * Puts the memory of `bytes` itself behind the end, as IoBuf.wrap() does, without a chain in between.
   *
   * @throws as IoBuf.wrap(); ERR_RELEASED
   * @example
   * const received = new IoBuf().wrap(Uint8Array.of(1, 2)).wrap(Uint8Array.of(3));
   * received.length; // 3
   * received.release();
   */
  wrap(bytes: Uint8Array): this {
    wrapBehind(handleOf(this), bytes);
    return this;
  }

  /**
   * Moves all bytes of `source` behind the end, O(1): fragments are linked, not copied. The source is released. Fewer than
   * `copyBelow` bytes (default 0) are copied instead, where there is memory: many small pieces then make few fragments.
   *
   * @throws ERR_RELEASED; RangeError for a chain into itself.
   * @example
   * using batch = IoBuf.from('one,').take(IoBuf.from('two'));
   * batch.fragmentCount; // 2
   * batch.take(IoBuf.from(',3'), { copyBelow: 64 }).fragmentCount; // 2
   */
  take(source: IoBuf | DmaBuffer, options?: { copyBelow?: number }): this {
    if (!(source instanceof Chain) && !(source instanceof DmaBuffer)) throw invalidType('source', 'an IoBuf or a DmaBuffer', source);
    const copyBelow = options === undefined ? 0 : checkedCopyBelow(options);
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    const from = source instanceof Chain ? handleOf(source) : dmaHandle(source);
    if (from === handle) throw invalidRange('source', 'another chain', 'the chain itself');
    const other = from.slot(source instanceof Chain ? 'IoBuf' : 'DmaBuffer');
    const { length } = handle;
    // Linking needs no memory: where there is none to copy into, it is the way.
    if (from.length < copyBelow && native.appendChain(slot, other) >= 0) {
      from.release();
      return this;
    }
    native.take(slot, other);
    if (from.shown !== undefined) showBehind(handle, length, from);
    from.forget();
    return this;
  }
}

function appendChain(handle: Handle, source: Handle): void {
  const slot = handle.slot('IoBuf');
  const from = source.slot('IoBuf');
  check(attempt(() => native.appendChain(slot, from), handle, source));
}

/** Straight into the slack where that surely holds the text: a UTF-16 unit is three bytes at most, in any encoding. */
function appendText(handle: Handle, text: string, encoding: BufferEncoding | undefined): void {
  checkEncoding(encoding);
  const most = text.length * 3;
  const window = handle.slackFor(most) as TextBuffer | undefined;
  if (window === undefined) {
    const bytes = Buffer.from(text, encoding);
    handle.append(bytes, bytes.length);
  } else if (encoding === undefined) handle.publish(window.utf8Write(text, handle.slackStart, most));
  else handle.publish(window.write(text, handle.slackStart, most, encoding));
}

/** The write that all others end in, without the choice of an encoding. */
type TextBuffer = Buffer & { utf8Write(text: string, start: number, most: number): number };

export function bytesFrom(data: string | Bytes, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof data === 'string') {
    checkEncoding(encoding);
    return Buffer.from(data, encoding);
  }
  const bytes = bytesOf('data', data);
  realLength(bytes);
  return bytes;
}

function checkedCopyBelow(options: { copyBelow?: number }): number {
  checkOptions('options', options);
  const { copyBelow = 0 } = options;
  checkInteger('options.copyBelow', copyBelow);
  return copyBelow;
}
