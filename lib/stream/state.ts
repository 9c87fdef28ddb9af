// State of this folder that changes while the thread runs.
import type { NodeStream, StreamOutlet } from './node-writer.js';

export const state = {
  /** The outlet of each Node stream to which writeTo() has written. */
  outlets: new WeakMap<NodeStream, StreamOutlet>(),
};
