// From one thread to another and back: a shard's method against a worker that answers messages. A thread that has been busy
// may poll for a while before it sleeps; a thread's choice is made once, so each choice is a setting with its own process.
import { join } from 'node:path';
import { attach, DmaBuffer, IoBuf, ShardGroup } from 'corebuf';
import type { Remote } from 'corebuf';
import type { Case, OpenSuite, Suite, Trip, Work } from './harness/suite.js';
import { EchoWorker } from './peers/post-message.js';
import type { Parts } from './peers/post-message.js';
import { PoolWorker } from './peers/pool.js';
import type { Echo } from './workers/echo-shard.js';

const IN_FLIGHT = 512;
const SPIN = 20;
const KIB = 1024;

interface Remotes {
  readonly shard: Remote<Echo>;
  readonly worker: EchoWorker;
  readonly pool: PoolWorker;
}

/** `inFlight` callers, each of which calls again when it has its answer; `call` is told which caller it is. */
function pipelined(call: (caller: number) => Promise<unknown>, inFlight = IN_FLIGHT): Work {
  return async (count) => {
    let left = count;
    const caller = async (_: unknown, number: number): Promise<void> => {
      while (left-- > 0) await call(number);
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  };
}

function emptyTrip({ shard, worker }: Remotes, setting: string): Case {
  return {
    kind: 'trip',
    name: `empty call (${setting})`,
    peerName: 'postMessage',
    async ours() {
      await shard.nothing();
    },
    async peer() {
      await worker.nothing();
    },
  };
}

function emptyCalls({ shard, worker }: Remotes, setting: string): Case {
  return {
    kind: 'work',
    name: `empty calls, ${IN_FLIGHT} in flight (${setting})`,
    unit: 'calls/s',
    peerName: 'postMessage',
    ours: pipelined(() => shard.nothing()),
    peer: pipelined(() => worker.nothing()),
  };
}

/** Every caller's bytes go there and come back again and again. */
function smallCalls({ shard, worker, pool }: Remotes, setting: string): Case[] {
  const chains = Array.from({ length: IN_FLIGHT }, () => chainOf(KIB, 1));
  const ours = pipelined(async (caller) => {
    chains[caller] = await shard.back(chains[caller]!);
  });
  const against = (peerName: string, peer: Work): Case => ({
    kind: 'work',
    name: `1 KiB each way, ${IN_FLIGHT} in flight, against ${peerName} (${setting})`,
    unit: 'calls/s',
    peerName,
    ours,
    peer,
  });
  const posted = Array.from({ length: IN_FLIGHT }, () => partsOf(KIB, 1));
  const pooled = Array.from({ length: IN_FLIGHT }, () => new Uint8Array(KIB));
  return [
    against('postMessage, transferred', pipelined(async (caller) => {
      posted[caller] = await worker.moved(posted[caller]!);
    })),
    against('piscina, transferred', pipelined(async (caller) => {
      pooled[caller] = await pool.moved(pooled[caller]!);
    })),
  ];
}

/** The caller has next to nothing to do, so each of two shards has a processor of its own. */
function hashing(two: ShardGroup<Echo>, setting: string): Case {
  return {
    kind: 'work',
    name: `work for a processor, two shards against one (${setting})`,
    unit: 'calls/s',
    peerName: 'one shard',
    ours: pipelined((caller) => two.shard(caller % 2).hash(), 16),
    peer: pipelined(() => two.shard(0).hash(), 16),
  };
}

/** The same bytes go there and come back again and again, in as many pieces. */
function bytesTrips({ shard, worker }: Remotes, setting: string, what: string, size: number, pieces: number): Case[] {
  const chain = { kept: chainOf(size, pieces) };
  const parts = { kept: partsOf(size, pieces) };
  const ours: Trip = async () => {
    chain.kept = await shard.back(chain.kept);
  };
  const name = (peer: string): string => `${what}, against ${peer} (${setting})`;
  return [
    {
      kind: 'trip',
      name: name('a copy'),
      peerName: 'postMessage, copied both ways',
      ours,
      async peer() {
        await worker.copied(parts.kept);
      },
    },
    {
      kind: 'trip',
      name: name('a transfer'),
      peerName: 'postMessage, transferred both ways',
      ours,
      async peer() {
        parts.kept = await worker.moved(parts.kept);
      },
    },
  ];
}

function chainOf(size: number, pieces: number): IoBuf {
  const chain = new IoBuf();
  for (let piece = 0; piece < pieces; piece++) chain.take(DmaBuffer.alloc(size / pieces));
  return chain;
}

function partsOf(size: number, pieces: number): Parts['parts'] {
  return Array.from({ length: pieces }, () => new Uint8Array(size / pieces));
}

/** asleep: nobody polls. spin: both threads do. default: what the package chooses. */
async function open(setting = 'default'): Promise<OpenSuite> {
  const spin = setting === 'default' ? {} : { spin: setting === 'spin' ? SPIN : 0 };
  attach({ memory: '256MiB', ...spin });
  const module = join(__dirname, 'workers', 'echo-shard.js');
  const one = await ShardGroup.start<Echo>(module, { shards: 1, memory: '256MiB', ...spin });
  const two = await ShardGroup.start<Echo>(module, { shards: 2, memory: '64MiB', ...spin });
  const remotes: Remotes = { shard: one.shard(0), worker: await EchoWorker.start(), pool: new PoolWorker(IN_FLIGHT) };
  return {
    cases: [
      emptyTrip(remotes, setting),
      emptyCalls(remotes, setting),
      ...smallCalls(remotes, setting),
      ...bytesTrips(remotes, setting, '64 KiB', 64 * KIB, 1),
      ...bytesTrips(remotes, setting, '1 MiB in 8 fragments', 1024 * KIB, 8),
      hashing(two, setting),
    ],
    async close() {
      await remotes.worker.close();
      await remotes.pool.close();
      await one.close();
      await two.close();
    },
  };
}

export const hop: Suite = {
  name: 'hop',
  about: 'a call to another thread and back',
  settings: ['asleep', 'default', 'spin'],
  open,
};
