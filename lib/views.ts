// How JavaScript sees the bytes of chains. There are three ways:
//
//   shared    views on external ArrayBuffers over fixed pieces of the arenas, made when first needed and kept
//   checked   every fragment that is shown has an ArrayBuffer of its own, which release() detaches: a stale view has length 0
//   copied    where external ArrayBuffers are forbidden: views are copies
//
// Wrapped memory (wrapping.ts) lies in no arena: each view of it has an ArrayBuffer of its own, which holds that memory.
//
// Shared windows are of two kinds over the same memory. Inner ones are for this package's own reads and writes. Outer ones are under
// the views that users get: each holds the tokens of the blocks whose bytes it has shown, so that a view, and a view made from
// a view, keeps its owner from being collected with nothing added to the view itself. One that has collected many tokens is replaced.
import { constants, native } from './native.js';
import type { Block, Handle } from './handle.js';

const { blockSlots, pieceOutside, windowSize } = constants;
const TOKENS_MAX = 16;

export type ViewMode = 'shared' | 'checked' | 'copied';

/** An ArrayBuffer of checked mode, and which bytes of its chain it shows. */
export interface Shown {
  readonly buffer: ArrayBuffer;
  start: number;
  end: number;
}

interface Outer {
  readonly buffer: ArrayBuffer;
  readonly tokens: Block[];
}

let mode: ViewMode = 'shared';
const inner = new Map<number, Buffer>();
/** The inner window that was asked for last, which is mostly the one that is asked for next. */
let lastPiece = -1;
let lastWindow: Buffer | undefined;
const outer = new Map<string | number, WeakRef<Outer>>();
/** Held until the end of the job, so that looking one up again costs no WeakRef. */
let recent: Outer | undefined;
let recentKey: string | number | undefined;

/** What Buffer.from(arrayBuffer, …) makes in the end, without its checks: the class of all Buffers. */
const FastBuffer = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
) => Buffer;

/** What a buffer shows lives as long as the buffer. Not a property of it: that would give it a hidden class of its own. */
const kept = new WeakMap<ArrayBuffer, object>();

/** Once per thread, before the first view. Without external buffers there is only one way. */
export function chooseViews(wanted: ViewMode): void {
  mode = native.window(0, 0, windowSize) === null ? 'copied' : wanted;
}

export function viewMode(): ViewMode {
  return mode;
}

/** The bytes of one whole piece, for us alone; undefined where views are copies, and for wrapped memory, which lies in no piece. */
export function innerWindow(piece: number): Buffer | undefined {
  return piece === lastPiece ? lastWindow : findInnerWindow(piece);
}

function findInnerWindow(piece: number): Buffer | undefined {
  if (mode === 'copied' || piece >= pieceOutside) return undefined;
  let bytes = inner.get(piece);
  if (bytes === undefined) {
    bytes = Buffer.from(open(piece, 0, windowSize));
    inner.set(piece, bytes);
  }
  lastPiece = piece;
  lastWindow = bytes;
  return bytes;
}

/** `length` bytes from `position` of the chain, which lie in one fragment at that place. Users may keep the view. */
export function viewOf(handle: Handle, position: number, piece: number, offset: number, length: number): Buffer {
  if (piece === pieceOutside) return wrappedView(handle, position, length);
  if (mode === 'shared') return new FastBuffer(outerWindow(piece, offset + length, handle.block), offset, length);
  if (mode === 'checked') return new FastBuffer(ownBuffer(handle, position, piece, offset, length), 0, length);
  return copyOf(handle, position, length);
}

/** Holds what it shows, and therefore can never show anything else: there is nothing to keep alive, nor to detach on release. */
function wrappedView(handle: Handle, position: number, length: number): Buffer {
  const buffer = mode === 'copied' ? null : native.wrappedView(handle.slot('chain'), position);
  return buffer === null ? copyOf(handle, position, length) : new FastBuffer(buffer, 0, length);
}

function copyOf(handle: Handle, position: number, length: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(length);
  native.copyOut(handle.slot('chain'), position, copy);
  return copy;
}

/** Checked mode: nothing of the chain is shown any more. */
export function hide(handle: Handle): void {
  for (const { buffer } of handle.shown!) detach(buffer);
  handle.shown = undefined;
}

/** Checked mode: the first `length` bytes have left; what showed them is gone, or goes with them. */
export function hideFront(handle: Handle, length: number, movedTo?: Handle): void {
  const left: Shown[] = [];
  for (const shown of handle.shown!) {
    if (shown.start >= length) {
      shown.start -= length;
      shown.end -= length;
      left.push(shown);
    } else if (movedTo === undefined) detach(shown.buffer);
    else (movedTo.shown ??= []).push(shown);
  }
  handle.shown = left;
}

/** Checked mode: what is behind the first `length` bytes is gone. */
export function hideBack(handle: Handle, length: number): void {
  const left: Shown[] = [];
  for (const shown of handle.shown!) {
    if (shown.end <= length) left.push(shown);
    else detach(shown.buffer);
  }
  handle.shown = left;
}

/** Checked mode: `length` bytes have come in at the front. */
export function showFurtherBack(handle: Handle, length: number): void {
  for (const shown of handle.shown!) {
    shown.start += length;
    shown.end += length;
  }
}

/** Checked mode: all of `source` has come in behind `start`. */
export function showBehind(handle: Handle, start: number, source: Handle): void {
  for (const shown of source.shown!) {
    shown.start += start;
    shown.end += start;
    (handle.shown ??= []).push(shown);
  }
  source.shown = undefined;
}

function open(piece: number, offset: number, length: number): ArrayBuffer {
  return native.window(piece, offset, length)!;
}

function detach(buffer: ArrayBuffer): void {
  if (buffer.byteLength > 0) native.detach(buffer);
}

function outerWindow(piece: number, end: number, token: Block): ArrayBuffer {
  // Whole pieces, so that there are only so many of them.
  const length = Math.max(1, Math.ceil(end / windowSize)) * windowSize;
  const key = length === windowSize ? piece : `${piece}+${length}`;
  let found = key === recentKey ? recent : outer.get(key)?.deref();
  // A length of 0: somebody has transferred it away.
  if (found === undefined || found.buffer.byteLength === 0 || !holds(found, token)) {
    found = { buffer: open(piece, 0, length), tokens: [token] };
    kept.set(found.buffer, found);
    outer.set(key, new WeakRef(found));
  }
  if (recentKey === undefined) queueMicrotask(forgetRecent);
  recent = found;
  recentKey = key;
  return found.buffer;
}

/** The one that came last is the one that mostly comes again. False when there is no room for it. */
function holds({ tokens }: Outer, token: Block): boolean {
  if (tokens.at(-1) === token || tokens.includes(token)) return true;
  if (tokens.length === TOKENS_MAX) dropDone(tokens);
  return tokens.length < TOKENS_MAX && tokens.push(token) > 0;
}

/** A block that is full, and of which nothing lives, needs nobody to hold it. Each new window is 2 MiB more to V8. */
function dropDone(tokens: Block[]): void {
  let kept = 0;
  for (const each of tokens) {
    if (each.live > 0 || each.used < blockSlots) tokens[kept++] = each;
  }
  tokens.length = kept;
}

function forgetRecent(): void {
  recent = undefined;
  recentKey = undefined;
}

function ownBuffer(handle: Handle, position: number, piece: number, offset: number, length: number): ArrayBuffer {
  const known = handle.shown?.find((shown) => shown.start === position && shown.end === position + length);
  if (known !== undefined && known.buffer.byteLength > 0) return known.buffer;
  const buffer = open(piece, offset, length);
  kept.set(buffer, handle.block);
  (handle.shown ??= []).push({ buffer, start: position, end: position + length });
  return buffer;
}
