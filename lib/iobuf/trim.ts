// The verbs of IoBuf that drop bytes, and the one that joins the fragments. The chain can be used afterwards.
import { native } from '../native/binding.js';
import { PrependNumbers } from './prepend-numbers.js';
import { handleOf } from './chain.js';
import { checkInteger, invalidRange } from '../base/arguments.js';
import { DMA_LENGTH_MAX } from '../buffer/dma-buffer.js';
import { outOfBounds } from '../base/errors.js';
import { check } from '../native/results.js';
import { clearInSlices } from './content-slices.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { checkSliceOptions } from '../base/time-slices.js';
import type { SliceOptions } from '../base/time-slices.js';
import { viewInside } from '../buffer/views.js';

/** Methods of IoBuf that drop bytes or join fragments. */
export abstract class Trim extends PrependNumbers {
  /**
   * Removes the first `length` bytes and releases the fragments that no byte is left of. O(fragments released).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_BOUNDS for more bytes than the chain has; TypeError, RangeError
   * @example
   * using chain = IoBuf.from('head:body').trimFront(5);
   * chain.toString(); // 'body'
   */
  trimFront(length: number): this {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    if (length > handle.length) throw outOfBounds('trimFront: length', length, handle.length);
    handle.endWatch('trimFront()');
    native.trimFront(slot, length);
    handle.shown?.endFront(length);
    handle.version++;
    return this;
  }

  /**
   * Removes the last `length` bytes and releases the fragments that no byte is left of. O(fragments).
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_BOUNDS for more bytes than the chain has; TypeError, RangeError
   * @example
   * using line = IoBuf.from('text\n').trimBack(1);
   * line.toString(); // 'text'
   */
  trimBack(length: number): this {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    checkInteger('length', length);
    const kept = handle.length - length;
    if (kept < 0) throw outOfBounds('trimBack: length', length, handle.length);
    handle.endWatch('trimBack()');
    native.trimBack(slot, length);
    handle.shown?.endBack(kept);
    handle.version++;
    return this;
  }

  /**
   * Removes all bytes and releases all fragments. The chain stays usable. O(fragments).
   *
   * @throws ERR_RELEASED
   * @example
   * using chain = IoBuf.from('old').clear().append('new');
   * chain.toString(); // 'new'
   */
  clear(): this {
    const handle = handleOf(this);
    const slot = handle.slot('IoBuf');
    handle.endWatch('clear()');
    native.release(slot);
    handle.shown?.end();
    handle.version++;
    return this;
  }

  /**
   * Removes all bytes at once, and releases the fragments in slices (see equalsAsync). The chain may be used or released meanwhile. Resolves
   * when all fragments are released. A signal ends only the waiting: the fragments are released in any case.
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
   * Copies all bytes into one fragment, unless they lie in one already, and returns a zero-copy view of them. Do not use the view after
   * release(). Above 128 KiB this needs a run of contiguous memory, which fragmentation can refuse; such requests count in
   * `stats().memory.largeRequests`. O(bytes); O(1) for one fragment.
   *
   * @throws ERR_RELEASED; ERR_OUT_OF_MEMORY, and then the chain is unchanged; RangeError for more bytes than a Buffer can hold.
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
      handle.endWatch('coalesce()');
      check(retryAfterReclaim(() => native.coalesce(slot), handle));
      handle.shown?.end();
      handle.version++;
    }
    return length === 0 ? Buffer.alloc(0) : viewInside(handle, 0, handle.frontRegion, handle.frontOffset, length);
  }
}
