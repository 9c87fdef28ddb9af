// What an idle connection costs in memory: idle-connections.js KIND CONNECTIONS, where KIND is the server, corebuf or node. Prints the bytes by which
// the process has grown, for each connection. With `client PORT` as KIND it is the process that opens them, and says so.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Listener } from 'corebuf';

const [kind = '', amount = ''] = process.argv.slice(2);
const HOST = '127.0.0.1';
const BACKLOG = 4096;
const AT_ONCE = 100;

/** Accepts and keeps connections; resolves with the port, and a function that says how many there are. */
async function serve(): Promise<{ port: number; count(): number }> {
  const kept: unknown[] = [];
  if (kind === 'corebuf') {
    const listener = await Listener.open({ host: HOST, backlog: BACKLOG });
    listener.on('connection', (connection) => kept.push(connection.onInput((input) => void connection.post(input))));
    return { port: (listener.address as AddressInfo).port, count: () => kept.length };
  }
  const server = createServer((socket) => kept.push(socket.on('data', (chunk) => socket.write(chunk)))).listen({ port: 0, host: HOST, backlog: BACKLOG });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, count: () => kept.length };
}

/** Bytes of the process, once garbage and pages that the heap keeps have gone. */
function size(): number {
  for (let round = 0; round < 4; round++) globalThis.gc!();
  return process.memoryUsage.rss();
}

async function open(port: number, count: number): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => connect(port, HOST));
    await Promise.all(next.map((socket) => once(socket, 'connect')));
    // An echo, so that a connection is not cheap only because nothing was ever received.
    const answers = next.map((socket) => once(socket, 'data'));
    for (const socket of next) socket.write('hello');
    await Promise.all(answers);
    sockets.push(...next);
  }
}

async function measure(connections: number): Promise<void> {
  const { port, count } = await serve();
  const opened = async (more: number): Promise<void> => {
    const client = fork(__filename, ['client', String(more)], { env: { ...process.env, PORT: String(port) } });
    clients.push(client);
    await once(client, 'message');
  };
  const clients: ReturnType<typeof fork>[] = [];
  await opened(AT_ONCE); // What the first ones cost is not theirs alone.
  const before = size();
  await opened(connections);
  if (count() !== connections + AT_ONCE) throw new Error(`${count()} connections are open`);
  process.stdout.write(String(Math.round((size() - before) / connections)), () => {
    for (const client of clients) client.kill();
    process.exit();
  });
}

async function main(): Promise<void> {
  if (kind !== 'client') return measure(Number(amount));
  await open(Number(process.env['PORT']), Number(amount));
  process.send!('open');
  setInterval(() => undefined, 1 << 30);
}

void main();
