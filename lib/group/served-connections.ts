// Connections that a shard of a group serves: those that it accepts itself, and those that other threads hand over to it.
import { CorebufError } from '../base/errors.js';
import { nextTick } from '../base/timers.js';
import type { Connection } from '../net/connection.js';
import { connectionFrom } from '../net/connection.js';
import { drop, setMover, takeIn } from '../net/moving.js';
import type { Moved } from '../net/moving.js';
import type { SocketError } from '../net/net-errors.js';
import { listenAt } from '../net/open-listener.js';
import type { Address, OpenSocket } from '../net/open-socket.js';
import { CONNECTION_METHOD, checkServesConnections } from './accepting.js';
import type { SharedListen } from './accepting.js';
import { request } from '../rpc/client.js';
import type { Peer } from '../rpc/peer.js';
import { untracked } from '../rpc/pending-calls.js';
import type { ShardRef } from '../rpc/pending-calls.js';
import { handle } from '../rpc/server.js';
import { SYSTEM_METHODS } from '../rpc/system-methods.js';
import type { PeerGroup } from './peer-group.js';
import { state } from './state.js';

/** Lets the connections of this shard move to its siblings. */
export function movesWithin(group: PeerGroup): void {
  setMover((index) => {
    const peer = group.peer(index);
    checkServesConnections('moveTo', peer.address.methods);
    return (moved) => deliver(peer, moved);
  });
}

/** Gives a connection to another shard. When that fails, the connection is closed. */
async function deliver(peer: Peer, moved: Moved): Promise<void> {
  try {
    await peer.call(SYSTEM_METHODS.takeConnection, [moved]);
  } catch (error) {
    drop(moved);
    throw error;
  }
}

/** Answers the calls about connections. `starter` is the thread that started the group. */
export function installConnections(starter: ShardRef): void {
  handle(SYSTEM_METHODS.takeConnection, ([moved]) => serveConnection(takeIn(moved as Moved)));
  handle(SYSTEM_METHODS.listen, ([number, options]) => listenHere(number as number, options as SharedListen, starter));
  handle(SYSTEM_METHODS.unlisten, ([number]) => unlisten(number as number));
}

async function listenHere(number: number, options: SharedListen, starter: ShardRef): Promise<Address> {
  const open = await listenAt({ ...options, signal: undefined });
  open.owner = {
    accepted(socket) {
      serveConnection(socket);
      return true;
    },
    acceptFailed: (error) => void reportAcceptFailed(starter, number, error),
  };
  state.ports.set(number, open);
  return open.address;
}

/** Tells the starter, if it can: often accepting fails because the memory is spent that telling needs, too. stats() counts every failure. */
async function reportAcceptFailed(starter: ShardRef, number: number, error: SocketError): Promise<void> {
  try {
    await request(starter, SYSTEM_METHODS.acceptFailed, [number, error], STARTER);
  } catch {
    // stats().net.acceptFailures has it.
  }
}

const STARTER = untracked('the thread that started the group');

function unlisten(number: number): void {
  state.ports.get(number)?.close();
  state.ports.delete(number);
}

/** Calls the service's method with the connection. */
function serveConnection(socket: OpenSocket): void {
  void run(connectionFrom(socket), () => socket.failure);
}

async function run(connection: Connection, failure: () => Error | undefined): Promise<void> {
  try {
    const service = state.ready!.service as Record<string, (connection: Connection) => unknown>;
    await service[CONNECTION_METHOD]!(connection);
  } catch (error) {
    const before = failure();
    connection.destroy(error instanceof Error ? error : undefined);
    if (error === before || error instanceof CorebufError) return;
    nextTick(() => {
      throw error;
    });
  }
}
