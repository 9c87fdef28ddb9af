// Messages of the channels about connections. Each tells of the beginning or the end of one; none of bytes. Addresses are asked of the kernel while
// there is a subscriber, because it has forgotten them when the connection closes.
import { channels, publish } from '../base/channels.js';
import { portOf } from './address.js';
import type { OpenSocket } from './open-socket.js';
import type { SocketError } from './net-errors.js';

const { connectionAccept, connectionClose, connectionError, listenerError } = channels;

/** The connection is open. */
export function tellOpened(socket: OpenSocket): void {
  if (connectionClose.hasSubscribers || connectionError.hasSubscribers) socket.rememberAddresses();
}

export function tellAccepted(socket: OpenSocket): void {
  publish(connectionAccept, () => describe(socket));
}

export function tellClosed(socket: OpenSocket, error: Error | undefined): void {
  if (error !== undefined) publish(connectionError, () => ({ ...describe(socket), error }));
  publish(connectionClose, () => {
    const { incoming, outgoing } = socket;
    return { ...describe(socket), bytesRead: incoming.bytes, bytesWritten: outgoing.bytes, error };
  });
}

/** The system could not give a connection. */
export function tellAcceptFailed({ address, port }: { address: string; port: number }, error: SocketError): void {
  publish(listenerError, () => ({ localAddress: address, localPort: portOf(port), error }));
}

function describe({ id, local, peer }: OpenSocket): object {
  return { id, remoteAddress: peer?.address, remotePort: portOf(peer?.port), localAddress: local?.address, localPort: portOf(local?.port) };
}
