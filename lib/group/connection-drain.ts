// The connections that a shard serves for its group, and how they end when the group closes: nothing more is read, handlers finish what they
// have begun, and a connection closes once all that was written to it has been sent.
import { CorebufError } from '../base/errors.js';
import { setTimeout } from '../base/timers.js';
import { iobufHandle } from '../iobuf/iobuf.js';
import { native } from '../native/binding.js';
import type { Connection } from '../net/connection.js';
import type { OpenSocket } from '../net/open-socket.js';
import { state as netState } from '../net/state.js';
import { CONNECTION_METHOD } from './accepting.js';
import { state } from './state.js';

/** Milliseconds between two looks at a connection that is still in use. */
const LOOK_MS = 5;

export interface ServedConnection {
  readonly connection: Connection;
  /** Settles with the method that serves the connection; never rejects. */
  readonly handled: Promise<void>;
  isHandled: boolean;
}

type Handler = (connection: Connection) => unknown;

/** The service as connections are given to it: its method is watched, so that closing the group can wait for it. */
export function watched(service: object): object {
  return { [CONNECTION_METHOD]: (connection: Connection) => serveWatched(service as Record<string, Handler>, connection) };
}

function serveWatched(service: Record<string, Handler>, connection: Connection): Promise<void> {
  const socket = socketOf(connection);
  if (state.isDraining) connection.pause();
  const handling = handle(service, connection, socket);
  const over = (): void => void (served.isHandled = true);
  const served: ServedConnection = { connection, handled: handling.then(over, over), isHandled: false };
  if (socket !== undefined) state.connections.set(socket, served);
  return handling;
}

async function handle(service: Record<string, Handler>, connection: Connection, socket: OpenSocket | undefined): Promise<void> {
  try {
    await service[CONNECTION_METHOD]!(connection);
  } catch (error) {
    if (!state.isDraining || !(error instanceof CorebufError) || socket === undefined) throw error;
    // Its input has ended within a message. Answers to earlier ones are sent all the same.
    await connection.close();
  }
}

/** The connection below `connection`, which is found by the input that stands there; undefined when it has closed. */
function socketOf(connection: Connection): OpenSocket | undefined {
  return connection.destroyed ? undefined : netState.inputs[iobufHandle(connection.input).slot('IoBuf')];
}

function open(): [OpenSocket, ServedConnection][] {
  return netState.sockets.flatMap((socket) => {
    const served = socket === undefined ? undefined : state.connections.get(socket);
    return served === undefined ? [] : [[socket!, served]];
  });
}

/** From now on no connection of the group is read, also none that comes from a sibling. */
export function stopReading(): void {
  state.isDraining = true;
  for (const [, { connection }] of open()) connection.pause();
}

/** Ends the input of all connections. Resolves once their handlers have ended, and all that was written has been sent. */
export async function endConnections(): Promise<void> {
  await Promise.all(open().map(([socket, served]) => endConnection(socket, served)));
}

async function endConnection(socket: OpenSocket, served: ServedConnection): Promise<void> {
  const { connection, handled } = served;
  const isStream = !socket.endsByItself;
  // A handler that waits for 'close' gets it as after an end of the peer; any other may write until its promise settles.
  if (!served.isHandled && connection.listenerCount('close') === 0) socket.endsByItself = false;
  if (!socket.incoming.endSeen) socket.ended();
  while (!isOver(socket, served, isStream)) await pause();
  await connection.close();
  await handled;
}

/** Nothing more will be written. */
function isOver({ isClosed, outgoing }: OpenSocket, { connection, isHandled }: ServedConnection, isStream: boolean): boolean {
  if (isHandled && !isStream) return true;
  return isClosed || (outgoing.ended && connection.listenerCount('close') > 0);
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, LOOK_MS));
}

/** Closes the connections that are left once what was written has been sent, whatever their handlers do. */
export function closeConnections(): void {
  for (const [, { connection }] of open()) void connection.close();
}

/** The thread ends now. A peer must not take an answer that was cut off for a whole one. */
export function resetUnsent(): void {
  const unsent = open().filter(([socket]) => socket.outgoing.waiting > 0);
  if (unsent.length === 0) return;
  for (const [, { connection }] of unsent) connection.reset();
  // What was listed is done at once.
  native.obeyListed();
}
