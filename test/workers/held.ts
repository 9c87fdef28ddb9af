// A shard that stays in one turn until its starter lets it go. `workerData` is two shared words: 1 in the first says that it is held, 1 in the
// second ends that.
import { workerData } from 'node:worker_threads';
import { serve } from 'corebuf';

const words = new Int32Array(workerData as SharedArrayBuffer);

export const held = serve({
  hold(): void {
    Atomics.store(words, 0, 1);
    Atomics.wait(words, 1, 0);
  },
});
