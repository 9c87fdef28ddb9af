// One chain that is being written to a Node stream.
import type { Batch, Pieces } from './pieces.js';

/** How one stream is written to. */
export interface Manner {
  /** Number of bytes that are written before the answers of write() count. With 1, the answer to each fragment counts. */
  readonly batch: number;
  /** The stream's write() takes no callback. A copy then counts as written at once. */
  readonly silent: boolean;
}

/** One call of writeTo(). It settles once; the stream may still use bytes that it has received. */
export class Writing {
  readonly pieces: Pieces;
  readonly manner: Manner;
  /** Batches that the stream has received and is not done with, oldest first. */
  readonly given: Batch[] = [];
  /** The stream has received all bytes. */
  handedOver = false;
  settled = false;
  readonly #settle: (error?: Error) => void;

  constructor(pieces: Pieces, manner: Manner, settle: (error?: Error) => void) {
    this.pieces = pieces;
    this.manner = manner;
    this.#settle = settle;
  }

  /** Resolves the promise, or rejects it with `error`. Only the first call counts. No more of the chain is written afterwards. */
  settle(error?: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.pieces.release();
    this.#settle(error as Error | undefined);
  }

  /** Releases the memory of a batch. Returns false when it has been released before. */
  giveBack(batch: Batch): boolean {
    const at = this.given.indexOf(batch);
    if (at < 0) return false;
    this.given.splice(at, 1);
    batch.owner?.release();
    return true;
  }

  giveAllBack(): void {
    for (const batch of this.given.splice(0)) batch.owner?.release();
  }
}
