// What changes in this folder while the thread runs.
import { constants } from '../native/binding.js';
import type { HandleBlock } from './handle-block.js';
import type { Handle } from './handle.js';
import { counted } from '../native/shared-areas.js';
import { KeptWindows } from './kept-windows.js';

export const state = {
  /** The block whose slots new handles get. */
  current: undefined as HandleBlock | undefined,
  /** The block that `current` was, while its handles are watched and no new one was made since. */
  paused: undefined as HandleBlock | undefined,
  /** A timer will watch the handles of the current block. */
  timed: false,
  /** Blocks of which no handle is live, to be used again. */
  emptied: [] as HandleBlock[],
  /** By number of a block: how often it has been used again. */
  rounds: [] as number[],
  /** Blocks that hold handles, or had some that were forgotten. The current block is one of them. */
  blocksInUse: 0,
  /** By number: the block of the present round, once its handles are watched one by one. Weak, because its collection finds forgotten handles. */
  watched: [] as (WeakRef<HandleBlock> | undefined)[],
  /** Full blocks that still hold their handles. */
  young: [] as HandleBlock[],
  /** Handles that were inputs of connections, and that their blocks do not hold. */
  youngHandles: [] as Handle[],
  /** Called with the slot of an input of a connection that is given up; the net layer puts its own here. */
  inputForgotten: (_slot: number): void => undefined,
  /** Slots that were released: a count, then the slots. C++ empties the list before it does anything else with memory. */
  released: new Uint32Array(constants.listedMax + 1),
  /** Bytes appended into slack without a native call. In an array, because V8 would allocate each new value of a property beyond 31 bits. */
  appendedToSlack: counted,
  views: {
    /** By region: the views that this package itself reads and writes through. */
    inner: new Map<number, Buffer>(),
    /** The inner view that was asked for last, which is mostly the one that is asked for next. */
    lastRegion: -1,
    lastView: undefined as Buffer | undefined,
  },
  keptWindows: new KeptWindows(),
  /** DmaBuffers that are ready to be handed out, all of one length. */
  ready: {
    kept: [] as Handle[],
    keptMost: 0,
    usedAgain: 0,
    /** Length of the buffers that were asked for last, and how many in a row. */
    length: 0,
    streak: 0,
  },
};
