// State of this folder that changes while the thread runs.
import type { Handle } from '../buffer/handle.js';
import type { Chain } from './chain.js';
import type { CursorWindow, ReaderCursor } from './reader-cursor.js';

export const state = {
  /** Reads the private field of an IoBuf. The class sets this function when it is defined. */
  handleOf: undefined as unknown as (chain: Chain) => Handle,
  /** Returns true for an object that has that private field. The class sets this function as well. */
  hasHandle: undefined as unknown as (value: object) => boolean,
  /** Handle for the next IoBuf that is constructed; undefined when that object gets a new handle. */
  nextHandle: undefined as Handle | undefined,
  /** Cursor windows over regions of slab memory, by number of the region. */
  cursorWindows: new Map<number, CursorWindow>(),
  /** The reader whose cursor window is the copy that all readers of the thread share. */
  copyHolder: undefined as ReaderCursor | undefined,
};
