import { once } from '../base/once.js';
import { onInputForgotten } from '../buffer/handle.js';
import { installCommands } from './commands.js';
import { installEvents } from './events.js';
import { state } from './state.js';

/** Lets C++ tell of sockets, and the buffer layer of inputs that a program has released or moved away. */
export const install = once(() => {
  installCommands();
  installEvents();
  onInputForgotten((slot) => state.inputs[slot]?.incoming.renew(slot));
});
