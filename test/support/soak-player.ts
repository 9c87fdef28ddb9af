// One side of soak-shards.ts: calls all shards at random, as the starting thread or as one of them, and counts every answer.
import assert from 'node:assert/strict';
import { DmaBuffer, IoBuf } from 'corebuf';
import type { Peers, RemoteAll } from 'corebuf';
import { Random } from './random.js';
import type { SoakShard } from '../workers/soak-shard.js';

const HEAD = 8;
const LENGTH_MOST = 40_000;
const KEPT_MOST = 40;
const LANES = 6;

/** Bytes that say themselves what they must be, whoever made them. */
function bytesOf(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEAD + length, number & 0xff);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** In one of the ways in which a chain can come about. */
export function chainOf(number: number, length: number): IoBuf {
  const bytes = bytesOf(number, length);
  switch (number % 4) {
    case 0:
      return IoBuf.wrap(bytes);
    case 1: {
      const half = IoBuf.wrap(bytes.subarray(0, bytes.length >> 1));
      return half.append(bytes.subarray(bytes.length >> 1));
    }
    case 2: {
      const whole = IoBuf.from(Buffer.concat([bytes, bytes]));
      const share = whole.share(0, bytes.length);
      whole.release();
      return share;
    }
    default:
      return IoBuf.from(bytes);
  }
}

export function checkChain(chain: IoBuf): void {
  const bytes = chain.toBuffer();
  assert.ok(bytes.equals(bytesOf(bytes.readUInt32LE(0), bytes.readUInt32LE(4))), 'a chain has changed');
}

function isGone(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_SHARD_GONE';
}

/** By index: how many lives have ended, counted just before they do; and how many of them have a successor that all have been told of. */
export class Lives {
  readonly shared: SharedArrayBuffer;
  readonly #counts: Int32Array;

  constructor(shards: number, shared = new SharedArrayBuffer(shards * 8)) {
    this.shared = shared;
    this.#counts = new Int32Array(shared);
  }

  ended(shard: number): number {
    return Atomics.load(this.#counts, shard * 2);
  }

  succeeded(shard: number): number {
    return Atomics.load(this.#counts, shard * 2 + 1);
  }

  end(shard: number): void {
    Atomics.add(this.#counts, shard * 2, 1);
  }

  succeed(shard: number): void {
    Atomics.store(this.#counts, shard * 2 + 1, this.ended(shard));
  }
}

export interface Score {
  calls: number;
  answered: number;
  gone: number;
}

export class Player {
  readonly score: Score = { calls: 0, answered: 0, gone: 0 };
  readonly #peers: Peers<SoakShard>;
  readonly #random: Random;
  readonly #lives: Lives;
  readonly #kept: IoBuf[] = [];
  readonly #lanes: Promise<void>[];
  #stopped = false;

  constructor(peers: Peers<SoakShard>, lives: Lives, seed: number) {
    this.#peers = peers;
    this.#lives = lives;
    this.#random = new Random(seed);
    this.#lanes = Array.from({ length: LANES }, () => this.#play());
  }

  /** Once every call of its own has been settled. */
  async stop(): Promise<Score> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
    assert.equal(this.score.answered + this.score.gone, this.score.calls, 'a reply is lost');
    for (const chain of this.#kept.splice(0)) chain.release();
    return this.score;
  }

  async #play(): Promise<void> {
    while (!this.#stopped) await this.#burst();
  }

  /** Several at once, to one or more shards. */
  async #burst(): Promise<void> {
    const random = this.#random;
    const calls = Array.from({ length: 1 + random.size(12) }, () => {
      const to = random.upTo(this.#peers.size - 1);
      const move = random.pick(['echo', 'there', 'swap', 'dma', 'relay', 'large', 'all'] as const);
      return this.#counted(move === 'all' ? undefined : to, (number) => this.#move(move, to, number));
    });
    await Promise.all(calls);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** One call, which must be answered with its own number, or fail because of a shard that has ended since. */
  async #counted(to: number | undefined, call: (number: number) => Promise<number>): Promise<void> {
    const number = this.score.calls++;
    const shards = to === undefined ? Array.from({ length: this.#peers.size }, (_, at) => at) : [to];
    const succeeded = shards.map((shard) => this.#lives.succeeded(shard));
    try {
      assert.equal(await call(number), number, 'the answer to another call');
      this.score.answered++;
    } catch (error) {
      if (!isGone(error)) throw error;
      assert.ok(shards.some((shard, at) => this.#lives.ended(shard) > succeeded[at]!), `shard ${shards.join()} is alive: ${(error as Error).message}`);
      this.score.gone++;
      // Otherwise most calls would be those that find nobody.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #move(move: 'echo' | 'there' | 'swap' | 'dma' | 'relay' | 'large' | 'all', to: number, number: number): Promise<number> {
    const random = this.#random;
    const peer = this.#peers.shard(to);
    const length = random.size(LENGTH_MOST);
    switch (move) {
      case 'echo':
        return peer.echo(number);
      case 'large':
        return (await peer.large(number, 'x'.repeat(length))).number;
      case 'there': {
        const { number: answered, chain } = await peer.back(number, chainOf(number, length));
        return this.#keep(chain, answered);
      }
      case 'swap': {
        const { number: answered, chain } = await peer.swap(number, this.#chain(number, length));
        return this.#keep(chain, answered);
      }
      case 'dma': {
        const block = DmaBuffer.alloc(4096);
        block.bytes.fill(number);
        const { number: answered, block: back } = await peer.dma(number, block);
        assert.ok(back.bytes.every((byte) => byte === (number & 0xff)), 'a block has changed');
        back.release();
        return answered;
      }
      case 'relay':
        return peer.relay(number, random.upTo(this.#peers.size - 1), this.#chain(number, length));
      case 'all': {
        using chain = chainOf(number, length);
        const answers = await (this.#peers.all as RemoteAll<Pick<SoakShard, 'look'>>).look(number, chain);
        assert.equal(answers.length, this.#peers.size);
        assert.ok(answers.every((answer) => answer === number));
        return number;
      }
    }
  }

  /** One of our own, or of those that have come from anywhere, or a part of the bytes of one. */
  #chain(number: number, length: number): IoBuf {
    if (this.#kept.length === 0 || this.#random.unit() < 0.5) return chainOf(number, length);
    const kept = this.#random.upTo(this.#kept.length - 1);
    return this.#random.unit() < 0.5 ? this.#kept[kept]!.share() : this.#kept.splice(kept, 1)[0]!;
  }

  #keep(chain: IoBuf, answered: number): number {
    checkChain(chain);
    this.#kept.push(chain);
    if (this.#kept.length > KEPT_MOST) this.#kept.shift()!.release();
    return answered;
  }
}
