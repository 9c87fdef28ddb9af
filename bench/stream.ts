// Sending over a socket: a chain with writeTo(), beside the same bytes as Buffers with socket.write(). The other end is a process of its own,
// so the processor time of this process is the price of sending.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { IoBuf } from 'corebuf';
import { settle, sideOf } from './harness/measure.js';
import type { Case, Effort, OpenSuite, Sides, Suite } from './harness/suite.js';

const KIB = 1024;
/** Lengths of the fragments of each message. */
const JOBS: readonly (readonly [name: string, lengths: readonly number[]])[] = [
  ['send 64 fragments of 1 KiB', Array.from({ length: 64 }, () => KIB)],
  ['send 1 MiB', Array.from({ length: 8 }, () => 128 * KIB)],
  ['send an answer of 100 bytes', [100]],
];

type Send = () => Promise<void>;

function sendingChain(socket: Socket, parts: readonly Buffer[]): Send {
  return async () => {
    const chain = new IoBuf();
    for (const part of parts) chain.take(IoBuf.from(part));
    const written = chain.writeTo(socket);
    chain.release();
    await written;
  };
}

/** The same, of a chain that is there already. */
function sendingAgain(socket: Socket, parts: readonly Buffer[]): Send {
  const chain = new IoBuf();
  for (const part of parts) chain.take(IoBuf.from(part));
  return () => chain.writeTo(socket);
}

function sendingBuffers(socket: Socket, parts: readonly Buffer[]): Send {
  const last = parts.at(-1)!;
  return () =>
    new Promise((resolve, reject) => {
      socket.cork();
      for (const part of parts) if (part !== last) socket.write(part);
      socket.write(last, (error) => (error ? reject(error) : resolve()));
      socket.uncork();
    });
}

/** Microseconds of processor time for one message; as many as take `target` ms. */
async function processorTime(send: Send, target: number): Promise<number> {
  for (let warm = 0; warm < 50; warm++) await send();
  const start = process.cpuUsage();
  const until = performance.now() + target;
  let sent = 0;
  for (; performance.now() < until || sent === 0; sent++) await send();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / sent;
}

async function measureSides(ours: Send, peer: Send, { rounds, target }: Effort): Promise<Sides> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      await settle();
      times[side].push(await processorTime(side === 0 ? ours : peer, target * 2));
    }
  }
  return { ours: sideOf(times[0]), peer: sideOf(times[1]) };
}

function casesFor(socket: Socket): Case[] {
  return JOBS.map(([name, lengths]): Case => {
    const parts = lengths.map((length, at) => Buffer.alloc(length, at));
    const ours = lengths.length > 1 ? sendingAgain(socket, parts) : sendingChain(socket, parts);
    const peer = sendingBuffers(socket, parts);
    return { kind: 'own', name, unit: 'µs', peerName: 'socket.write(), corked', measure: (effort) => measureSides(ours, peer, effort) };
  });
}

async function startDiscarding(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [join(__dirname, 'workers/discard.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(port.toString()) };
}

export const stream: Suite = {
  name: 'stream',
  about: 'chains to sockets, by processor time',
  async open(): Promise<OpenSuite> {
    const { child, port } = await startDiscarding();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return {
      cases: casesFor(socket),
      close: async () => {
        socket.destroy();
        child.stdin!.end();
        await once(child, 'exit');
      },
    };
  },
};
