// The list of commands to the sockets of this shard (native/net/net_lists.h). C++ obeys it before it polls; a command costs no native call.
import { constants, native } from '../native/binding.js';

const { commandA, commandB, commandCount, commandFlushes, commandListSize, commandObeyed, commandOperation, commandsBegin, commandSocket } = constants;
const { commandsMax, commandWords } = constants;

const memory = new ArrayBuffer(commandListSize);
const words = new Uint32Array(memory);

/** Tells C++ where the list is. */
export function installCommands(): void {
  native.listCommands(memory);
}

/** Lists a command. `socket`, `a` and `b` are as the operation says. */
export function command(operation: number, socket: number, a = 0, b = 0): void {
  let count = words[commandCount]!;
  if (count === commandsMax) {
    native.obeyListed();
    count = 0;
  }
  const at = commandsBegin + count * commandWords;
  words[at + commandOperation] = operation;
  words[at + commandSocket] = socket;
  words[at + commandA] = a;
  words[at + commandB] = b;
  words[commandCount] = count + 1;
}

/** Changes whenever the commands that were listed before have been obeyed: a chain that was listed to be sent has left its slot then. */
export function obeyed(): number {
  return words[commandObeyed]!;
}

/** Changes whenever the kernel has been offered everything that was written before. */
export function flushes(): number {
  return words[commandFlushes]!;
}
