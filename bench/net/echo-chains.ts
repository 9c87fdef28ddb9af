// The same server with chains, as programs had to before there was Connection.
import type { Socket } from 'node:net';
import { IoBuf } from 'corebuf';

export function echo(socket: Socket): (chunk: Buffer) => void {
  return (chunk) => void echoChain(socket, chunk).catch(() => socket.destroy());
}

async function echoChain(socket: Socket, chunk: Buffer): Promise<void> {
  using chain = IoBuf.wrap(chunk);
  await chain.writeTo(socket);
}
