// Contiguous aligned memory: one fragment behind a handle.
import { constants as bufferConstants } from 'node:buffer';
import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { constants, native } from '../native/binding.js';
import { attachDefault } from '../shard/attach.js';
import { checkBoolean, checkInteger, checkNames, checkOptions, illegalConstructor, invalidRange } from '../base/arguments.js';
import { outOfBounds, released } from '../base/errors.js';
import { OUT_OF_MEMORY } from '../native/results.js';
import { releasedHandle, Handle, hiddenClassKeeper } from './handle.js';
import { inspected } from './inspect.js';
import { noteRequest } from '../shard/large-requests.js';
import { keepReady, prefetched } from './dma-cache.js';
import { relieve } from '../shard/memory-pressure.js';
import { viewMode } from '../shard/view-mode.js';
import { innerView, viewOf } from './views.js';
import { uncloneable } from '../base/uncloneable.js';

const { alignmentMax, pageSize } = constants;

/** A fragment is described in 32 bits, and a Buffer has its own limit. */
export const DMA_LENGTH_MAX = Math.min(bufferConstants.MAX_LENGTH, 2 ** 32 - 1);

let makeDma: (handle: Handle, alignment: number) => DmaBuffer;
let handleOfDma: (buffer: DmaBuffer) => Handle;
let alignmentOfDma: (buffer: DmaBuffer) => number;

const UNCLONEABLE = uncloneable('DmaBuffer', 'clone Buffer.from(buffer.bytes), or pass it to another shard as an argument of a call');

/**
 * Contiguous bytes in this shard's slab memory that a disk may read or write directly. Release it when done, or let `using` do it.
 *
 * @example
 * using block = DmaBuffer.alloc(4096);
 * block.bytes.fill('x');
 * await file.write(0, block);
 */
export class DmaBuffer {
  /** @internal */ readonly uncloneable = UNCLONEABLE;
  #handle: Handle;
  #alignment: number;
  #bytes: Buffer | undefined;
  /** No other reference was ever made: released, it may be used again as it is. */
  #sole: boolean;

  private constructor(handle: Handle, alignment: number, sole: boolean) {
    if (!(handle instanceof Handle)) throw illegalConstructor('DmaBuffer', 'DmaBuffer.alloc(length)');
    this.#handle = handle;
    this.#alignment = alignment;
    this.#sole = sole;
  }

  static {
    makeDma = (handle, alignment) => {
      handle.markDma(true);
      return new DmaBuffer(handle, alignment, false);
    };
    handleOfDma = (buffer) => buffer.#handedOut();
    alignmentOfDma = (buffer) => buffer.#alignment;
  }

  /**
   * `length` bytes (1 … 4 GiB - 1) whose address is a multiple of `alignment` (a power of two up to 2 MiB, default 4096). They hold
   * whatever lay there before unless `zero` is set. At most one native call; no system call and no lock.
   *
   * @throws ERR_OUT_OF_MEMORY when the shard's budget is spent.
   * @example
   * using block = DmaBuffer.alloc(4096, { alignment: 512, zero: true });
   * block.bytes.writeUInt32LE(42, 0);
   * block.bytes[4]; // 0
   */
  static alloc(length: number, options?: { alignment?: number; zero?: boolean }): DmaBuffer {
    checkInteger('length', length, 1, DMA_LENGTH_MAX);
    if (options === undefined) {
      const ready = prefetched(length);
      if (ready !== undefined) return new DmaBuffer(ready, pageSize, true);
    }
    let alignment = pageSize;
    let zero = 0;
    if (options !== undefined) {
      checkAllocOptions(options);
      alignment = checkedAlignment(options.alignment ?? pageSize);
      zero = isZeroed(options.zero) ? 1 : 0;
    }
    noteRequest(length);
    const handle = new Handle();
    const slot = handle.slot('DmaBuffer');
    let result = native.dmaAlloc(slot, length, alignment, zero);
    if (result === OUT_OF_MEMORY) {
      relieve();
      result = native.dmaAlloc(slot, length, alignment, zero);
    }
    handle.filled(result).markDma(true);
    return new DmaBuffer(handle, alignment, alignment === pageSize);
  }

  /**
   * In bytes; 0 once released. O(1), no native call; throws nothing.
   *
   * @example
   * using block = DmaBuffer.alloc(512);
   * block.length; // 512
   */
  get length(): number {
    return this.#handle.released ? 0 : this.#handle.length;
  }

  /**
   * Alignment of the address, in bytes: the one that was asked for, or what the start of a share leaves of it. O(1); throws nothing.
   *
   * @example
   * using block = DmaBuffer.alloc(8192);
   * using part = block.share(512);
   * part.alignment; // 512
   */
  get alignment(): number {
    return this.#alignment;
  }

  /**
   * The number of the shard whose memory this is. O(1), no native call.
   *
   * @throws ERR_RELEASED
   * @example
   * using block = DmaBuffer.alloc(4096);
   * block.home === thisShard.id; // true
   */
  get home(): number {
    if (this.#handle.released) throw released('DmaBuffer');
    return Math.floor(this.#handle.frontRegion / attachDefault().arenaRegions);
  }

  /**
   * True after release(), and once a chain or another shard has taken the bytes. O(1); throws nothing.
   *
   * @example
   * const block = DmaBuffer.alloc(4096);
   * using chain = new IoBuf().take(block);
   * block.released; // true
   */
  get released(): boolean {
    return this.#handle.released;
  }

  /**
   * The bytes themselves, not a copy; the same Buffer each time. It keeps this object's memory alive, but must not be used after
   * release(): it may then show other bytes.
   *
   * @throws ERR_RELEASED
   * @example
   * using block = DmaBuffer.alloc(4096);
   * block.bytes.write('superblock'); // 10
   */
  get bytes(): Buffer {
    const handle = this.#handle;
    if (handle.released) throw released('DmaBuffer');
    // A length of 0: somebody has transferred its ArrayBuffer away.
    if (this.#bytes === undefined || this.#bytes.length === 0) {
      this.#bytes = viewOf(handle, 0, handle.frontRegion, handle.frontOffset, handle.length);
    }
    return this.#bytes;
  }

  /**
   * The bytes as another kind of typed array, or as a DataView. `byteOffset` must be a multiple of the element's size;
   * `length` is in elements, and defaults to what fits.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, RangeError for an odd offset.
   * @example
   * using block = DmaBuffer.alloc(4096);
   * const words = block.view(BigUint64Array, 64, 8);
   * words.byteLength; // 64
   */
  view<T>(
    type: { new (buffer: ArrayBuffer, byteOffset: number, length: number): T; BYTES_PER_ELEMENT?: number },
    byteOffset = 0,
    length?: number,
  ): T {
    const handle = this.#handle;
    if (handle.released) throw released('DmaBuffer');
    const size = type.BYTES_PER_ELEMENT ?? 1;
    checkInteger('byteOffset', byteOffset);
    if (byteOffset % size !== 0) throw invalidRange('byteOffset', `a multiple of ${size}`, byteOffset);
    const available = handle.length;
    if (byteOffset > available) throw outOfBounds('view: byteOffset', byteOffset, available);
    const wanted = length ?? Math.floor((available - byteOffset) / size);
    checkInteger('length', wanted);
    if (byteOffset + wanted * size > available) throw outOfBounds('view: the end', byteOffset + wanted * size, available);
    const { bytes } = this;
    return new type(bytes.buffer as ArrayBuffer, bytes.byteOffset + byteOffset, wanted);
  }

  /**
   * A new reference to the bytes from `start` to `end`; nothing is copied, and each reference is released for itself.
   *
   * @throws ERR_RELEASED, ERR_OUT_OF_BOUNDS, ERR_OUT_OF_MEMORY
   * @example
   * using block = DmaBuffer.alloc(8192);
   * using second = block.share(4096);
   * second.length; // 4096
   */
  share(start = 0, end: number = this.length): DmaBuffer {
    const handle = this.#handedOut();
    if (handle.released) throw released('DmaBuffer');
    const { length } = handle;
    checkInteger('start', start);
    checkInteger('end', end);
    if (end > length) throw outOfBounds('share: end', end, length);
    if (start >= end) throw invalidRange('start', `below end (${end})`, start);
    const shared = makeDma(handle.share(start, end - start, 'DmaBuffer'), alignmentAt(this.#alignment, start));
    // One copy for all references: what is written through one of them must not undo what was written through another.
    if (viewMode() === 'copied') shared.#bytes = this.bytes.subarray(start, end);
    return shared;
  }

  /**
   * Gives the memory back, on its home shard. No native call; releasing twice is harmless.
   *
   * @example
   * const block = DmaBuffer.alloc(4096);
   * block.release();
   * block.length; // 0
   */
  release(): void {
    const handle = this.#handle;
    this.#bytes = undefined;
    if (this.#sole && keepReady(handle)) this.#handle = releasedHandle;
    else handle.release();
    this.#sole = false;
  }

  /** As release(), for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** Its shape and its first bytes. */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    if (this.released) return 'DmaBuffer { released }';
    const { length, alignment, home } = this;
    return inspected('DmaBuffer', { length, alignment, home }, length, (first) => this.bytes.subarray(0, first), depth, options);
  }

  /**
   * The handle, for somebody who may make further references. Where views are copies, what was written into them reaches the
   * memory before.
   */
  #handedOut(): Handle {
    const handle = this.#handle;
    this.#sole = false;
    if (viewMode() !== 'copied' || handle.released) return handle;
    // A length of 0: somebody has transferred it away.
    if (this.#bytes !== undefined && this.#bytes.length > 0) native.copyIn(handle.slot('DmaBuffer'), this.#bytes);
    return handle;
  }
}

/** As checkKnownOptions(), at a third of its cost: an allocation takes little longer than the check. */
function checkAllocOptions(options: { alignment?: number; zero?: boolean }): void {
  checkOptions('options', options);
  for (const name in options) if (name !== 'alignment' && name !== 'zero') return checkNames('options', options, ['alignment', 'zero']);
}

function isZeroed(zero: boolean | undefined): boolean {
  if (zero === undefined) return false;
  checkBoolean('options.zero', zero);
  return zero;
}

function checkedAlignment(alignment: number): number {
  checkInteger('options.alignment', alignment, 1, alignmentMax);
  if ((alignment & (alignment - 1)) !== 0) throw invalidRange('options.alignment', 'a power of two', alignment);
  return alignment;
}

/** Alignment of an address that is `offset` bytes behind an aligned one. */
function alignmentAt(alignment: number, offset: number): number {
  while (offset % alignment !== 0) alignment /= 2;
  return alignment;
}

/** A buffer that has arrived as the one fragment of `handle`. */
export function dmaFrom(handle: Handle, alignment: number): DmaBuffer {
  return makeDma(handle, alignment);
}

/** Its handle, with all that was written through views in the memory. */
export function dmaHandle(buffer: DmaBuffer): Handle {
  return handleOfDma(buffer);
}

/**
 * All bytes of `buffer`, for this package alone: users cannot reach the ArrayBuffer under them, so nobody can transfer it away. Where views are copies,
 * these are the bytes that `DmaBuffer.bytes` shows.
 */
export function dmaMemory(buffer: DmaBuffer): Buffer {
  const { frontRegion, frontOffset, length } = handleOfDma(buffer);
  return innerView(frontRegion, frontOffset, length) ?? buffer.bytes;
}

/** See hiddenClassKeeper. */
export const hiddenClassKeeperOfBuffers: DmaBuffer = makeDma(hiddenClassKeeper, 1);

/** Alignment of its address in bytes. It runs no getter that a caller may have put on the object. */
export function dmaAlignment(buffer: DmaBuffer): number {
  return alignmentOfDma(buffer);
}
