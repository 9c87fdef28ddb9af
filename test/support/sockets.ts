// Pairs of sockets over loopback, and what arrives at one of them.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';

const opened: Socket[] = [];

/** Two ends of one connection. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect(addressOf(server));
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  opened.push(near, far);
  return [near, far];
}

/** As socketPair(), encrypted with a key that both know. */
export async function tlsPair(): Promise<[TLSSocket, TLSSocket]> {
  const [near, far] = await socketPair();
  const psk = Buffer.from('known to both');
  const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const secureContext = createSecureContext(options);
  const server = new TLSSocket(far, { ...options, secureContext, isServer: true, pskCallback: () => psk } as never);
  const pskCallback = () => ({ psk, identity: 'us' });
  const client = connectTls({ ...options, socket: near, pskCallback, checkServerIdentity: () => undefined });
  await once(client, 'secureConnect');
  return [client, server];
}

export function destroySocketsAfterEach(): void {
  afterEach(() => {
    for (const socket of opened.splice(0)) socket.destroy();
  });
}

/** Where a server listens, for those who ask it. */
export function addressOf(server: Server): { port: number; host: string } {
  return { port: (server.address() as AddressInfo).port, host: '127.0.0.1' };
}

/** A digest of all that comes, each chunk looked at when it comes. */
export async function digestOf(socket: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of socket) hash.update(chunk);
  return hash.digest('hex');
}
