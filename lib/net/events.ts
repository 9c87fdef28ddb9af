// Tells listeners and connections of what has happened to them in a turn. C++ calls this once for a list of events (native/net/net_lists.h).
import { runUncaught } from '../base/uncaught.js';
import { constants, native } from '../native/binding.js';
import { incomingWords } from '../native/shared-areas.js';
import { onAttach } from '../shard/attach.js';
import { relieve } from '../shard/memory-pressure.js';
import { command } from './commands.js';
import { state } from './state.js';

const { commandClose, connectionsMax, socketAccepted, socketAcceptFailed, socketClosed, socketConnected, socketEnded, socketReceived } = constants;
const { socketSent, socketStarved, socketUnsent } = constants;
const { socketEventHigh, socketEventKind, socketEventLow, socketEventSocket, socketEventWords } = constants;

export function installEvents(): void {
  onAttach(() => native.onSockets(tellAll));
}

/** Must not throw: an error would keep the rest of the list from being told. Code of the user's that it calls may close any socket. */
function tellAll(count: number): void {
  for (let at = 0; at < count * socketEventWords; at += socketEventWords) {
    const kind = incomingWords[at + socketEventKind]!;
    const id = incomingWords[at + socketEventSocket]!;
    try {
      tell(kind, id, incomingWords[at + socketEventLow]!, incomingWords[at + socketEventHigh]!);
    } catch (error) {
      runUncaught(() => {
        throw error;
      });
    }
  }
}

function tell(kind: number, id: number, low: number, high: number): void {
  if (kind === socketAccepted) return accepted(id, low);
  if (kind === socketAcceptFailed) return state.listeners.get(id)?.acceptFailed(low);
  if (kind === socketStarved) return relieve();
  const index = id % connectionsMax;
  const socket = state.sockets[index];
  // A connection that was handed over to another shard is none of this one's.
  if (socket?.id !== id) return;
  switch (kind) {
    case socketReceived:
      return socket.received(low);
    case socketSent:
      return socket.sent(high * 0x1_0000_0000 + low, true);
    case socketUnsent:
      return socket.sent(high * 0x1_0000_0000 + low, false);
    case socketConnected:
      return socket.connected();
    case socketEnded:
      return socket.ended();
    case socketClosed:
      state.sockets[index] = undefined;
      return socket.closed(low, high);
  }
}

/** The listener may have been closed meanwhile. */
function accepted(id: number, listener: number): void {
  const of = state.listeners.get(listener);
  if (of === undefined) command(commandClose, id);
  else of.accepted(id);
}
