// Where the fragments of a chain begin, and where they lie: asked of C++ in batches, as far as a reader has come. Kept as plain
// numbers, so that a chain of many fragments costs no object each. It holds until bytes move, and then it is made anew.
import { constants, native } from './native.js';
import { bodyWords, FRAGMENT_WORDS, fragmentsMax } from './exchange.js';
import type { Handle } from './handle.js';

const { windowSize } = constants;
/** Of the first batch: most readers look at the front only. Each batch is larger than the one before. */
const BATCH = 16;
const BATCH_GROWTH = 4;

/** Entries are fragments, but one that reaches across windows is an entry for each of them, and an empty one is none. */
export class FragmentList {
  readonly #handle: Handle;
  /** One more than there are entries: each ends where the next begins. */
  readonly #starts = [0];
  readonly #pieces: number[] = [];
  readonly #offsets: number[] = [];
  #found = 0;
  #fragments = 0;
  /** First entry of the last fragment that is listed. */
  #last = 0;
  #batch = BATCH;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** The entry that holds a position inside the chain. O(1) for the one found last and the next one, else O(log entries). */
  find(position: number): number {
    while (position >= this.#starts.at(-1)!) this.#listMore();
    const next = this.#found + 1;
    if (this.#holds(this.#found, position)) return this.#found;
    this.#found = this.#holds(next, position) ? next : this.#search(position);
    return this.#found;
  }

  start(entry: number): number {
    return this.#starts[entry]!;
  }

  end(entry: number): number {
    return this.#starts[entry + 1]!;
  }

  piece(entry: number): number {
    return this.#pieces[entry]!;
  }

  /** In its piece. */
  offset(entry: number): number {
    return this.#offsets[entry]!;
  }

  /** Goes on with the last fragment that was listed: bytes may have been appended to it since. */
  #listMore(): void {
    this.#starts.length = this.#last + 1;
    this.#pieces.length = this.#last;
    this.#offsets.length = this.#last;
    if (this.#fragments > 0) this.#fragments -= 1;
    const count = native.fragments(this.#handle.slot('IoBuf'), this.#fragments, this.#batch);
    this.#batch = Math.min(this.#batch * BATCH_GROWTH, fragmentsMax);
    this.#fragments += count;
    for (let at = 0; at < count * FRAGMENT_WORDS; at += FRAGMENT_WORDS) {
      this.#last = this.#pieces.length;
      this.#list(bodyWords[at]!, bodyWords[at + 1]!, bodyWords[at + 2]!);
    }
  }

  #list(piece: number, offset: number, length: number): void {
    while (length > 0) {
      const inPiece = Math.min(length, windowSize - offset);
      this.#starts.push(this.#starts.at(-1)! + inPiece);
      this.#pieces.push(piece);
      this.#offsets.push(offset);
      length -= inPiece;
      piece += 1;
      offset = 0;
    }
  }

  #holds(entry: number, position: number): boolean {
    return entry < this.#pieces.length && position >= this.#starts[entry]! && position < this.#starts[entry + 1]!;
  }

  #search(position: number): number {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (position < this.#starts[middle + 1]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
