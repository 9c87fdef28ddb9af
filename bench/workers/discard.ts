// A process that accepts connections and discards what comes over them. It prints its port, and ends when its standard input does.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => undefined).resume();
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit()).resume();
