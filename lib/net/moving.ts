// Connections that go from one shard of the process to another. The descriptor waits in C++ and travels as a ticket, which is good once; what was
// received and not consumed travels as a chain.
import { typeError } from '../base/arguments.js';
import type { IoBuf } from '../iobuf/iobuf.js';
import { constants, native } from '../native/binding.js';
import { command } from './commands.js';
import { countConnection } from './connection-count.js';
import { checkSocket } from './connect.js';
import { OpenSocket } from './open-socket.js';
import type { CheckedConnection } from './options.js';
import { state } from './state.js';

/** A connection between two shards: plain data and a chain. */
export interface Moved {
  readonly ticket: number;
  readonly options: CheckedConnection;
  /** Bytes that were received and not consumed; undefined when there are none. */
  readonly input: IoBuf | undefined;
  /** The peer has opened it. */
  readonly isAccepted: boolean;
  /** The sender has counted the connection for the receiver, which it chose by its number of connections. */
  readonly isCounted: boolean;
}

/** Returns the function that delivers connections to the shard at `index`. @throws RangeError, TypeError when there is no such shard, or it takes none */
export type Mover = (index: number) => (moved: Moved) => Promise<void>;

/** Lets the connections of this thread move. */
export function setMover(mover: Mover): void {
  state.mover = mover;
}

/** @throws TypeError on a thread that is in no group, and as Mover */
export function moverTo(index: number): (moved: Moved) => Promise<void> {
  if (state.mover === undefined) throw typeError('moveTo: this thread is no shard of a group, and only shards of one group move connections to each other');
  return state.mover(index);
}

/** The connection, on the shard that takes it. @throws EBADF when its ticket was used or has ended with its sender; ERR_OUT_OF_MEMORY */
export function takeIn({ ticket, options, input, isAccepted, isCounted }: Moved): OpenSocket {
  const id = native.socketTakeOver(ticket);
  try {
    return new OpenSocket(checkSocket(id, 'accept'), options, { input, isAccepted, isCounted });
  } catch (error) {
    if (isCounted) countConnection(-1);
    input?.release();
    throw error;
  }
}

/** Closes a connection that no shard has taken. */
export function drop({ ticket, input }: Moved): void {
  input?.release();
  const id = native.socketTakeOver(ticket);
  if (id >= 0) command(constants.commandClose, id);
}
