// What gives bytes of a chain back, or brings them together, and leaves the chain to be used on.
import { native } from './native.js';
import { BytesWriter } from './bytes-writer.js';
import { handleOf } from './chain.js';
import { checkInteger, invalidRange } from './checks.js';
import { DMA_LENGTH_MAX } from './dma-buffer.js';
import { check, outOfBounds } from './errors.js';
import { clearInSlices } from './iobuf-async.js';
import { attempt } from './pressure.js';
import { checkSliceOptions } from './slices.js';
import type { SliceOptions } from './slices.js';
import { hide, hideBack, hideFront, viewOf } from './views.js';

/** How IoBuf shrinks, and becomes one piece. */
export abstract class ChainTrimmer extends BytesWriter {
  /**
   * Gives up the first `length` bytes. O(fragments given up).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   * @example
   * using chain = IoBuf.from('head:body').trimFront(5);
   * chain.toString(); // 'body'
   */
  trimFront(length: number): this {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > handle.length) throw outOfBounds('trimFront', length, handle.length);
    native.trimFront(slot, length);
    if (handle.shown !== undefined) hideFront(handle, length);
    handle.version++;
    return this;
  }

  /**
   * Gives up the last `length` bytes. O(fragments).
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS
   * @example
   * using line = IoBuf.from('text\n').trimBack(1);
   * line.toString(); // 'text'
   */
  trimBack(length: number): this {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    const kept = handle.length - length;
    if (kept < 0) throw outOfBounds('trimBack', length, handle.length);
    native.trimBack(slot, length);
    if (handle.shown !== undefined) hideBack(handle, kept);
    handle.version++;
    return this;
  }

  /**
   * Gives up all bytes; the chain can be appended to. O(fragments).
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('old').clear().append('new');
   * chain.toString(); // 'new'
   */
  clear(): this {
    const handle = handleOf(this);
    native.release(handle.slot('IoBuf'));
    if (handle.shown !== undefined) hide(handle);
    handle.version++;
    return this;
  }

  /**
   * As clear(), in slices: the chain is empty at once and may be used or released, and the promise resolves when all memory has gone back. It
   * goes back as well when a signal stops the waiting.
   *
   * @throws ERR_RELEASED; the signal's reason.
   * @example
   * using chain = IoBuf.from('old');
   * await chain.clearAsync();
   * chain.length; // 0
   */
  async clearAsync(options?: SliceOptions): Promise<void> {
    return clearInSlices(handleOf(this), checkSliceOptions(options));
  }

  /**
   * Copies everything into one fragment, unless it lies in one already, and returns a zero-copy view of it, which must not be used
   * after release(). The one thing that may need more than 128 KiB in one piece: then it counts in largeRequests.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then the chain is as it was; RangeError for more than a Buffer can hold.
   * @example
   * using chain = IoBuf.from('one').take(IoBuf.from('two'));
   * chain.coalesce().toString(); // 'onetwo'
   * chain.fragmentCount; // 1
   */
  coalesce(): Buffer {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    const { length } = handle;
    if (length > DMA_LENGTH_MAX) throw invalidRange('length', `at most ${DMA_LENGTH_MAX}`, length);
    if (handle.fragmentCount > 1) {
      check(attempt(() => native.coalesce(slot), handle));
      if (handle.shown !== undefined) hide(handle);
      handle.version++;
    }
    return length === 0 ? Buffer.alloc(0) : viewOf(handle, 0, handle.frontPiece, handle.frontOffset, length);
  }
}
