import { native } from '../native/binding.js';
import { once } from '../base/once.js';
import { onAttach } from '../shard/attach.js';
import { dispatch } from './client.js';
import { abortLinked, callKey } from './remote-signals.js';
import { nextOfStream, stopStream } from './served-streams.js';
import { handle } from './server.js';
import { SYSTEM_METHODS } from './system-methods.js';

/** Lets C++ deliver messages, and answers the calls that calls themselves are made of. */
export const install = once(() => {
  onAttach(() => native.onMessages(dispatch));
  handle(SYSTEM_METHODS.abort, ([number, reason], from) => abortLinked(callKey(from, number as number), reason));
  handle(SYSTEM_METHODS.nextOfStream, ([number], from) => nextOfStream(number as number, from));
  handle(SYSTEM_METHODS.stopStream, ([number, reason], from) => stopStream(number as number, from, reason));
});
