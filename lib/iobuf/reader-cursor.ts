// A position in a chain, with a cursor window: the bytes that can be read without looking for the fragment again. A read inside of the
// window costs two comparisons and a load; all other work is in functions of its own.
//
//   chain           … │ fragment │ fragment under the position │ fragment │ …
//   cursor window           ………… [start ……… at ……… limit] …………              position = base + at
//
// A field that lies across fragments is copied into a small window of its own, for one read. Where views are copies, and for wrapped memory,
// which lies in no region, the window is a copy of up to the next 4 KiB, also across fragments.
//
// The fields are plain and not private, because the classes that read are in other files, and a call for each access would double the cost of
// a read. They are marked @internal, which keeps them out of the typings.
import { constants, native } from '../native/binding.js';
import { assert } from '../base/assert.js';
import { outOfBounds } from '../base/errors.js';
import { FragmentList } from '../buffer/fragments.js';
import type { Handle } from '../buffer/handle.js';
import { innerRegionView } from '../buffer/views.js';
import { viewMode } from '../shard/view-mode.js';
import { state } from './state.js';

const { regionOutside, regionSize } = constants;
/** Length in bytes of the longest field: a varint of 64 bits. */
const GATHERED_MAX = 10;
/** Bytes in the first and in the largest window that is a copy. The first is small, because most readers of wrapped chunks read a header only. */
const COPIED_LEAST = 256;
const COPIED_MOST = 4096;

/** Memory that readers read from, as bytes and as a DataView. */
export interface CursorWindow {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Holds one field that lies across fragments. */
const gathered = windowOn(Buffer.alloc(GATHERED_MAX));
/** The copy that all readers of the thread share. A reader that needs it takes it from the one that has it, which copies again later. */
const copied = windowOn(Buffer.alloc(COPIED_MOST));

/** Gives the shared copy to `reader`, until the end of the job: then no reader is kept alive, and later writes into wrapped memory are seen. */
function giveCopyTo(reader: ReaderCursor): void {
  if (state.copyHolder === undefined) queueMicrotask(takeCopyBack);
  else state.copyHolder.limit = 0;
  state.copyHolder = reader;
}

function takeCopyBack(): void {
  const holder = state.copyHolder;
  assert(holder !== undefined, 'a reader has the copy until the end of the job');
  holder.limit = 0;
  state.copyHolder = undefined;
}

function windowOn(bytes: Buffer): CursorWindow {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** The cursor window over a whole region. Must not be called where views are copies, nor for wrapped memory. */
function windowOf(region: number): CursorWindow {
  let found = state.cursorWindows.get(region);
  if (found === undefined) {
    const bytes = innerRegionView(region);
    assert(bytes !== undefined, 'a cursor window shows slab memory, where views are not copies');
    found = windowOn(bytes);
    state.cursorWindows.set(region, found);
  }
  return found;
}

/** Position of a reader. Each method that needs bytes throws ERR_OUT_OF_BOUNDS when fewer follow, and ERR_RELEASED. */
export abstract class ReaderCursor {
  /** @internal Handle of the chain. */
  readonly handle: Handle;
  /** @internal Version of the handle for which the window is valid. */
  version: number;
  /** @internal The cursor window as bytes. */
  bytes = gathered.bytes;
  /** @internal The cursor window as a DataView. */
  view = gathered.view;
  /** @internal Index of the next byte in the window. When it lies outside, the next read moves the window. */
  at = 0;
  /** @internal Index in the window behind the last byte of the chain; 0 when nothing in the window may be read. */
  limit = 0;
  /** @internal Index in the window of its first byte of the chain. */
  start = 0;
  /** @internal Position in the chain of index 0 of the window. It is below 0 when the fragment begins later in the window. */
  base = 0;
  #fragments: FragmentList | undefined = undefined;
  /** Region that the window shows; -1 for a copy. */
  #region = -1;
  /** Bytes in the last window that was a copy. */
  #copiedLast = 0;

  constructor(handle: Handle) {
    this.handle = handle;
    this.version = handle.version;
  }

  /** @internal Moves behind the next `length` bytes (1 to 10). Returns their index in the window, which may be another one now. */
  next(length: number): number {
    const { at } = this;
    if (at + length > this.limit || this.version !== this.handle.version) return this.#nextSlow(length);
    this.at = at + length;
    return at;
  }

  /** @internal Moves the window to the fragment in which the next `length` bytes (at least 1) begin. True when they all lie in it. */
  reach(length: number): boolean {
    if (this.at + length <= this.limit && this.version === this.handle.version) return true;
    this.need(length);
    this.#show();
    return this.at + length <= this.limit;
  }

  /** @internal Makes a window that has the next `most` bytes (1 to 10), or as many as follow. Returns their number. */
  together(most: number): number {
    this.need(1);
    const count = Math.min(most, this.handle.length - this.base - this.at);
    if (!this.reach(count)) this.#gather(count);
    return count;
  }

  /** @internal Sets the position, which the caller has checked. */
  moveTo(position: number): void {
    const at = position - this.base;
    if (at >= this.start && at <= this.limit) {
      this.at = at;
    } else {
      this.base = 0;
      this.at = position;
      this.limit = 0;
    }
  }

  /** @internal Returns the handle of the chain, and drops the window when bytes have moved. @throws ERR_RELEASED */
  alive(): Handle {
    this.handle.assertLive('IoBuf');
    if (this.version !== this.handle.version) this.#forget();
    return this.handle;
  }

  /** @internal Throws ERR_OUT_OF_BOUNDS when fewer than `length` bytes follow the position. */
  need(length: number): void {
    const available = this.alive().length - this.base - this.at;
    if (length > available) throw outOfBounds('read: length', length, Math.max(available, 0));
  }

  #nextSlow(length: number): number {
    if (!this.reach(length)) this.#gather(length);
    const { at } = this;
    this.at = at + length;
    return at;
  }

  /** Copies the next `length` bytes, which lie across fragments, into a window of their own, for one read. */
  #gather(length: number): void {
    const fragments = this.#fragments!;
    const position = this.base + this.at;
    let end = position;
    let { bytes } = gathered;
    let shift = 0;
    for (let at = 0; at < length; at++) {
      if (position + at === end) {
        const entry = fragments.find(end);
        end = fragments.end(entry);
        if (fragments.region(entry) >= regionOutside) {
          native.copyOut(this.handle.slot('IoBuf'), position, gathered.bytes.subarray(0, length));
          break;
        }
        bytes = windowOf(fragments.region(entry)).bytes;
        shift = fragments.offset(entry) - fragments.start(entry) + position;
      }
      gathered.bytes[at] = bytes[at + shift]!;
    }
    this.#look(gathered, -1);
    this.base = position;
    this.at = 0;
    this.limit = 0;
  }

  /** Drops the window and the list of fragments, because bytes have moved. The position stays. */
  #forget(): void {
    this.version = this.handle.version;
    this.#fragments = undefined;
    this.at += this.base;
    this.base = 0;
    this.limit = 0;
  }

  /** Moves the window to the fragment at the position, which must be inside of the chain. */
  #show(): void {
    const position = this.base + this.at;
    if (viewMode() === 'copied' || this.handle.frontRegion >= regionOutside) return this.#showCopy(position);
    if (this.#showSingle()) return;
    const fragments = (this.#fragments ??= new FragmentList(this.handle));
    const entry = fragments.find(position);
    const region = fragments.region(entry);
    if (region >= regionOutside) return this.#showCopy(position);
    this.#showFragment(region, fragments.offset(entry), fragments.start(entry), fragments.end(entry));
  }

  /** Moves the window to the only fragment of a chain, without a native call. Returns false for chains of several fragments. */
  #showSingle(): boolean {
    const { handle } = this;
    if (this.#fragments !== undefined || handle.fragmentCount !== 1) return false;
    if (handle.frontOffset + handle.length > regionSize) return false;
    this.#showFragment(handle.frontRegion, handle.frontOffset, 0, handle.length);
    return true;
  }

  /** Moves the window to the bytes from `start` to `end` of the chain, which lie at `offset` of the region. */
  #showFragment(region: number, offset: number, start: number, end: number): void {
    const position = this.base + this.at;
    if (region !== this.#region) this.#look(windowOf(region), region);
    this.base = start - offset;
    this.at = position - this.base;
    this.start = offset;
    this.limit = end - this.base;
  }

  /** Makes a window that is a copy of the bytes from `position` on. Each copy in a row is four times as long, up to COPIED_MOST. */
  #showCopy(position: number): void {
    giveCopyTo(this);
    this.#copiedLast = Math.min(Math.max(this.#copiedLast * 4, COPIED_LEAST), COPIED_MOST);
    const length = Math.min(this.handle.length - position, this.#copiedLast);
    native.copyOut(this.handle.slot('IoBuf'), position, length === COPIED_MOST ? copied.bytes : copied.bytes.subarray(0, length));
    this.#look(copied, -1);
    this.base = position;
    this.at = 0;
    this.start = 0;
    this.limit = length;
  }

  #look({ bytes, view }: CursorWindow, region: number): void {
    this.bytes = bytes;
    this.view = view;
    this.#region = region;
  }
}
