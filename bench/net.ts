// Servers over TCP and Unix sockets, by their processor time for each message: Connection beside node:net, and beside the engine alone.
// Servers and the client, which is in C++, are processes of their own; the client asks no more while it waits for answers.
import type { Case, Effort, OpenSuite, Side, Sides, Suite } from './harness/suite.js';
import { FULL, settle, sideOf } from './harness/measure.js';
import { build } from './harness/native.js';
import { openNetwork } from './net/network.js';
import { Server } from './net/server.js';
import type { Found, Kind, Load, Programs } from './net/server.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const echo = (unix: boolean, connections: number, depth: number): Load => ({ mode: 'echo', size: 100, unix, connections, depth });
const tcp = (mode: Load['mode'], size: number, connections: number, depth = 1): Load => ({ mode, size, unix: false, connections, depth });

interface Job {
  readonly name: string;
  readonly load: Load;
  readonly ours: Kind;
  readonly peer: Kind;
  readonly shown?: 'p50' | 'collecting';
}

const PEERS: Record<Kind, string> = {
  input: 'Connection.input', iterate: 'for await', node: 'node:net, Buffers', chains: 'node:net, IoBuf.writeTo', floor: 'the engine in C++',
};

const echoes: [string, Load][] = [
  ['Unix echo 100 B, 16 connections', echo(true, 16, 1)],
  ['Unix echo 100 B, 256 connections', echo(true, 256, 1)],
  ['TCP echo 100 B, 256 connections', echo(false, 256, 1)],
  ['TCP echo 100 B, 256 connections, depth 32', echo(false, 256, 32)],
];

const JOBS: readonly Job[] = [
  ...echoes.flatMap(([name, load]): Job[] => [
    { name: `${name}, input`, load, ours: 'input', peer: 'node' },
    { name: `${name}, for await`, load, ours: 'iterate', peer: 'node' },
  ]),
  ...[echoes[0]!, echoes[2]!].map(([name, load]): Job => ({ name: `${name}, input`, load, ours: 'input', peer: 'chains' })),
  // With few connections the faster of two servers keeps its client awake, and is spared the waking: there 256 show what a server itself costs.
  ...echoes.slice(0, 3).flatMap(([name, load]): Job[] => [
    { name: `${name}, input`, load, ours: 'input', peer: 'floor' },
    { name: `${name}, for await`, load, ours: 'iterate', peer: 'floor' },
  ]),
  { name: 'TCP echo 100 B, one connection', load: echo(false, 1, 1), ours: 'input', peer: 'node' },
  { name: 'TCP echo 100 B, one connection, p50', load: echo(false, 1, 1), ours: 'input', peer: 'node', shown: 'p50' },
  { name: 'ingest 1 MiB, 16 connections', load: tcp('ingest', MIB, 16), ours: 'input', peer: 'node' },
  { name: 'ingest 1 MiB, 16 connections, in collections', load: tcp('ingest', MIB, 16), ours: 'input', peer: 'node', shown: 'collecting' },
  { name: 'framed echo 1 MiB', load: tcp('framed', MIB, 4), ours: 'input', peer: 'node' },
  { name: 'framed echo 16 KiB', load: tcp('framed', 16 * KIB, 16), ours: 'input', peer: 'node' },
  { name: 'framed echo 100 B, depth 32', load: tcp('framed', 100, 16, 32), ours: 'input', peer: 'node' },
  { name: 'send 64 fragments of 1 KiB', load: tcp('fetch', 64 * KIB, 16), ours: 'input', peer: 'node' },
  { name: 'send 1 MiB', load: tcp('fetch', MIB, 4), ours: 'input', peer: 'node' },
  { name: 'connect, echo 100 B, close', load: { ...echo(false, 16, 1), churn: true }, ours: 'input', peer: 'node' },
];

/** Microseconds. */
const TOLD_LEAST = 0.01;

/** Four connections with messages of 1 MiB, beside those that are measured. */
const BULK = tcp('echo', MIB, 4);

/** Servers that have been started, by what they do. */
class Servers {
  readonly #programs: Programs;
  readonly #started = new Map<string, Promise<Server>>();

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  get(kind: Kind, load: Load): Promise<Server> {
    const key = [kind, load.mode, load.size, load.unix].join();
    const started = this.#started.get(key) ?? Server.start(kind, load, this.#programs);
    this.#started.set(key, started);
    return started;
  }

  async close(): Promise<void> {
    for (const server of this.#started.values()) (await server).close();
  }
}

/** Length of one run. */
function secondsOf({ rounds, target }: Effort): number {
  return (target / 1000) * (rounds < FULL.rounds ? 2 : 4);
}

/** Rounds of both sides in turn; the first runs of each warm up. */
async function rounds(effort: Effort, measure: (side: 'ours' | 'peer') => Promise<number>): Promise<Sides> {
  const found = { ours: [] as number[], peer: [] as number[] };
  const isFull = effort.rounds >= FULL.rounds;
  // A machine that is shared changes its speed within seconds: many short rounds, in which both sides meet the same.
  for (let round = isFull ? -2 : -1; round < (isFull ? 15 : 2); round++) {
    for (const side of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
      await settle();
      const value = await measure(side);
      if (round >= 0) found[side].push(value);
    }
  }
  const sides: Record<'ours' | 'peer', Side> = { ours: sideOf(found.ours), peer: sideOf(found.peer) };
  return sides;
}

function caseOf(servers: Servers, { name, load, ours, peer, shown }: Job): Case {
  // A side that never collects would be ahead without end.
  const value = (found: Found): number => Math.max(found[shown ?? 'processor'], TOLD_LEAST);
  const measure = async (effort: Effort): Promise<Sides> =>
    rounds(effort, async (side) => value(await (await servers.get(side === 'ours' ? ours : peer, load)).load(load, secondsOf(effort))));
  return { kind: 'own', name, unit: 'µs', peerName: PEERS[peer], measure };
}

/** Small messages, and large ones, of connections that share a server. */
function mixedCase(servers: Servers, name: string, unit: 'calls/s' | 'GB/s'): Case {
  const small = echo(false, 4, 1);
  const measure = async (effort: Effort): Promise<Sides> =>
    rounds(effort, async (side) => {
      const server = await servers.get(side === 'ours' ? 'input' : 'node', BULK);
      // The first messages of 1 MiB take as long as a whole run of others.
      const seconds = 3 * secondsOf(effort);
      const [fast, bulk] = await Promise.all([server.load(small, seconds), server.load(BULK, seconds)]);
      return unit === 'calls/s' ? fast.perSecond : (bulk.perSecond * 2 * MIB) / 1e9;
    });
  return { kind: 'own', name, unit, peerName: PEERS.node, measure };
}

export const net: Suite = {
  name: 'net',
  about: 'servers, by their processor time for each message',
  async open(): Promise<OpenSuite> {
    const client = build('net_load');
    const floor = build('net_floor');
    if (client === undefined || floor === undefined) return { cases: [] };
    const network = await openNetwork();
    console.error(`net: ${network.about}`);
    const servers = new Servers({ client, floor, prefix: network.prefix });
    return {
      cases: [
        ...JOBS.map((job) => caseOf(servers, job)),
        mixedCase(servers, '4 bulk and 4 small connections: small messages', 'calls/s'),
        mixedCase(servers, '4 bulk and 4 small connections: bulk', 'GB/s'),
      ],
      async close() {
        await servers.close();
        network.close();
      },
    };
  },
};
