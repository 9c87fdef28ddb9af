// Consecutive batches of a partition in one chain.
import type { IoBuf } from 'corebuf';

/** A block takes batches in until it has so many bytes. */
const BLOCK_BYTES = 64 * 1024;
/** Batches below this size are copied, so that small ones lie side by side and keep nothing else alive. */
const COPY_BELOW = 8 * 1024;

export interface BlockOwner {
  /** Offset before which every record is durable. */
  durable(): number;
  /** The block has been released. */
  onEnd(block: CachedBlock): void;
}

/** The first batch that was asked for, and those that follow it. */
export interface Slice {
  /** Position of the first batch in the block, in bytes, and position behind the last one. */
  readonly start: number;
  readonly end: number;
  /** Offset behind the last record. */
  readonly nextOffset: number;
}

/** Batches of a block. The block takes the chain. */
export interface BlockContent {
  readonly chain: IoBuf;
  /** Base offsets of the batches, and where they begin in the chain, in bytes. */
  readonly offsets: number[];
  readonly positions: number[];
  /** Offset behind the last record. */
  readonly nextOffset: number;
  /** Number of readers that wait for the block. */
  readonly pins: number;
}

export class CachedBlock {
  readonly #chain: IoBuf;
  readonly #offsets: number[];
  readonly #positions: number[];
  readonly #owner: BlockOwner;
  #nextOffset: number;
  /** Number of readers that wait for the block, which must not go before they have read. */
  pins: number;

  constructor({ chain, offsets, positions, nextOffset, pins }: BlockContent, owner: BlockOwner) {
    this.#chain = chain;
    this.#offsets = offsets;
    this.#positions = positions;
    this.#nextOffset = nextOffset;
    this.#owner = owner;
    this.pins = pins;
  }

  /** A block that begins with a batch that was appended to the log. @throws ERR_OUT_OF_MEMORY */
  static appended(offset: number, nextOffset: number, batch: IoBuf, owner: BlockOwner): CachedBlock {
    return new CachedBlock({ chain: kept(batch), offsets: [offset], positions: [0], nextOffset, pins: 0 }, owner);
  }

  get offset(): number {
    return this.#offsets[0]!;
  }

  /** Offset behind the last record. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get bytes(): number {
    return this.#chain.length;
  }

  get evictable(): boolean {
    return this.pins === 0 && this.#nextOffset <= this.#owner.durable();
  }

  /** Takes in the batch that follows, of which it keeps a copy or a share. Returns false when the block is full. @throws ERR_OUT_OF_MEMORY */
  append(nextOffset: number, batch: IoBuf): boolean {
    const position = this.#chain.length;
    if (position + batch.length > BLOCK_BYTES) return false;
    if (batch.length < COPY_BELOW) this.#chain.append(batch);
    else this.#chain.take(kept(batch));
    this.#offsets.push(this.#nextOffset);
    this.#positions.push(position);
    this.#nextOffset = nextOffset;
    return true;
  }

  /**
   * The batch with `offset`, which is in the block, and those after it that fit in `maxBytes` and end before `limit`, an offset at which a
   * batch begins. The first batch is there even if it does not fit.
   */
  slice(offset: number, maxBytes: number, limit: number): Slice {
    const first = this.#indexOf(offset);
    const start = this.#positions[first]!;
    let last = first;
    while (last + 1 < this.#offsets.length && this.#nextOf(last + 1) <= limit && this.#endOf(last + 1) - start <= maxBytes) last++;
    return { start, end: this.#endOf(last), nextOffset: this.#nextOf(last) };
  }

  share({ start, end }: Slice): IoBuf {
    return this.#chain.share(start, end);
  }

  /** Releases the memory. */
  end(): void {
    this.#chain.release();
    this.#owner.onEnd(this);
  }

  #indexOf(offset: number): number {
    let low = 0;
    for (let high = this.#offsets.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #endOf(batch: number): number {
    return this.#positions[batch + 1] ?? this.#chain.length;
  }

  #nextOf(batch: number): number {
    return this.#offsets[batch + 1] ?? this.#nextOffset;
  }
}

/** A batch as the cache keeps it, in memory of this shard: small ones as a copy, large ones as a share, which is copied if it is foreign. */
function kept(batch: IoBuf): IoBuf {
  if (batch.length < COPY_BELOW) return batch.copy();
  const share = batch.share();
  try {
    return share.adopt();
  } catch (error) {
    share.release();
    throw error;
  }
}
