// Slots of the native handle table (handle_table.h) come in blocks of 256, filled in order. Every handle refers to its block, and every window
// to the handle whose bytes it shows (windows.ts). So a block is a collector token: when it is collected, nobody can reach any of its handles, and
// the ones that were not released are forgotten objects, whose memory is given back. That is one registration per block, not one per object.
//
// One long-lived handle keeps its block, and would hide the forgotten objects beside it. So the handles that are still live some time after their
// block is full are watched one by one, and so are those of a block that fills slowly, or when memory is short. Most objects are released before
// that, and cost a store into an array. The input of a connection is not watched: the connection holds it until it leaves, and from then on it is
// watched as if it were new.
import { constants, native } from '../native/binding.js';
import { setImmediate, setTimeout } from '../base/timers.js';
import { attachDefault } from '../shard/attach.js';
import { bodyWords } from '../native/shared-areas.js';
import { reportLeaks, tracing } from '../shard/leaks.js';
import type { LeakReport } from '../shard/leaks.js';
import type { Handle } from './handle.js';
import { state } from './state.js';

const { handleBlockSlots, forgottenBytesHigh, forgottenBytesLow, forgottenSlot, forgottenWords, handleLength, handlePending, handleSlotSize } = constants;
const slotWords = handleSlotSize / 4;

/**
 * Index of the word of a slot that is JavaScript's own, and the bits in it. All are 0 when a block is begun. Making and releasing an object
 * mostly touches no bit, because that costs several nanoseconds.
 */
export const MARKS = constants.handleKind / 4;
export const IS_DMA = 1;
/** The handle was given up; set in blocks that have marks. */
export const IS_RELEASED = 2;
/** The chain is the input of a connection, which gets another one when the handle is given up. */
export const IS_INPUT = 4;

const LENGTH = handleLength / 4;
const PENDING = handlePending / 4;
/**
 * Full blocks whose handles are not watched yet. Within a turn the oldest is taken when there are more. The collector reports to us between
 * turns only, so to watch handles earlier would give nothing back earlier, and costs 100 ns or more for each.
 */
const YOUNG_MAX = 128;
/** Milliseconds after which the handles of a block are watched that is not full by then. */
const UNWATCHED_MS = 100;
/** The same as YOUNG_MAX for handles that were inputs of connections. */
const YOUNG_HANDLES_MAX = YOUNG_MAX * handleBlockSlots;

/** Shared by all blocks, because a map of its own costs each of them 200 ns. */
const NO_STACKS: Map<number, string> = new Map<number, string>();

/** A block is used again only as a whole, as a new token. */
export class HandleBlock {
  used = 0;
  live = 0;
  /** Number of slots that are marked as inputs, and one more when handles are watched one by one. Above 0, forgetMarked() notes what is given up. */
  marks = 0;
  /** The handles that are not watched one by one: the block holds them until then. Undefined from when it is full, and all are watched. */
  handles: (Handle | undefined)[] | undefined = new Array<Handle | undefined>(handleBlockSlots);
  /** Creation stacks of the traced objects, by slot in the block. */
  readonly creationStacks = tracing ? new Map<number, string>() : NO_STACKS;
  readonly number: number;
  /** The memory of the block, which its next rounds use again. */
  readonly words: Uint32Array;

  constructor(number: number, words: Uint32Array) {
    this.number = number;
    this.words = words;
  }

  /** The next slot. */
  take(): number {
    this.live++;
    return this.used++;
  }
}

/** What is known of a block whose token was collected; it must not refer to the token. */
interface Watched {
  readonly number: number;
  readonly round: number;
  readonly words: Uint32Array;
  readonly creationStacks: Map<number, string>;
}

/** A handle that is watched by itself. */
export interface WatchedHandle {
  readonly number: number;
  readonly round: number;
  /** Slot in the block. */
  readonly at: number;
}

const collectedBlocks = new FinalizationRegistry<Watched>((watched) => {
  if (state.rounds[watched.number] !== watched.round) return;
  const leaks = native.releaseHandleBlock(watched.number);
  // All reports are made before the first listener runs: it may use blocks, and the words.
  const reports = Array.from({ length: leaks }, (_, leak) => reportOf(watched, bodyWords.subarray(leak * forgottenWords)));
  recycle(new HandleBlock(watched.number, watched.words));
  reportLeaks(reports);
});

const collectedHandles = new FinalizationRegistry<WatchedHandle>(({ number, round, at }) => {
  const block = state.rounds[number] === round ? state.watched[number]?.deref() : undefined;
  // Without its block, the handle is released with all others of the block.
  if (block === undefined || (block.words[at * slotWords + MARKS]! & IS_RELEASED) !== 0) return;
  const report = forgottenAt(block, at);
  native.release(number * handleBlockSlots + at);
  block.words[at * slotWords + MARKS]! |= IS_RELEASED;
  if (--block.live === 0 && block.used === handleBlockSlots) recycle(block);
  reportLeaks([report]);
});

function forgottenAt({ words, creationStacks }: HandleBlock, at: number): LeakReport {
  const slot = at * slotWords;
  const bytes = words[slot + LENGTH]! + words[slot + LENGTH + 1]! * 0x1_0000_0000 + words[slot + PENDING]!;
  return { kind: kindOf(words[slot + MARKS]!), bytes, madeAt: creationStacks.get(at) };
}

function reportOf({ words, creationStacks }: Watched, record: Uint32Array): LeakReport {
  const slot = record[forgottenSlot]!;
  const kind = kindOf(words[slot * slotWords + MARKS]!);
  const bytes = record[forgottenBytesLow]! + record[forgottenBytesHigh]! * 0x1_0000_0000;
  return { kind, bytes, madeAt: creationStacks.get(slot) };
}

function kindOf(marks: number): LeakReport['kind'] {
  return (marks & IS_DMA) === 0 ? 'IoBuf' : 'DmaBuffer';
}

export function recycle(block: HandleBlock): void {
  state.rounds[block.number]! += 1;
  state.watched[block.number] = undefined;
  state.blocksInUse -= 1;
  block.handles = undefined;
  state.emptied.push(block);
}

/** False while a handle is live. Otherwise all blocks can be used again, when this thread has another shard. */
export function giveUpBlocks(): boolean {
  const { blocksInUse } = state;
  const current = state.current ?? state.paused;
  // A block that is collected, but not finalized yet, is in use: its handles have still to be released.
  if (blocksInUse > (current === undefined ? 0 : 1) || (current?.live ?? 0) > 0) return false;
  if (blocksInUse > 0) recycle(current!);
  state.current = state.paused = undefined;
  return true;
}

function nextBlock(): HandleBlock {
  attachDefault();
  watchInTime();
  const last = state.paused ?? state.current;
  state.paused = undefined;
  if (last !== undefined && last.used < handleBlockSlots) return (state.current = last);
  if (last !== undefined) watchLater(last);
  const old = state.emptied.pop();
  let block: HandleBlock;
  if (old === undefined) {
    const memory = new ArrayBuffer(handleBlockSlots * handleSlotSize);
    block = new HandleBlock(native.addHandleBlock(memory), new Uint32Array(memory));
    state.rounds[block.number] = 0;
  } else {
    // Slots that are about to be used again may still be listed.
    native.releaseListed();
    block = new HandleBlock(old.number, old.words);
    for (let at = 0; at < handleBlockSlots; at++) block.words[at * slotWords + MARKS] = 0;
  }
  const { number, words, creationStacks } = block;
  collectedBlocks.register(block, { number, round: state.rounds[number]!, words, creationStacks });
  state.blocksInUse += 1;
  state.current = block;
  return block;
}

export function blockWithRoom(): HandleBlock {
  const { current } = state;
  return current === undefined || current.used === handleBlockSlots ? nextBlock() : current;
}

/** Within UNWATCHED_MS the handles of the block that is being filled are watched, however few they are. The timer keeps no process alive. */
function watchInTime(): void {
  if (state.timed) return;
  state.timed = true;
  setTimeout(() => {
    state.timed = false;
    watchMade();
  }, UNWATCHED_MS).unref();
}

/** Watches the handles that were made so far. The next one goes on in the same block, and starts the timer again. */
export function watchMade(): void {
  const { current } = state;
  if (current === undefined) return;
  if (current.live > 0) watchHandles(current);
  state.paused = current;
  state.current = undefined;
}

function watchLater(full: HandleBlock): void {
  if (full.live === 0) return;
  const { young } = state;
  if (young.length === 0 && state.youngHandles.length === 0) setImmediate(watchAll);
  young.push(full);
  if (young.length > YOUNG_MAX) letGo(young.shift()!);
}

function watchAll(): void {
  for (const block of state.young) letGo(block);
  state.young = [];
  for (const handle of state.youngHandles) handle.watchItself();
  state.youngHandles = [];
}

/** The full block holds no handle any more. */
function letGo(block: HandleBlock): void {
  watchHandles(block);
  block.handles = undefined;
}

/** The block lets go of its live handles, each of which is watched by itself from now on. */
function watchHandles(block: HandleBlock): void {
  const { handles, number } = block;
  if (handles === undefined) return;
  const round = state.rounds[number]!;
  if (state.watched[number] === undefined) {
    state.watched[number] = new WeakRef(block);
    block.marks += 1;
  }
  for (let at = 0; at < handles.length; at++) {
    const handle = handles[at];
    const isInput = (block.words[at * slotWords + MARKS]! & IS_INPUT) !== 0;
    if (handle === undefined || isInput) continue;
    collectedHandles.register(handle, { number, round, at });
    handles[at] = undefined;
  }
}

/** Notes that a handle was given up, in a block that has marks. When the handle was the input of a connection, that connection is told. */
export function forgetMarked(block: HandleBlock, at: number): void {
  const mark = at * slotWords + MARKS;
  block.words[mark]! |= IS_RELEASED;
  if (block.handles !== undefined) block.handles[at] = undefined;
  if ((block.words[mark]! & IS_INPUT) === 0) return;
  block.words[mark]! &= ~IS_INPUT;
  block.marks -= 1;
  state.inputForgotten(block.number * handleBlockSlots + at);
}

/** For a handle that has become the program's, of a block that has let go of its handles already: it is watched if it lives on for some time. */
export function watchHandleLater(handle: Handle): void {
  const { young, youngHandles } = state;
  if (young.length === 0 && youngHandles.length === 0) setImmediate(watchAll);
  if (youngHandles.length < YOUNG_HANDLES_MAX) youngHandles.push(handle);
  else handle.watchItself();
}

/** For a handle of a block that has let go of its handles already. */
export function watchHandle(handle: Handle, { number }: HandleBlock, at: number): void {
  collectedHandles.register(handle, { number, round: state.rounds[number]!, at });
}
