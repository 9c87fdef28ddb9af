// The verbs of IoBuf that add bytes: append and prepend copy, reserve makes room, wrap and take add references.
import { constants, native } from '../native/binding.js';
import type { Bytes } from '../base/bytes.js';
import { Chain, handleOf } from './chain.js';
import { checkEncoding, checkInteger, checkNames, checkOptions, invalidRange, invalidType } from '../base/arguments.js';
import { bytesOf, realLength } from '../base/bytes.js';
import { DmaBuffer, dmaHandle } from '../buffer/dma-buffer.js';
import { check } from '../native/results.js';
import { bodyWords } from '../native/shared-areas.js';
import type { Handle } from '../buffer/handle.js';
import type { IoBuf } from './iobuf.js';
import { AppendNumbers } from './append-numbers.js';
import { Placeholder } from './placeholder.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { wrapBehind } from '../buffer/wrap.js';

const { fragmentSizeMax } = constants;

const TEXT_OR_BYTES = 'a string, an ArrayBufferView or an ArrayBuffer';
export const TEXT_BYTES_OR_CHAIN = 'a string, an ArrayBufferView, an ArrayBuffer or an IoBuf';

/** Methods of IoBuf that add bytes. */
export abstract class AppendBytes extends AppendNumbers {
  /**
   * Copies `data` behind the last byte: a text in `encoding` (default 'utf8'), bytes or the bytes of another chain or of a DmaBuffer. O(bytes). No native call
   * while the last fragment has room; otherwise one, which allocates fragments of 512 bytes to 128 KiB.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been appended; TypeError
   * @example
   * using line = new IoBuf().append('key').append(Buffer.from('=')).append('76616c7565', 'hex');
   * line.toString(); // 'key=value'
   */
  append(data: string | Bytes | IoBuf | DmaBuffer, encoding?: BufferEncoding): this {
    const handle = handleOf(this);
    handle.assertLive('IoBuf');
    if (data instanceof Uint8Array) handle.append(data, realLength(data));
    else if (typeof data === 'string') appendText(handle, data, encoding);
    else if (data instanceof Chain) appendChain(handle, handleOf(data));
    else if (data instanceof DmaBuffer) appendChain(handle, dmaHandle(data), 'DmaBuffer');
    else {
      // Checked again, because getters of `data` may have released the chain.
      const bytes = bytesOf('data', data, 'a string, an ArrayBufferView, an ArrayBuffer, an IoBuf or a DmaBuffer');
      handle.assertLive('IoBuf');
      handle.append(bytes, realLength(bytes));
    }
    return this;
  }

  /**
   * Copies `data` in front of the first byte: a text in `encoding` (default 'utf8'), bytes or the bytes of another chain. Afterwards all
   * positions, also those of readers, count from the new first byte. Shares of the chain do not change. O(bytes), one native call; many small
   * prepends fill one fragment from its end to its beginning.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been prepended; TypeError
   * @example
   * using frame = IoBuf.from('body').prepend('head:');
   * frame.toString(); // 'head:body'
   */
  prepend(data: string | Bytes | IoBuf, encoding?: BufferEncoding): this {
    const handle = handleOf(this);
    handle.assertLive('IoBuf');
    // `data` is read before the chain is changed, because it may have getters that change the chain.
    const bytes = data instanceof Chain ? undefined : bytesFrom(data, encoding, TEXT_BYTES_OR_CHAIN);
    if (bytes === undefined) prependChain(handle, handleOf(data));
    else prependBytes(handle, bytes);
    return this;
  }

  /**
   * Appends `length` zeros (1 byte to 128 KiB) in one fragment, and returns the placeholder through which they are written later. O(length);
   * no native call while the last fragment has room, otherwise one for a new fragment.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been appended; TypeError, RangeError
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
      check(retryAfterReclaim(() => native.reserve(slot, length), handle));
      return new Placeholder(handle, position, bodyWords[0]!, bodyWords[1]!, length);
    }
    const start = handle.slackStart;
    Uint8Array.prototype.fill.call(window, 0, start, start + length);
    handle.publish(length, 0);
    return new Placeholder(handle, position, handle.slackRegion, start, length);
  }

  /**
   * Appends a reference to the memory of `bytes`; nothing is copied. IoBuf.wrap() says what happens to that memory, which memory is copied
   * instead, and what this costs.
   *
   * @throws the errors of IoBuf.wrap(); ERR_RELEASED
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
   * Moves all bytes of `source` behind the last byte and releases `source`. O(1): fragments are linked, not copied. A source of fewer than
   * `copyBelow` bytes (default 0) is copied instead, unless there is no memory for that, so that many small pieces make few fragments.
   *
   * @throws ERR_RELEASED when this chain or `source` is released; RangeError when `source` is this chain; TypeError
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
    // Linking needs no memory, so it is done when there is none to copy into.
    if (from.length < copyBelow && native.appendChain(slot, other) >= 0) {
      from.release("another chain's take()");
      return this;
    }
    from.endWatch("another chain's take()");
    native.take(slot, other);
    from.shown?.moveTo(handle, length);
    from.forget();
    return this;
  }
}

/**
 * Copies `data` behind the end of a chain of this package's own. Returns the number of bytes.
 *
 * @throws ERR_OUT_OF_MEMORY, and then nothing has been appended; TypeError for bytes without memory
 */
export function appendTo(handle: Handle, data: string | Uint8Array): number {
  if (typeof data === 'string') return appendText(handle, data, undefined);
  const length = realLength(data);
  handle.append(data, length);
  return length;
}

/** Moves the chain of `source` into `into`, which is empty; `verb` as for endWatch(). */
export function moveInto(into: Handle, source: Handle, verb: string): void {
  source.endWatch(verb);
  native.take(into.slot('IoBuf'), source.slot('IoBuf'));
  source.forget();
}

/** Copies `bytes` in front of the chain. @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then nothing has been prepended. */
export function prependBytes(handle: Handle, bytes: Uint8Array): void {
  const slot = handle.slot('IoBuf');
  const before = handle.length;
  handle.endWatch('prepend()');
  check(retryAfterReclaim(() => native.prepend(slot, bytes), handle));
  movedBack(handle, before);
}

function prependChain(handle: Handle, source: Handle): void {
  const slot = handle.slot('IoBuf');
  const from = source.slot('IoBuf');
  const before = handle.length;
  handle.endWatch('prepend()');
  check(retryAfterReclaim(() => native.prependChain(slot, from), handle, source));
  movedBack(handle, before);
}

/** Notes that the positions of all bytes that were there have changed. `before` is the length before the prepend. */
function movedBack(handle: Handle, before: number): void {
  handle.shown?.shift(handle.length - before);
  handle.version++;
}

function appendChain(handle: Handle, source: Handle, what = 'IoBuf'): void {
  const slot = handle.slot('IoBuf');
  const from = source.slot(what);
  check(retryAfterReclaim(() => native.appendChain(slot, from), handle, source));
}

/** Encodes into the last fragment where its room surely suffices: a UTF-16 unit takes three bytes at most, in any encoding. Returns the bytes. */
function appendText(handle: Handle, text: string, encoding: BufferEncoding | undefined): number {
  checkEncoding(encoding);
  const most = text.length * 3;
  const window = handle.slackFor(most) as TextBuffer | undefined;
  if (window === undefined) {
    const bytes = Buffer.from(text, encoding);
    handle.append(bytes, bytes.length);
    return bytes.length;
  }
  const start = handle.slackStart;
  const length = encoding === undefined ? window.utf8Write(text, start, most) : window.write(text, start, most, encoding);
  handle.publish(length);
  return length;
}

/** Buffer.write() calls utf8Write() after it has chosen the encoding; calling it directly is faster. */
type TextBuffer = Buffer & { utf8Write(text: string, start: number, most: number): number };

/** The bytes of `data`; a text is encoded. `expected` as for bytesOf(). @throws TypeError */
export function bytesFrom(data: string | Bytes, encoding: BufferEncoding | undefined, expected = TEXT_OR_BYTES): Uint8Array {
  if (typeof data === 'string') {
    checkEncoding(encoding);
    return Buffer.from(data, encoding);
  }
  const bytes = bytesOf('data', data, expected);
  realLength(bytes);
  return bytes;
}

function checkedCopyBelow(options: { copyBelow?: number }): number {
  checkOptions('options', options);
  checkNames('options', options, ['copyBelow']);
  const { copyBelow = 0 } = options;
  checkInteger('options.copyBelow', copyBelow);
  return copyBelow;
}
