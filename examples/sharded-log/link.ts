// One TCP connection of a client as a session uses it, and what accepts them: with the sockets of corebuf, or with those of node:net.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { IoBuf, Listener } from 'corebuf';
import type { Connection } from 'corebuf';
import type { Net } from '../command-line.js';

export interface Link {
  /** Calls `receive` with what comes, in order, which is its to release; calls `closed` once, at the end. */
  start(receive: (chain: IoBuf) => void, closed: () => void): void;
  pause(): void;
  resume(): void;
  /** Writes behind all that was written before, unless the link has closed. */
  post(bytes: Uint8Array): void;
  /** The same; resolves when the kernel has the bytes. The chain moves. */
  send(chain: IoBuf): Promise<void>;
  /** Writes the last bytes. */
  end(bytes: Uint8Array): void;
  destroy(): void;
}

export interface Server {
  readonly port: number;
  /** The links have closed before, or will soon. */
  close(): Promise<unknown>;
}

const HOST = '127.0.0.1';

export function listen(net: Net, accept: (link: Link) => void): Promise<Server> {
  return net === 'corebuf' ? listenCorebuf(accept) : listenNode(accept);
}

async function listenCorebuf(accept: (link: Link) => void): Promise<Server> {
  const listener = await Listener.open({ host: HOST });
  listener.on('connection', (connection) => accept(connectionLink(connection)));
  return { port: (listener.address as AddressInfo).port, close: () => listener.close() };
}

async function listenNode(accept: (link: Link) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => accept(socketLink(socket)));
  await once(server.listen(0, HOST), 'listening');
  const close = (): Promise<unknown> => new Promise((resolve) => server.close(resolve));
  return { port: (server.address() as AddressInfo).port, close };
}

/** The kernel has put what comes into this shard's memory. */
function connectionLink(connection: Connection): Link {
  return {
    start(receive, closed) {
      connection.onInput(receive).once('close', closed);
    },
    pause: () => void connection.pause(),
    resume: () => void connection.resume(),
    post: (bytes) => void connection.post(bytes),
    send: (chain) => connection.write(chain),
    end: (bytes) => void connection.end(bytes).catch(() => undefined), // The client has gone.
    destroy: () => connection.destroy(),
  };
}

/** Copies what comes into this shard's memory. */
function socketLink(socket: Socket): Link {
  return {
    start(receive, closed) {
      // 'data', not `for await`: the iterator may join chunks, and that would be a copy that nobody counts.
      socket.on('data', (chunk: Buffer) => receive(new IoBuf().append(chunk)));
      socket.on('error', () => socket.destroy());
      socket.on('close', closed);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    post: (bytes) => void socket.write(bytes),
    async send(chain) {
      using sent = chain;
      await sent.writeTo(socket);
    },
    end: (bytes) => void (socket.writable && socket.end(bytes)),
    destroy: () => void socket.destroy(),
  };
}
