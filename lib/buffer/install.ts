import { native } from '../native/binding.js';
import { once } from '../base/once.js';
import { onGiveUp } from '../shard/attach.js';
import { addCache, addReclaimer } from '../shard/memory-pressure.js';
import { clearPrefetched } from './dma-cache.js';
import { giveUpBlocks, watchMade } from './handle-block.js';
import { state } from './state.js';
import { dropWindows } from './windows.js';

/** Tells C++ where released slots are listed, and the shard layer what this folder keeps of the shard's memory. */
export const install = once(() => {
  native.listReleases(state.released.buffer);
  addReclaimer(clearPrefetched);
  addCache(dropWindows);
  addCache(watchMade);
  onGiveUp(giveUpBlocks);
});
