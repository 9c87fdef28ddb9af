// Connections that a listener has accepted, each with its peer of node:net.
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Listener } from 'corebuf';
import type { Connection, ConnectionOptions } from 'corebuf';

const HOST = '127.0.0.1';
const opened: { destroy(): void }[] = [];

/** A connection, and its peer. `peerHalfOpen`: the peer stays open when the connection has ended. */
export async function accepted(options: ConnectionOptions = {}, peerHalfOpen = false): Promise<[Connection, Socket]> {
  await using listener = await Listener.open({ host: HOST, ...options });
  const next = listener[Symbol.asyncIterator]().next();
  const { port } = listener.address as AddressInfo;
  const peer = connect({ port, host: HOST, allowHalfOpen: peerHalfOpen }).on('error', () => undefined);
  const connection = (await next).value as Connection;
  destroyLater(connection, peer);
  return [connection, peer];
}

/** These are destroyed after the test, as what accepted() has opened. */
export function destroyLater(...these: { destroy(): void }[]): void {
  opened.push(...these);
}

export function destroyAcceptedAfterEach(): void {
  afterEach(() => {
    for (const each of opened.splice(0)) each.destroy();
  });
}
