// How JavaScript sees arenas: ArrayBuffers over fixed pieces of them, made when first needed. There are two kinds over the same
// memory. Inner windows are for this package's own reads and writes, and stay. Outer ones are under the views that users get: each
// holds the tokens of the blocks whose bytes it has shown, so that a view, or a view made from a view, keeps its owner alive
// with nothing added to the view itself. An outer window that has collected many tokens is replaced by a new one.
import { constants, native } from './native.js';
import type { Block } from './handle.js';

const { windowSize } = constants;
const TOKENS_MAX = 16;

interface Outer {
  readonly buffer: ArrayBuffer;
  readonly tokens: Block[];
}

const inner = new Map<number, Buffer>();
const outer = new Map<number, WeakRef<Outer>>();
/** Held until the end of the turn, so that looking one up again costs no WeakRef. */
let recent: Outer | undefined;
let recentPiece = -1;

/** What Buffer.from(arrayBuffer, …) makes in the end, without its checks: the class of all Buffers. */
const FastBuffer = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
) => Buffer;

const tokensKey = Symbol('corebuf.tokens');

function open(piece: number, pieces: number): ArrayBuffer {
  const buffer = native.window(piece, pieces);
  if (buffer === null) throw new Error('external ArrayBuffers are forbidden here');
  return buffer;
}

/** Bytes of one whole piece, for us alone. */
export function innerWindow(piece: number): Buffer {
  let bytes = inner.get(piece);
  if (bytes === undefined) {
    bytes = Buffer.from(open(piece, 1));
    inner.set(piece, bytes);
  }
  return bytes;
}

function openOuter(piece: number, pieces: number): Outer {
  const made: Outer = { buffer: open(piece, pieces), tokens: [] };
  // What a window has shown lives as long as its buffer.
  Object.defineProperty(made.buffer, tokensKey, { value: made });
  return made;
}

function outerWindow(piece: number, pieces: number, token: Block): ArrayBuffer {
  const key = pieces === 1 ? piece : -(piece * 65536 + pieces);
  let found = key === recentPiece ? recent : outer.get(key)?.deref();
  // A length of 0: somebody has transferred it away.
  if (found === undefined || found.buffer.byteLength === 0 || (found.tokens.length === TOKENS_MAX && found.tokens.at(-1) !== token)) {
    found = openOuter(piece, pieces);
    outer.set(key, new WeakRef(found));
  }
  if (found.tokens.at(-1) !== token) found.tokens.push(token);
  if (recentPiece === -1) queueMicrotask(forgetRecent);
  recent = found;
  recentPiece = key;
  return found.buffer;
}

function forgetRecent(): void {
  recent = undefined;
  recentPiece = -1;
}

/** A view that users may keep. It costs no copy, and keeps `owner` from being collected. */
export function viewOf(owner: Block, piece: number, offset: number, length: number): Buffer {
  const pieces = Math.ceil((offset + length) / windowSize) || 1;
  return new FastBuffer(outerWindow(piece, pieces, owner), offset, length);
}

export function outerBuffer(owner: Block, piece: number, offset: number, length: number): ArrayBuffer {
  return outerWindow(piece, Math.ceil((offset + length) / windowSize) || 1, owner);
}
