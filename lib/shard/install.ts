import { state as base } from '../base/state.js';
import { once } from '../base/once.js';
import { installAttach } from './attach.js';
import { installStalls } from './stalls.js';
import { installShardEvents, thisShard } from './this-shard.js';

/** Lets C++ and the folders below tell this thread's shard of stalls, leaks and spent budgets. */
export const install = once(() => {
  installAttach();
  installStalls();
  installShardEvents();
  base.memoryReport = () => thisShard.memory.report();
});
