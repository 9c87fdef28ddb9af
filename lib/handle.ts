// One chain of bytes as JavaScript holds it: a slot in a native table (native/node/handle_table.h). Slots come in blocks. Every
// handle holds its block's token, and so does every ArrayBuffer that shows bytes of the block (windows.ts): when a token is
// collected, nobody can reach anything in the block any more, and what was not released is. That is the net under
// forgotten objects; it costs one registration per block, not one per object.
import { constants, native } from './native.js';
import { attachDefault } from './attachment.js';
import { check, OUT_OF_MEMORY, outOfMemory, released } from './errors.js';

const { blockSlots, slotSize } = constants;
const slotWords = slotSize / 4;

const LENGTH = constants.slotLength / 4;
const FRAGMENTS = constants.slotFragments / 4;
const SLACK = constants.slotSlack / 4;
const PENDING = constants.slotPending / 4;
const SLACK_PIECE = constants.slotSlackPiece / 4;
const SLACK_OFFSET = constants.slotSlackOffset / 4;
const FRONT_PIECE = constants.slotFrontPiece / 4;
const FRONT_OFFSET = constants.slotFrontOffset / 4;

/** A block is filled in order and used again only as a whole, with a new token: one long-lived handle must not hide its neighbours. */
export class Block {
  used = 0;
  live = 0;
  readonly number: number;
  readonly memory: ArrayBuffer;
  readonly words: Uint32Array;

  constructor(number: number, memory: ArrayBuffer) {
    this.number = number;
    this.memory = memory;
    this.words = new Uint32Array(memory);
  }
}

/** Per block number: the token in use is the one of this round. */
const rounds: number[] = [];
const emptied: Block[] = [];
let current: Block | undefined;
let reclaimed = 0;
let reportLeak: ((count: number) => void) | undefined;

const net = new FinalizationRegistry<{ number: number; round: number; memory: ArrayBuffer }>(({ number, round, memory }) => {
  if (rounds[number] !== round) return;
  const leaks = native.releaseBlock(number);
  reclaimed += leaks;
  recycle(new Block(number, memory));
  if (leaks > 0) reportLeak?.(leaks);
});

/** How many forgotten chains the net has given back. */
export function leaksReclaimed(): number {
  return reclaimed;
}

function recycle(block: Block): void {
  rounds[block.number]! += 1;
  emptied.push(block);
}

function nextBlock(): Block {
  attachDefault();
  const old = emptied.pop();
  let block: Block;
  if (old === undefined) {
    const memory = new ArrayBuffer(blockSlots * slotSize);
    block = new Block(native.addBlock(memory), memory);
    rounds[block.number] = 0;
  } else {
    block = new Block(old.number, old.memory);
  }
  net.register(block, { number: block.number, round: rounds[block.number]!, memory: block.memory });
  current = block;
  return block;
}

export class Handle {
  /** Index in the block; below 0 once it has been given up. */
  #at: number;
  readonly block: Block;
  /** Changes whenever bytes may have moved to other positions: positions and views that were kept are stale. */
  version = 0;

  constructor() {
    let block = current;
    if (block === undefined || block.used === blockSlots) block = nextBlock();
    this.block = block;
    this.#at = block.used++;
    block.live++;
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

  get frontPiece(): number {
    return this.block.words[this.#at * slotWords + FRONT_PIECE]!;
  }

  get frontOffset(): number {
    return this.block.words[this.#at * slotWords + FRONT_OFFSET]!;
  }

  /** Writes `bytes` behind the end without a call when they fit into the slack. */
  appendToSlack(bytes: Uint8Array, windowOf: (piece: number) => Uint8Array): boolean {
    const { words } = this.block;
    const at = this.#at * slotWords;
    const pending = words[at + PENDING]!;
    if (bytes.length > words[at + SLACK]! - pending) return false;
    windowOf(words[at + SLACK_PIECE]!).set(bytes, words[at + SLACK_OFFSET]! + pending);
    words[at + PENDING] = pending + bytes.length;
    return true;
  }

  /** Gives the bytes back; the handle is gone. */
  release(): void {
    if (this.#at < 0) return;
    native.release(this.block.number * blockSlots + this.#at);
    this.forget();
  }

  /** The chain has moved away, or never came: the slot is empty. */
  forget(): void {
    this.#at = -1;
    this.version++;
    const { block } = this;
    if (--block.live === 0 && block.used === blockSlots) recycle(block);
  }

  /** For calls that fill this new handle: gives the slot up when they failed. */
  filled(result: number): this {
    if (result >= 0) return this;
    this.forget();
    if (result === OUT_OF_MEMORY) throw outOfMemory();
    check(result);
    return this;
  }

  static reportLeaksTo(listener: (count: number) => void): void {
    reportLeak = listener;
  }
}
