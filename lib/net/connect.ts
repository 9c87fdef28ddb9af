// Opening a connection: its addresses are tried one after the other, until one answers.
import { onAbort } from '../base/abort.js';
import { attachDefault } from '../shard/attach.js';
import { constants, native } from '../native/binding.js';
import { closed, outOfMemory } from '../base/errors.js';
import { targetsOf } from './address.js';
import { noneReached, socketError } from './net-errors.js';
import type { SocketError, Target } from './net-errors.js';
import { OpenSocket } from './open-socket.js';
import type { checkedConnect, CheckedConnection } from './options.js';

/** An open socket. @throws as Connection.connect() */
export async function connectTo({ place, signal, connection }: ReturnType<typeof checkedConnect>): Promise<OpenSocket> {
  signal?.throwIfAborted();
  const targets = await targetsOf(place, 'localhost');
  const errors: SocketError[] = [];
  for (const target of targets) {
    signal?.throwIfAborted();
    try {
      return await tryOne(target, connection, signal);
    } catch (error) {
      if (signal?.aborted === true || (error as SocketError).syscall !== 'connect') throw error;
      errors.push(error as SocketError);
    }
  }
  throw noneReached(errors);
}

function tryOne(target: Target, options: CheckedConnection, signal: AbortSignal | undefined): Promise<OpenSocket> {
  attachDefault();
  const id = checkSocket(native.socketConnect(target.address, target.port ?? -1), 'connect', target);
  const socket = new OpenSocket(id, options, { target });
  return new Promise((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      reject(reason);
      socket.destroy(undefined, false);
    };
    const forget = listening(signal, giveUp);
    socket.owner = {
      opened: () => {
        forget?.();
        resolve(socket);
      },
      closed: (error) => {
        forget?.();
        reject(error ?? closed('connection'));
      },
      ended: () => undefined,
      drained: () => undefined,
    };
  });
}

/** As onAbort(); an error of a signal that is an object of the program's own is a reason to give up. */
function listening(signal: AbortSignal | undefined, giveUp: (reason: unknown) => void): (() => void) | undefined {
  if (signal === undefined) return undefined;
  try {
    return onAbort(signal, giveUp);
  } catch (error) {
    giveUp(error);
    return undefined;
  }
}

/** The id that C++ returned. @throws the kernel's error as node:net makes it; ERR_OUT_OF_MEMORY */
export function checkSocket(result: number, syscall: string, target?: Target): number {
  if (result >= 0) return result;
  if (result <= constants.errnoBase) throw socketError(constants.errnoBase - result, syscall, target);
  throw outOfMemory();
}
