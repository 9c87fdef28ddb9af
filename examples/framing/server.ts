// The server: answers each message with its crc32c, four bytes, big-endian, in order.
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { IoBuf } from 'corebuf';
import { Frames } from './frames.js';
import type { Framing } from './frames.js';

export function listen(framing: Framing): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      serve(socket, framing).catch((error: unknown) => socket.destroy(error as Error));
      socket.on('error', () => undefined); // The client sees that it is gone.
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** Reads no further while the client does not take its answers: then the sink waits, and with it the socket. */
async function serve(socket: Socket, framing: Framing): Promise<void> {
  using frames = new Frames(framing);
  const answer = async (chain: IoBuf): Promise<void> => {
    frames.take(chain);
    using answers = new IoBuf();
    for (let message = frames.next(); message !== undefined; message = frames.next()) {
      using whole = message;
      answers.append(bigEndian(whole.crc32c()));
    }
    await answers.writeTo(socket);
  };
  await pipeline(socket, IoBuf.sink(answer));
  if (frames.length > 0) throw new Error(`the last message is cut off after ${frames.length} bytes`);
  socket.end();
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
