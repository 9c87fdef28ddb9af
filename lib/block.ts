// Slots of the native table (native/node/handle_table.h) come in blocks. Every handle holds its block's token, and so does every
// ArrayBuffer that shows bytes of the block (views.ts): when a token is collected, nobody can reach anything in the block any
// more, and what was not released is. That is the net under forgotten objects; it costs one registration per block, not one
// per object.
import { constants, native } from './native.js';
import { attachDefault } from './attachment.js';
import { bodyWords } from './exchange.js';
import { guarded } from './guarded.js';
import type { LeakReport } from './leaks.js';

const { blockSlots, slotSize } = constants;
const slotWords = slotSize / 4;

/** The last word of a slot is JavaScript's own. */
export const KIND = slotWords - 1;
export const KIND_DMA = 1;

/** A block is filled in order and used again only as a whole, with a new token: one long-lived handle must not hide its neighbours. */
export class Block {
  used = 0;
  live = 0;
  /** Where its objects were made, by slot, when that is traced. */
  readonly places = new Map<number, string>();
  readonly number: number;
  readonly memory: ArrayBuffer;
  readonly words: Uint32Array;

  constructor(number: number, memory: ArrayBuffer) {
    this.number = number;
    this.memory = memory;
    this.words = new Uint32Array(memory);
  }
}

/** What the net knows of a block; must not lead to its token. */
interface Watched {
  readonly number: number;
  readonly round: number;
  readonly memory: ArrayBuffer;
  readonly places: Map<number, string>;
}

/** Per block number: the token in use is the one of this round. */
const rounds: number[] = [];
const emptied: Block[] = [];
let current: Block | undefined;
let reclaimed = 0;
let reportLeak: ((report: LeakReport) => void) | undefined;

const net = new FinalizationRegistry<Watched>((watched) => {
  if (rounds[watched.number] !== watched.round) return;
  const leaks = native.releaseBlock(watched.number);
  reclaimed += leaks;
  // All of it before anybody hears of it: who listens may use blocks, and the words.
  const reports = Array.from({ length: leaks }, (_, leak) => reportOf(watched, bodyWords.subarray(leak * 3)));
  recycle(new Block(watched.number, watched.memory));
  for (const report of reports) guarded(() => reportLeak?.(report));
});

function reportOf({ memory, places }: Watched, [slot, low, high]: Uint32Array): LeakReport {
  const kind = new Uint32Array(memory)[slot! * slotWords + KIND] === KIND_DMA ? 'DmaBuffer' : 'IoBuf';
  return { kind, bytes: low! + high! * 0x1_0000_0000, madeAt: places.get(slot!) };
}

/** How many forgotten chains the net has given back. */
export function leaksReclaimed(): number {
  return reclaimed;
}

/** Called for each of them. */
export function reportLeaksTo(listener: (report: LeakReport) => void): void {
  reportLeak = listener;
}

export function recycle(block: Block): void {
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
    // Slots that are about to be used again may still be listed.
    native.releaseListed();
    block = new Block(old.number, old.memory);
  }
  net.register(block, { number: block.number, round: rounds[block.number]!, memory: block.memory, places: block.places });
  current = block;
  return block;
}

export function blockWithRoom(): Block {
  return current === undefined || current.used === blockSlots ? nextBlock() : current;
}
