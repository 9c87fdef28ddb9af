import { once } from '../base/once.js';
import { addReclaimer } from '../shard/memory-pressure.js';
import { releaseIdleChunks } from './chunk-pool.js';

/** Lets the shard take back the chunks that appenders keep. */
export const install = once(() => addReclaimer(releaseIdleChunks));
