// Connections beside a peer of node:net in both roles: random pieces, splits, pauses, half-closes, resets and ends, compared byte by byte.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Connection, IoBuf, Listener } from 'corebuf';
import { Random } from '../support/random';
import { scratchPath, removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();

type Role = 'client' | 'server';
type Ending = 'end' | 'peer resets' | 'destroy';

const ROUNDS = 12;
const options = { allowHalfOpen: true, highWater: 16_384 };

/** What one side has sent and the other has received. */
class Direction {
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];

  send(bytes: Buffer): Buffer {
    this.#sent.push(bytes);
    return bytes;
  }

  receive(bytes: Buffer): void {
    this.#received.push(bytes);
  }

  get sent(): Buffer {
    return Buffer.concat(this.#sent);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }
}

async function met(role: Role, kind: 'tcp' | 'unix'): Promise<{ ours: Connection; peer: Socket }> {
  const path = scratchPath();
  if (role === 'client') {
    const server = createServer({ allowHalfOpen: true });
    server.listen(kind === 'unix' ? { path } : { port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const ours = await Connection.connect({ ...(kind === 'unix' ? { path } : { host: '127.0.0.1', port: (server.address() as AddressInfo).port }), ...options });
    const [peer] = await accepted;
    server.close();
    return { ours, peer };
  }
  await using listener = await Listener.open({ ...(kind === 'unix' ? { path } : { host: '127.0.0.1' }), ...options });
  const accepted = listener[Symbol.asyncIterator]().next();
  const peer = connect({ ...(kind === 'unix' ? { path } : { host: '127.0.0.1', port: (listener.address as AddressInfo).port }), allowHalfOpen: true });
  await once(peer, 'connect');
  return { ours: (await accepted).value as Connection, peer };
}

class Talk {
  readonly #random: Random;
  readonly #ours: Connection;
  readonly #peer: Socket;
  readonly there = new Direction();
  readonly back = new Direction();
  ended = false;

  constructor(random: Random, ours: Connection, peer: Socket) {
    this.#random = random;
    this.#ours = ours;
    this.#peer = peer;
    peer.on('error', () => undefined);
    peer.on('data', (chunk: Buffer) => this.there.receive(chunk));
    ours.onInput((input) => {
      // Some of it, at times all, at times nothing.
      const length = this.#random.pick([0, input.length, this.#random.upTo(input.length)]);
      using taken = length === input.length ? new IoBuf().take(input) : input.takeFront(length);
      this.back.receive(taken.toBuffer());
    });
    ours.on('end', () => (this.ended = true));
  }

  step(): Promise<void> {
    const bytes = this.#random.bytes(this.#random.size(60_000));
    const steps: (() => void | Promise<void>)[] = [
      () => void this.#ours.post(this.there.send(bytes)),
      () => void this.#ours.post(IoBuf.from(this.there.send(bytes))),
      () => {
        const place = this.#ours.reserve();
        place.fill(this.there.send(bytes));
      },
      () => void this.#peer.write(this.back.send(bytes)),
      () => void this.#peer.write(this.back.send(bytes)),
      () => void this.#ours.pause(),
      () => void this.#ours.resume(),
      () => void this.#peer.pause(),
      () => void this.#peer.resume(),
      () => turn(),
      () => turn(),
    ];
    return Promise.resolve(this.#random.pick(steps)());
  }

  /** Takes what is left. */
  readAll(): void {
    this.#peer.resume();
    this.#ours.resume().onInput((input) => {
      this.back.receive(input.toBuffer());
      input.release();
    });
  }
}

async function finish(ending: Ending, ours: Connection, peer: Socket, talk: Talk): Promise<void> {
  // once() would reject with the error of a reset.
  const gone = new Promise((resolve) => ours.once('close', resolve));
  const peerGone = new Promise((resolve) => peer.once('close', resolve));
  if (ending === 'end') {
    talk.readAll();
    const oursEnds = ours.end();
    peer.end();
    await oursEnds;
  } else if (ending === 'peer resets') {
    peer.resetAndDestroy();
    // It may be paused, and would not learn of it then.
    talk.readAll();
  } else {
    peer.once('end', () => peer.end()).resume();
    ours.destroy();
  }
  await Promise.all([gone, peerGone]);
}

describe.each(['tcp', 'unix'] as const)('over %s', (kind) => {
  test.each(['client', 'server'] as const)('a %s sends and receives what node:net does', async (role) => {
    const random = new Random();
    for (let round = 0; round < ROUNDS; round++) {
      const ending = random.pick<Ending>(kind === 'unix' ? ['end', 'destroy'] : ['end', 'peer resets', 'destroy']);
      const { ours, peer } = await met(role, kind);
      const talk = new Talk(random, ours, peer);
      for (let steps = random.upTo(80); steps > 0; steps--) await talk.step();
      await finish(ending, ours, peer, talk);
      const { there, back } = talk;
      const what = `seed ${random.seed}, round ${round}, ${ending}`;
      if (ending === 'end') await until(() => talk.ended, () => `the end is told: ${what}`);
      for (const { sent, received } of [there, back]) {
        const isWhole = ending === 'end' ? received.length === sent.length : received.length <= sent.length;
        expect({ what, isWhole, isSame: received.equals(sent.subarray(0, received.length)) }).toEqual({ what, isWhole: true, isSame: true });
      }
    }
  });
});
