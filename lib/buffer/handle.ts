// One chain of bytes as JavaScript holds it: a slot of the native handle table (handle-block.ts).
import { constants, native } from '../native/binding.js';
import { blockWithRoom, forgetMarked, HandleBlock, IS_DMA, IS_INPUT, MARKS, recycle, watchHandle, watchHandleLater } from './handle-block.js';
import { assert } from '../base/assert.js';
import { outOfMemory, released } from '../base/errors.js';
import { check, OUT_OF_MEMORY } from '../native/results.js';
import { creationStack, tracing } from '../shard/leaks.js';
import { retryAfterReclaim } from '../shard/memory-pressure.js';
import { viewMode } from '../shard/view-mode.js';
import type { Shown } from './shown.js';
import { state } from './state.js';
import { innerRegionView } from './views.js';

export type { HandleBlock } from './handle-block.js';

const { handleBlockSlots, listedMax } = constants;
const slotWords = constants.handleSlotSize / 4;

const LENGTH = constants.handleLength / 4;
const FRAGMENTS = constants.handleFragments / 4;
const SLACK = constants.handleSlack / 4;
/** One byte of C++, of which it uses the lowest bit; all machines that Node runs on here put the low byte first. */
const INTACT = Math.floor(constants.handleIntact / 4);
const INTACT_BIT = 1 << ((constants.handleIntact % 4) * 8);
const PENDING = constants.handlePending / 4;
const SLACK_REGION = constants.handleSlackRegion / 4;
const SLACK_OFFSET = constants.handleSlackOffset / 4;
const FRONT_REGION = constants.handleFrontRegion / 4;
const FRONT_OFFSET = constants.handleFrontOffset / 4;

// Constants, because the paths that release and append are hot.
const { appendedToSlack, released: listed } = state;

/** Number of bytes that were appended without a native call; the ledger counts them all the same. */
export function bytesAppendedToSlack(): number {
  return appendedToSlack[0]!;
}

/** Counts bytes that were written into a placeholder. */
export function countAppended(bytes: number): void {
  appendedToSlack[0]! += bytes;
}

/** Slots of one handle block that were filled ahead with DmaBuffers, to be handed out one by one. */
export class Reserve {
  #block: HandleBlock | undefined;
  #next = 0;
  #end = 0;

  /** Takes at most `wanted` slots of the block that is being filled; `fill` gets the first and how many, and returns how many it filled. */
  fill(wanted: number, fill: (first: number, count: number) => number): void {
    const block = blockWithRoom();
    const count = fill(block.number * handleBlockSlots + block.used, Math.min(wanted, handleBlockSlots - block.used));
    this.#block = block;
    for (let at = 0; at < count; at++) block.words[(block.used + at) * slotWords + MARKS] = IS_DMA;
    this.#next = block.used;
    this.#end = block.used += count;
    block.live += count;
  }

  take(): Handle | undefined {
    return this.#next === this.#end ? undefined : new Handle(this.#block, this.#next++);
  }

  /** Releases the slots that were not taken. */
  clear(): void {
    for (let handle = this.take(); handle !== undefined; handle = this.take()) handle.release();
    this.#block = undefined;
  }
}

/**
 * Handles for slots that `fill` fills one behind the other. It gets the first of them and how many there are at most, and returns how many it
 * has filled; it must run no JavaScript.
 */
export function handlesFilled(fill: (first: number, most: number) => number): Handle[] {
  const block = blockWithRoom();
  const first = block.used;
  const count = fill(block.number * handleBlockSlots + first, handleBlockSlots - first);
  block.used += count;
  block.live += count;
  return Array.from({ length: count }, (_, at) => new Handle(block, first + at));
}

/** `renew` is called with the slot of each chain that was marked as an input and is given up, before the slot can be used again. */
export function onInputForgotten(renew: (slot: number) => void): void {
  state.inputForgotten = renew;
}

/** The time in which nothing but appending and reading happens to a chain. */
export class Watch {
  /** The verb that has ended it, for errors; until then, the verb that was called last. */
  endedBy = 'a later use of its chain';
  /** Number of verbs that were called. */
  verbs = 0;
}

export class Handle {
  /** Index of the slot in the block; below 0 once the object has been released. */
  #at: number;
  readonly block: HandleBlock;
  /** Changes whenever bytes may have moved to other positions: positions and views that were kept are stale. */
  version = 0;
  /** The last one that has begun. */
  #watch: Watch | undefined = undefined;
  /** The windows on the chain's bytes; undefined when there was never one. */
  shown: Shown | undefined = undefined;

  /** A slot of its own: the next one, or one that was reserved. */
  constructor(block = blockWithRoom(), at = block.take()) {
    this.block = block;
    this.#at = at;
    const { handles } = block;
    // A block that is full has handles until its live ones are watched; a reserved slot may be handed out later than that.
    if (handles === undefined) watchHandle(this, block, at);
    else handles[at] = this;
    if (tracing) this.#trace();
  }

  get released(): boolean {
    return this.#at < 0;
  }

  /** Throws ERR_RELEASED once the object has been released; `what` names it in the error. */
  assertLive(what: string): void {
    if (this.#at < 0) throw released(what);
  }

  /** Its number for native calls. `what` names the object in the error when it is gone. */
  slot(what: string): number {
    if (this.#at < 0) throw released(what);
    return this.block.number * handleBlockSlots + this.#at;
  }

  get length(): number {
    const { words } = this.block;
    const at = this.#at * slotWords;
    return words[at + LENGTH]! + words[at + LENGTH + 1]! * 0x1_0000_0000 + words[at + PENDING]!;
  }

  get fragmentCount(): number {
    return this.block.words[this.#at * slotWords + FRAGMENTS]!;
  }

  /** Number of the region in which the first fragment lies. */
  get frontRegion(): number {
    return this.block.words[this.#at * slotWords + FRONT_REGION]!;
  }

  /** Offset of the first fragment in its region, in bytes. */
  get frontOffset(): number {
    return this.block.words[this.#at * slotWords + FRONT_OFFSET]!;
  }

  /** Whether leak reports call the object a DmaBuffer or an IoBuf. */
  markDma(dma: boolean): void {
    const at = this.#at * slotWords + MARKS;
    if (dma) this.block.words[at]! |= IS_DMA;
    else this.block.words[at]! &= ~IS_DMA;
  }

  /** The chain is, or is no longer, the input of a connection (see onInputForgotten), which holds its handle as long as it is. */
  markInput(input: boolean): void {
    const { block } = this;
    const at = this.#at * slotWords + MARKS;
    if (((block.words[at]! & IS_INPUT) !== 0) === input) return;
    block.words[at]! ^= IS_INPUT;
    block.marks += input ? 1 : -1;
    if (!input && block.handles === undefined) watchHandleLater(this);
  }

  /** Its block has let go of it. */
  watchItself(): void {
    if (this.#at >= 0) watchHandle(this, this.block, this.#at);
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
    check(retryAfterReclaim(() => native.fill(slot, bytes), this));
  }

  /** Apart, because what a closure captures costs an allocation from the beginning of the function on. */
  #appendAgain(bytes: Uint8Array): void {
    const slot = this.slot('chain');
    check(retryAfterReclaim(() => native.append(slot, bytes), this));
  }

  /** Memory into which `length` bytes can be written, from slackStart on; undefined when there is no room for them. */
  slackFor(length: number): Buffer | undefined {
    const { words } = this.block;
    const at = this.#at * slotWords;
    const slack = words[at + SLACK]! - words[at + PENDING]!;
    return length > slack || slack === 0 ? undefined : innerRegionView(words[at + SLACK_REGION]!);
  }

  get slackRegion(): number {
    return this.block.words[this.#at * slotWords + SLACK_REGION]!;
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
  watch(): Watch {
    if (this.#watch === undefined || !this.intactSince(this.#watch)) {
      this.block.words[this.#at * slotWords + INTACT]! |= INTACT_BIT;
      this.#watch = new Watch();
    }
    return this.#watch;
  }

  /** C++ takes the mark away when bytes leave the chain, move or are shared. */
  intactSince(watch: Watch): boolean {
    return watch === this.#watch && this.#at >= 0 && (this.block.words[this.#at * slotWords + INTACT]! & INTACT_BIT) !== 0;
  }

  /** Each verb that may take the mark away names itself before. */
  endWatch(verb: string): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    watch.verbs++;
    if (this.intactSince(watch)) watch.endedBy = verb;
  }

  /** Calls `read`, which shares the chain once, and only until it returns: afterwards the chain is as intact as before. */
  keepIntact<T>(read: () => T): T {
    const watch = this.#watch;
    const verbs = watch !== undefined && this.intactSince(watch) ? watch.verbs + 1 : -1;
    try {
      return read();
    } finally {
      // Listeners of pressure, which run when memory is short, may have done more to the chain.
      if (watch?.verbs === verbs && this.#at >= 0) this.block.words[this.#at * slotWords + INTACT]! |= INTACT_BIT;
    }
  }

  /** A new handle on `length` bytes from `start`, which are there; `what` as for slot(), `verb` as for endWatch(). */
  share(start: number, length: number, what: string, verb = 'share()'): Handle {
    const slot = this.slot(what);
    this.endWatch(verb);
    const shared = new Handle();
    return shared.filled(retryAfterReclaim(() => native.share(slot, start, length, shared.slot(what)), this));
  }

  /** Gives the bytes back, before the next native allocation or at the end of the turn. The handle cannot be used again. */
  release(verb = 'release()'): void {
    if (this.#at < 0) return;
    if (this.#watch !== undefined) this.endWatch(verb);
    const slot = this.block.number * handleBlockSlots + this.#at;
    if (viewMode() === 'checked') native.release(slot);
    else this.#list(slot);
    this.forget();
  }

  /** The slot is empty, because the chain has moved away or was never made. The handle cannot be used again. */
  forget(): void {
    this.shown?.end();
    const { block } = this;
    const at = this.#at;
    this.#at = -1;
    this.version++;
    if (block.marks > 0) forgetMarked(block, at);
    else block.handles![at] = undefined;
    if (--block.live === 0 && block.used === handleBlockSlots) recycle(block);
  }

  /** For calls that fill this new handle: gives the slot up when they failed. */
  filled(result: number): this {
    if (result >= 0) return this;
    this.forget();
    assert(result === OUT_OF_MEMORY, 'a call that fills a handle succeeds or runs out of memory');
    throw outOfMemory();
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
    const stack = creationStack();
    if (stack === undefined) this.block.creationStacks.delete(this.#at);
    else this.block.creationStacks.set(this.#at, stack);
  }
}

/**
 * A handle that is never used. V8 forgets a hidden class that no object has, and with it all code that was compiled for that class: as long as this
 * handle exists, a collection at a moment without other handles costs nothing of the kind. IoBuf, IoBufReader and DmaBuffer keep one object each.
 */
export const hiddenClassKeeper = new Handle(new HandleBlock(-1, new Uint32Array(slotWords)));

/** The handle of every object whose own handle was kept for the next one. */
export const releasedHandle = new Handle(hiddenClassKeeper.block);
releasedHandle.forget();
