// Batches in memory, for the readers of all partitions of a shard: those that were appended last, and those that were read from the disk.
// They lie in blocks of a partition's consecutive batches; the block that was used longest ago goes first, but for blocks with batches that
// are not durable yet (nobody may read them, and releasing them would free nothing) and for blocks that somebody is about to read.
import { thisShard } from 'corebuf';
import type { IoBuf } from 'corebuf';
import { CachedBlock } from './cached-block.js';
import type { BlockContent, BlockOwner } from './cached-block.js';

/** Bytes that a block costs beside its batches, more or less. */
const BLOCK_OVERHEAD = 512;

export class BatchCache {
  readonly #limit: number;
  /** Least recently used first. */
  readonly #blocks = new Set<CachedBlock>();
  readonly #stopListening: () => void;
  #bytes = 0;

  /** Holds at most `limit` bytes, and less while the memory of the shard is short. */
  constructor(limit: number) {
    this.#limit = limit;
    // Its batches lie in memory of this shard: releasing them would not help another one.
    this.#stopListening = thisShard.memory.onPressure((wanted, home) => {
      if (home === thisShard.id) this.evict(wanted);
    });
  }

  /** Number of bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  get blocks(): number {
    return this.#blocks.size;
  }

  /** The block is new. */
  add(block: CachedBlock): void {
    this.#blocks.add(block);
    this.#bytes += block.bytes + BLOCK_OVERHEAD;
    this.trim();
  }

  /** The block was used, or has grown by `bytes`. */
  use(block: CachedBlock, bytes = 0): void {
    this.#blocks.delete(block);
    this.#blocks.add(block);
    this.#bytes += bytes;
    if (bytes > 0) this.trim();
  }

  /** Releases what is too much, as far as it may go. */
  trim(): void {
    if (this.#bytes > this.#limit) this.evict(this.#bytes - this.#limit);
  }

  /** Releases at least `wanted` bytes, if there are as many that may go. Returns how many they were. */
  evict(wanted: number): number {
    let freed = 0;
    for (const block of this.#blocks) {
      if (freed >= wanted) break;
      if (block.evictable) freed += this.remove(block);
    }
    return freed;
  }

  /** Releases the block. Returns its bytes. */
  remove(block: CachedBlock): number {
    if (!this.#blocks.delete(block)) return 0;
    const bytes = block.bytes + BLOCK_OVERHEAD;
    this.#bytes -= bytes;
    block.end();
    return bytes;
  }

  close(): void {
    this.#stopListening();
    for (const block of this.#blocks) this.remove(block);
  }
}

/** Blocks of one partition, in the order of their offsets. */
export class CachedBatches {
  readonly #cache: BatchCache;
  readonly #blocks: CachedBlock[] = [];
  readonly #owner: BlockOwner;

  /** `durable` returns the offset before which every record is durable. */
  constructor(cache: BatchCache, durable: () => number) {
    this.#cache = cache;
    this.#owner = { durable, onEnd: (block) => this.#forget(block) };
  }

  /** A batch that was appended behind all others. Its bytes are copied into the last block when they are few, and shared otherwise. */
  append(offset: number, nextOffset: number, batch: IoBuf): void {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.nextOffset === offset && last.append(nextOffset, batch)) {
      this.#cache.use(last, batch.length);
      return;
    }
    this.#insert(CachedBlock.appended(offset, nextOffset, batch, this.#owner));
  }

  /** Batches that were read from the disk. Their chain is taken. */
  insert(batches: BlockContent): CachedBlock {
    const block = new CachedBlock(batches, this.#owner);
    this.#insert(block);
    return block;
  }

  /** Whether find() would find a block. */
  has(offset: number): boolean {
    return (this.#blocks[this.#floor(offset)]?.nextOffset ?? 0) > offset;
  }

  /** The block with `offset`, which then counts as used; undefined when it is not in memory. */
  find(offset: number): CachedBlock | undefined {
    const block = this.#blocks[this.#floor(offset)];
    if (block === undefined || offset >= block.nextOffset) return undefined;
    this.#cache.use(block);
    return block;
  }

  /** A reader for which the block was pinned has read. */
  unpin(block: CachedBlock): void {
    block.pins--;
    if (block.pins === 0) this.#cache.trim();
  }

  /** Releases all blocks, or those with an offset that is not below `from`. */
  clear(from = 0): void {
    for (const block of this.#blocks.filter(({ nextOffset }) => nextOffset > from)) this.#cache.remove(block);
  }

  #insert(block: CachedBlock): void {
    this.#blocks.splice(this.#floor(block.offset) + 1, 0, block);
    this.#cache.add(block);
  }

  #forget(block: CachedBlock): void {
    const at = this.#blocks.indexOf(block);
    if (at >= 0) this.#blocks.splice(at, 1);
  }

  /** Index of the last block that does not begin behind `offset`; -1 when there is none. */
  #floor(offset: number): number {
    let low = 0;
    for (let high = this.#blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
