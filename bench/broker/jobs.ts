// The loads of the suite `broker`, and what warms a broker up for them.
import { load, loadFromNode } from './load.js';
import type { Load } from './load.js';
import type { Kind, Server } from './server.js';

export const PARTITIONS = 4;
export const MB = 1e6;
/** Less than either side keeps in memory, and more. */
const CACHED = 16 * MB;
const BEYOND_CACHE = 40 * MB;
/** Bounds that are not reached. */
const BEYOND_DISK = 1e12;
const LONG = 60_000;
const LARGE = 1024;
const SMALL = 100;
export const CONNECTIONS = 64;
const CONSUMERS = 4;
/** Records a second. */
export const PACE = 5000;

/** Load on one side, with the processor time that its broker took for it, in milliseconds. */
export interface Run extends Load {
  readonly cpu: number;
}

/** One kind of load, and the brokers that it is put on; rows show different figures of the same runs. */
export interface Job {
  readonly kinds: readonly Kind[];
  run(server: Server, topic: string, milliseconds: number): Promise<Run>;
}

function fill(address: string, topic: string, bytes: number): Promise<Load> {
  return load('produce', address, topic, PARTITIONS, LARGE, LONG, bytes);
}

/**
 * Until the process has compiled what it runs often: before that, a request costs several times as much. Small batches and large ones go to
 * topics of their own. The mock cluster is a program in C; the broker with two shards has only records to take.
 */
export async function warmUp(server: Server, kind: Kind, milliseconds: number): Promise<void> {
  if (kind === 'mock') return;
  await load('single', server.address, 'warm-up-small', PARTITIONS, SMALL, milliseconds, CONNECTIONS);
  await fill(server.address, 'warm-up-large', CACHED);
  if (kind === 'two') return;
  // An answer is megabytes long: few of them fit into a second.
  await consume(server, 'warm-up-large', CACHED, CONSUMERS, Math.ceil(milliseconds / 100));
  await load('echo', server.address, 'warm-up-small', PARTITIONS, SMALL, milliseconds / 4);
  await fill(server.address, 'warm-up-large', BEYOND_CACHE);
  await consume(server, 'warm-up-large', CACHED + BEYOND_CACHE, 1, 2);
}

/** So many consumers at the same time, each of which reads the `bytes` of the whole topic so many times. */
function consume(server: Server, topic: string, bytes: number, consumers: number, times: number): Promise<Load> {
  return load('consume', server.address, topic, PARTITIONS, bytes, consumers, times);
}

/** Makes a load and takes the processor time that the broker needs for it. */
async function during(server: Server, make: () => Promise<Load>): Promise<Run> {
  const before = await server.figures();
  const made = await make();
  const { cpu } = await server.figures();
  return { ...made, cpu: (cpu - before.cpu) / 1000 };
}

function timed(server: Server, ...args: readonly (string | number)[]): Promise<Run> {
  return during(server, () => load(...args));
}

const everywhere: readonly Kind[] = ['ours', 'plain', 'mock', 'peer'];

export const produceLarge: Job = { kinds: everywhere, run: (server, topic, milliseconds) => produce(server, topic, LARGE, milliseconds) };
export const produceSmall: Job = { kinds: everywhere, run: (server, topic, milliseconds) => produce(server, topic, SMALL, milliseconds) };
/** From a client in Node. */
export const produceFromNode: Job = {
  kinds: everywhere,
  run: (server, topic, milliseconds) => during(server, () => loadFromNode(server.address, topic, PARTITIONS, LARGE, milliseconds)),
};
export const single: Job = {
  kinds: everywhere,
  run: (server, topic, milliseconds) => timed(server, 'single', server.address, topic, PARTITIONS, SMALL, milliseconds, CONNECTIONS),
};
/** The mock cluster lets a Fetch wait its whole time, whatever comes. */
export const echo: Job = {
  kinds: ['ours', 'plain', 'peer'],
  run: (server, topic, milliseconds) => timed(server, 'echo', server.address, topic, PARTITIONS, SMALL, milliseconds),
};

/** Records are due at a constant rate; late ones count from when they were due. */
export const paced: Job = {
  kinds: ['ours', 'plain', 'peer'],
  run: (server, topic, milliseconds) => timed(server, 'paced', server.address, topic, PARTITIONS, SMALL, milliseconds, PACE),
};

export const consumeCached: Job = {
  kinds: everywhere,
  async run(server, topic, milliseconds) {
    await fill(server.address, topic, CACHED);
    return during(server, () => consume(server, topic, CACHED, CONSUMERS, Math.ceil(milliseconds / 100)));
  },
};

/** The mock cluster has no disk. */
export const consumeFromDisk: Job = {
  kinds: ['ours', 'plain'],
  async run(server, topic, milliseconds) {
    const bytes = BEYOND_CACHE * Math.ceil(milliseconds / 1000);
    await fill(server.address, topic, bytes);
    await fill(server.address, `${topic}-more`, BEYOND_CACHE);
    return during(server, () => consume(server, topic, bytes, 1, 1));
  },
};

/** Two producers on two connections: with two shards, each has one. */
export const twoProducers: Job = {
  kinds: ['two', 'ours'],
  async run(server, topic, milliseconds) {
    const before = await server.figures();
    const both = await Promise.all([0, 1].map(() => load('produce', server.address, topic, PARTITIONS, LARGE, milliseconds, BEYOND_DISK)));
    const { cpu } = await server.figures();
    const sum = (of: (made: Load) => number): number => both.reduce((total, made) => total + of(made), 0);
    const seconds = Math.max(...both.map((made) => made.seconds));
    return { ...both[0]!, bytes: sum(({ bytes }) => bytes), cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds), seconds, cpu: (cpu - before.cpu) / 1000 };
  },
};

function produce(server: Server, topic: string, recordBytes: number, milliseconds: number): Promise<Run> {
  return timed(server, 'produce', server.address, topic, PARTITIONS, recordBytes, milliseconds, BEYOND_DISK);
}
