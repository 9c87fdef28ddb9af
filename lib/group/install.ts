import { once } from '../base/once.js';
import { installListeners } from './group-listeners.js';
import { installServe } from './serve.js';
import { installStats } from './stats.js';
import { installValues } from './value-tree.js';

/** Answers the calls that every thread answers: those of the groups that it starts, and of the group that it is in. */
export const install = once(() => {
  installStats();
  installListeners();
  installServe();
  installValues();
});
