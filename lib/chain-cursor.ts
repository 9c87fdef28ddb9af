// A place in a chain, with a window on the fragment under it. While a read stays in the fragment, two comparisons are all it
// costs; the rest is out of line. Fields are plain because the classes that read are in other files; none of them is in the
// typings.
//
//   chain    … │ fragment │ fragment under the position │ fragment │ …
//   window           ………… [start ……… at ……… limit] …………                  position = base + at
//
// A field across an edge is gathered into a small window of its own, which serves one read. Where views are copies, and on wrapped
// memory, which lies in no piece, the window is a copy of the next few KiB, whatever the fragments.
import { constants, native } from './native.js';
import { outOfBounds } from './errors.js';
import { FragmentList } from './fragment-list.js';
import type { Handle } from './handle.js';
import { innerWindow, viewMode } from './views.js';

const { pieceOutside, windowSize } = constants;
/** The longest field: a varint of 64 bits. */
const GATHERED_MAX = 10;
/** How much is copied at first, and at most, when a window is a copy: most readers of wrapped chunks look at a header only. */
const COPIED_LEAST = 256;
const COPIED_MOST = 4096;

interface Window {
  readonly bytes: Buffer;
  readonly view: DataView;
}

const gathered = windowOn(Buffer.alloc(GATHERED_MAX));
/**
 * One copy for all readers of the thread: who needs it takes it from the one that had it, which copies anew when it goes on. At the
 * end of the job nobody has it: no reader is kept alive by it, and what is written into wrapped memory meanwhile is seen.
 */
const copied = windowOn(Buffer.alloc(COPIED_MOST));
let copiedFor: ChainCursor | undefined;

function giveCopyTo(reader: ChainCursor): void {
  if (copiedFor === undefined) queueMicrotask(takeCopyBack);
  else copiedFor.limit = 0;
  copiedFor = reader;
}

function takeCopyBack(): void {
  copiedFor!.limit = 0;
  copiedFor = undefined;
}
const windows = new Map<number, Window>();

function windowOn(bytes: Buffer): Window {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Never where views are copies, nor of wrapped memory. */
function windowOf(piece: number): Window {
  let found = windows.get(piece);
  if (found === undefined) {
    found = windowOn(innerWindow(piece)!);
    windows.set(piece, found);
  }
  return found;
}

export abstract class ChainCursor {
  /** @internal */
  readonly handle: Handle;
  /** @internal */
  version: number;
  /** @internal The window, as bytes and as a DataView. */
  bytes = gathered.bytes;
  /** @internal */
  view = gathered.view;
  /** @internal Of the next byte, in the window; may lie outside of it, and then the window is found anew. */
  at = 0;
  /** @internal Where the bytes of the chain end in the window; 0 when nothing in it may be read. */
  limit = 0;
  /** @internal Where they begin. */
  start = 0;
  /** @internal */
  base = 0;
  #fragments: FragmentList | undefined = undefined;
  #piece = -1;
  #copiedLast = 0;

  constructor(handle: Handle) {
    this.handle = handle;
    this.version = handle.version;
  }

  /** @internal Reads the next `length` bytes, 1 to GATHERED_MAX: their index in the window, which may have become another one. */
  next(length: number): number {
    const { at } = this;
    if (at + length > this.limit || this.version !== this.handle.version) return this.#nextSlow(length);
    this.at = at + length;
    return at;
  }

  /** @internal True when the next `length` bytes, at least 1, lie in the window; moves it to the fragment that they begin in. */
  reach(length: number): boolean {
    if (this.at + length <= this.limit && this.version === this.handle.version) return true;
    this.need(length);
    this.#show();
    return this.at + length <= this.limit;
  }

  /** @internal Brings the next bytes together in the window: `most` of them, or as many as there are, at least 1. How many. */
  together(most: number): number {
    this.need(1);
    const count = Math.min(most, this.handle.length - this.base - this.at);
    if (!this.reach(count)) this.#gather(count);
    return count;
  }

  /** @internal */
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

  /** @internal The chain's handle, known to be what was read from. */
  alive(): Handle {
    this.handle.slot('IoBuf');
    if (this.version !== this.handle.version) this.#forget();
    return this.handle;
  }

  /** @internal Throws when there are fewer bytes. */
  need(length: number): void {
    const available = this.alive().length - this.base - this.at;
    if (length > available) throw outOfBounds('read', length, Math.max(available, 0));
  }

  #nextSlow(length: number): number {
    if (!this.reach(length)) this.#gather(length);
    const { at } = this;
    this.at = at + length;
    return at;
  }

  /** A window of the next `length` bytes alone, in which nothing but the read that asked for it looks. */
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
        if (fragments.piece(entry) >= pieceOutside) {
          native.copyOut(this.handle.slot('IoBuf'), position, gathered.bytes.subarray(0, length));
          break;
        }
        bytes = windowOf(fragments.piece(entry)).bytes;
        shift = fragments.offset(entry) - fragments.start(entry) + position;
      }
      gathered.bytes[at] = bytes[at + shift]!;
    }
    this.#look(gathered, -1);
    this.base = position;
    this.at = 0;
    this.limit = 0;
  }

  /** Bytes have moved: the position is all that is kept. */
  #forget(): void {
    this.version = this.handle.version;
    this.#fragments = undefined;
    this.at += this.base;
    this.base = 0;
    this.limit = 0;
  }

  /** The window on the fragment under the position, which is inside the chain. */
  #show(): void {
    const position = this.base + this.at;
    if (viewMode() === 'copied' || this.handle.frontPiece >= pieceOutside) return this.#showCopy(position);
    if (this.#showSingle()) return;
    const fragments = (this.#fragments ??= new FragmentList(this.handle));
    const entry = fragments.find(position);
    const piece = fragments.piece(entry);
    if (piece >= pieceOutside) return this.#showCopy(position);
    this.#showFragment(piece, fragments.offset(entry), fragments.start(entry), fragments.end(entry));
  }

  /** A chain of one fragment, which most small ones are, is shown without a call and without a list. */
  #showSingle(): boolean {
    const { handle } = this;
    if (this.#fragments !== undefined || handle.fragmentCount !== 1) return false;
    if (handle.frontOffset + handle.length > windowSize) return false;
    this.#showFragment(handle.frontPiece, handle.frontOffset, 0, handle.length);
    return true;
  }

  /** From `start` to `end` of the chain; at `offset` of the piece. */
  #showFragment(piece: number, offset: number, start: number, end: number): void {
    const position = this.base + this.at;
    if (piece !== this.#piece) this.#look(windowOf(piece), piece);
    this.base = start - offset;
    this.at = position - this.base;
    this.start = offset;
    this.limit = end - this.base;
  }

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

  #look({ bytes, view }: Window, piece: number): void {
    this.bytes = bytes;
    this.view = view;
    this.#piece = piece;
  }
}
