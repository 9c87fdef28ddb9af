// The server of the suite `net` on sockets of node:net. Nothing of corebuf is loaded here: a peer must not bear its costs.
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Intake, partsOf } from './asked.js';
import type { Asked } from './asked.js';

export type Handler = (chunk: Buffer) => void;

/** Frames of plain Buffers: what is there of one that is not whole is joined once the rest has come. */
function framesOf(socket: Socket): (chunk: Buffer) => void {
  let waiting: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    waiting.push(chunk);
    length += chunk.length;
    const first = waiting[0]!;
    if (waiting.length > 1 && first.length >= 4 && length < 4 + first.readUInt32BE(0)) return;
    let bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting, length);
    socket.cork();
    while (bytes.length >= 4) {
      const whole = 4 + bytes.readUInt32BE(0);
      if (bytes.length < whole) break;
      socket.write(bytes.subarray(0, whole));
      bytes = bytes.subarray(whole);
    }
    socket.uncork();
    waiting = bytes.length > 0 ? [bytes] : [];
    length = bytes.length;
  };
}

function sendParts(socket: Socket, parts: readonly Buffer[]): void {
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
}

/** Returns the handler of the chunks of a socket. */
export function handlers({ mode, size }: Asked): (socket: Socket) => Handler {
  if (mode === 'framed') return framesOf;
  if (mode === 'echo') return (socket) => (chunk) => socket.write(chunk);
  const parts = partsOf(size);
  if (mode === 'fetch') return (socket) => (chunk) => chunk.forEach(() => sendParts(socket, parts));
  return (socket) => {
    const intake = new Intake(size);
    return (chunk) => {
      const ended = intake.ended(chunk.length);
      if (ended > 0) socket.write('x'.repeat(ended));
    };
  };
}

/** Returns the port; 0 for a path. */
export async function listen({ path }: Asked, handlerOf: (socket: Socket) => Handler): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', handlerOf(socket));
  });
  await new Promise<void>((resolve) => server.listen(path === undefined ? { port: 0, host: '127.0.0.1', backlog: 4096 } : { path, backlog: 4096 }, resolve));
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}
