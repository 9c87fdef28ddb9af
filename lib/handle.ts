// One chain of bytes as JavaScript holds it: a slot of a block (block.ts).
import { constants, native } from './native.js';
import { blockWithRoom, Block, KIND, KIND_DMA, recycle } from './block.js';
import { check, OUT_OF_MEMORY, outOfMemory, released } from './errors.js';
import { placeOfCreation, tracing } from './leaks.js';
import { attempt } from './pressure.js';
import { hide, innerWindow, viewMode } from './views.js';
import type { Shown } from './views.js';

export type { Block } from './block.js';

const { blockSlots, listedMax, slotSize } = constants;
const slotWords = slotSize / 4;

const LENGTH = constants.slotLength / 4;
const FRAGMENTS = constants.slotFragments / 4;
const SLACK = constants.slotSlack / 4;
/** One byte of C++, the lowest bit of which is all that it uses; all machines that Node runs on here put the low byte first. */
const INTACT = Math.floor(constants.slotIntact / 4);
const INTACT_BIT = 1 << ((constants.slotIntact % 4) * 8);
const PENDING = constants.slotPending / 4;
const SLACK_PIECE = constants.slotSlackPiece / 4;
const SLACK_OFFSET = constants.slotSlackOffset / 4;
const FRONT_PIECE = constants.slotFrontPiece / 4;
const FRONT_OFFSET = constants.slotFrontOffset / 4;

/** Slots that were released: a count, then the slots. C++ empties it before it does anything else with memory. */
const listed = new Uint32Array(listedMax + 1);
native.listReleases(listed.buffer);

/** In an array, because V8 allocates each new value of a variable that has outgrown 31 bits. */
const appendedToSlack = new Float64Array(1);

/** Bytes that were appended without C++ knowing: the ledger's, all the same. */
export function bytesAppendedToSlack(): number {
  return appendedToSlack[0]!;
}

/** For bytes written into what was reserved. */
export function countAppended(bytes: number): void {
  appendedToSlack[0]! += bytes;
}

/** Slots of one block that were filled ahead with DmaBuffers, to be handed out one by one. */
export class Reserve {
  #block: Block | undefined;
  #next = 0;
  #end = 0;

  /** Takes at most `wanted` slots of the block that is being filled; `fill` gets the first and how many, and returns how many it filled. */
  fill(wanted: number, fill: (first: number, count: number) => number): void {
    const block = blockWithRoom();
    const count = fill(block.number * blockSlots + block.used, Math.min(wanted, blockSlots - block.used));
    this.#block = block;
    for (let at = 0; at < count; at++) block.words[(block.used + at) * slotWords + KIND] = KIND_DMA;
    this.#next = block.used;
    this.#end = block.used += count;
    block.live += count;
  }

  take(): Handle | undefined {
    return this.#next === this.#end ? undefined : new Handle(this.#block, this.#next++);
  }

  /** What was not taken goes back. */
  clear(): void {
    for (let handle = this.take(); handle !== undefined; handle = this.take()) handle.release();
    this.#block = undefined;
  }
}

export class Handle {
  /** Index in the block; below 0 once it has been given up. */
  #at: number;
  readonly block: Block;
  /** Changes whenever bytes may have moved to other positions: positions and views that were kept are stale. */
  version = 0;
  /** Counts how often watch() has had to begin anew. */
  #watched = 0;
  /** Checked mode only. */
  shown: Shown[] | undefined = undefined;

  /** A slot of its own: the next one, or one that was reserved. */
  constructor(reservedIn?: Block, reservedAt = 0) {
    if (reservedIn === undefined) {
      const block = blockWithRoom();
      this.block = block;
      this.#at = block.used++;
      block.live++;
    } else {
      this.block = reservedIn;
      this.#at = reservedAt;
    }
    if (tracing) this.#trace();
  }

  get released(): boolean {
    return this.#at < 0;
  }

  /** Its number for native calls. `what` names the object in the error when it is gone. */
  slot(what: string): number {
    if (this.#at < 0) throw released(what);
    return this.block.number * blockSlots + this.#at;
  }

  get length(): number {
    const { words } = this.block;
    const at = this.#at * slotWords;
    return words[at + LENGTH]! + words[at + LENGTH + 1]! * 0x1_0000_0000 + words[at + PENDING]!;
  }

  get fragmentCount(): number {
    return this.block.words[this.#at * slotWords + FRAGMENTS]!;
  }

  /** Where the first fragment lies. */
  get frontPiece(): number {
    return this.block.words[this.#at * slotWords + FRONT_PIECE]!;
  }

  get frontOffset(): number {
    return this.block.words[this.#at * slotWords + FRONT_OFFSET]!;
  }

  /** For leak reports. */
  markDma(dma: boolean): void {
    this.block.words[this.#at * slotWords + KIND] = dma ? KIND_DMA : 0;
  }

  /**
   * Copies `bytes`, of which there are `length`, behind the end: without a call when they fit into the slack. An empty chain gets
   * room for as much again: it is then half as often that a native call is needed.
   */
  append(bytes: Uint8Array, length: number): void {
    const window = this.slackFor(length);
    if (window !== undefined) {
      window.set(bytes, this.slackStart);
      this.publish(length);
    } else if (native.append(this.slot('chain'), bytes) < 0) this.#appendAgain(bytes);
  }

  /** The same, with no more room than `bytes` need. */
  fill(bytes: Uint8Array): void {
    const slot = this.slot('chain');
    check(attempt(() => native.fill(slot, bytes), this));
  }

  /** Apart, because what a closure captures costs an allocation from the beginning of the function on. */
  #appendAgain(bytes: Uint8Array): void {
    const slot = this.slot('chain');
    check(attempt(() => native.append(slot, bytes), this));
  }

  /** What `length` bytes can be written into, from slackStart on; undefined when there is no room for them. */
  slackFor(length: number): Buffer | undefined {
    const { words } = this.block;
    const at = this.#at * slotWords;
    const slack = words[at + SLACK]! - words[at + PENDING]!;
    return length > slack || slack === 0 ? undefined : innerWindow(words[at + SLACK_PIECE]!);
  }

  get slackPiece(): number {
    return this.block.words[this.#at * slotWords + SLACK_PIECE]!;
  }

  get slackStart(): number {
    const at = this.#at * slotWords;
    return this.block.words[at + SLACK_OFFSET]! + this.block.words[at + PENDING]!;
  }

  /** Bytes that were written from slackStart on become part of the chain. */
  publish(length: number, copied = length): void {
    this.block.words[this.#at * slotWords + PENDING]! += length;
    appendedToSlack[0]! += copied;
  }

  /** From now on intactSince() says whether anything but appending and reading has happened to the chain. */
  watch(): number {
    const at = this.#at * slotWords + INTACT;
    const { words } = this.block;
    if ((words[at]! & INTACT_BIT) === 0) {
      words[at]! |= INTACT_BIT;
      this.#watched++;
    }
    return this.#watched;
  }

  /** C++ takes the mark away when bytes leave the chain, move or are shared. */
  intactSince(watched: number): boolean {
    return watched === this.#watched && this.#at >= 0 && (this.block.words[this.#at * slotWords + INTACT]! & INTACT_BIT) !== 0;
  }

  /** A new handle on `length` bytes from `start`, which are there; `what` as for slot(). */
  share(start: number, length: number, what: string): Handle {
    const slot = this.slot(what);
    const shared = new Handle();
    return shared.filled(attempt(() => native.share(slot, start, length, shared.slot(what)), this));
  }

  /** Gives the bytes back: before the next native allocation, or at the end of the turn. The handle is gone. */
  release(): void {
    if (this.#at < 0) return;
    const slot = this.block.number * blockSlots + this.#at;
    if (this.shown !== undefined || viewMode() === 'checked') native.release(slot);
    else this.#list(slot);
    this.forget();
  }

  /** The chain has moved away, or never came: the slot is empty. */
  forget(): void {
    if (this.shown !== undefined) hide(this);
    this.#at = -1;
    this.version++;
    const { block } = this;
    if (--block.live === 0 && block.used === blockSlots) recycle(block);
  }

  /** For calls that fill this new handle: gives the slot up when they failed. */
  filled(result: number): this {
    if (result >= 0) return this;
    this.forget();
    throw result === OUT_OF_MEMORY ? outOfMemory() : new Error(`unexpected native result ${result}`);
  }

  #list(slot: number): void {
    let count = listed[0]!;
    if (count === listedMax) {
      native.releaseListed();
      count = 0;
    }
    listed[count + 1] = slot;
    listed[0] = count + 1;
  }

  #trace(): void {
    const place = placeOfCreation();
    if (place === undefined) this.block.places.delete(this.#at);
    else this.block.places.set(this.#at, place);
  }
}

/**
 * Never used. V8 forgets a hidden class that no object has, and with it all code compiled for that class: as long as this one lives, a
 * collection at a moment without handles costs nothing of the kind. IoBuf and DmaBuffer keep one each, too.
 */
export const unusedHandle = new Handle(new Block(-1, new ArrayBuffer(slotSize)));

/** What an object refers to whose own handle is used again. */
export const givenUp = new Handle(unusedHandle.block);
givenUp.forget();
