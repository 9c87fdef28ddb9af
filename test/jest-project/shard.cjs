// The module of a shard for the tests of this folder.
const { serve } = require('../..');

serve({
  /** Blocks the shard, so that calls are under way for a while. */
  busy(milliseconds) {
    const end = Date.now() + milliseconds;
    while (Date.now() < end);
    return milliseconds;
  },
  length: (chain) => {
    const { length } = chain;
    chain.release();
    return length;
  },
});
