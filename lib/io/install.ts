import { once } from '../base/once.js';
import { native } from '../native/binding.js';
import { onAttach } from '../shard/attach.js';
import { enterClasses } from './io-class.js';
import { settleAll } from './pending-operations.js';

/** Gives C++ the function that settles file operations, and enters the I/O classes into each shard that this thread gets. */
export const install = once(() => {
  onAttach(() => native.onCompletions(settleAll));
  onAttach(enterClasses);
});
