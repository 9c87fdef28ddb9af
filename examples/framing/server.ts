// The server: answers the messages in order, each with its CRC-32C in four bytes, big-endian. It serves connections of corebuf, or sockets of node:net.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { IoBuf, Listener } from 'corebuf';
import type { Connection } from 'corebuf';
import type { Net } from '../command-line.js';
import { Frames } from './frames.js';
import type { Framing } from './frames.js';

export interface Server {
  readonly port: number;
  /** Resolves when all connections have closed; the clients have gone before. */
  close(): Promise<unknown>;
}

const HOST = '127.0.0.1';

export function listen(framing: Framing, net: Net): Promise<Server> {
  return net === 'corebuf' ? listenCorebuf(framing) : listenNode(framing);
}

async function listenCorebuf(framing: Framing): Promise<Server> {
  const listener = await Listener.open({ host: HOST, allowHalfOpen: true });
  const served: Promise<void>[] = [];
  listener.on('connection', (connection) => {
    const serving = serveConnection(connection, framing).catch((error: unknown) => connection.destroy(error as Error)); // The client notices it.
    served.push(serving.then(() => connection.close()));
  });
  return { port: (listener.address as AddressInfo).port, close: () => Promise.all([listener.close(), ...served]) };
}

async function listenNode(framing: Framing): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    serveSocket(socket, framing).catch((error: unknown) => socket.destroy(error as Error));
    socket.on('error', () => undefined); // The client notices it as well.
  });
  await once(server.listen(0, HOST), 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** No byte of a message is copied on its way here. While the client does not read its answers, write() waits, and the connection is not read. */
async function serveConnection(connection: Connection, framing: Framing): Promise<void> {
  using frames = new Frames(framing);
  for await (const chain of connection) {
    frames.take(chain);
    await connection.write(answersTo(frames));
  }
  frames.expectNothing();
  await connection.end();
}

/** The sink copies each chunk once; while the promise of its handler is pending, the socket is not read. */
async function serveSocket(socket: Socket, framing: Framing): Promise<void> {
  using frames = new Frames(framing);
  const answer = async (chain: IoBuf): Promise<void> => {
    frames.take(chain);
    using answers = answersTo(frames);
    await answers.writeTo(socket);
  };
  await pipeline(socket, IoBuf.sink(answer));
  frames.expectNothing();
  socket.end();
}

/** To all messages that are whole. */
function answersTo(frames: Frames): IoBuf {
  const answers = new IoBuf();
  for (let message = frames.next(); message !== undefined; message = frames.next()) {
    using whole = message;
    answers.appendUInt32BE(whole.crc32c());
  }
  return answers;
}
