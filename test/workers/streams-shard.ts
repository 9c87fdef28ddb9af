// Async generators that are served, and what has become of them.
import { IoBuf, serve, thisShard } from 'corebuf';
import type { Peers } from 'corebuf';

let yielded = 0;
let running = 0;
const reasons: unknown[] = [];

const streams = {
  async *count(to: number): AsyncGenerator<number> {
    running++;
    try {
      for (let value = 0; value < to; value++) {
        yielded++;
        yield value;
      }
    } finally {
      running--;
    }
  },
  async *chains(count: number): AsyncGenerator<{ at: number; chain: IoBuf }> {
    for (let at = 0; at < count; at++) yield { at, chain: IoBuf.from(`record ${at}`) };
  },
  async *failsAfter(count: number): AsyncGenerator<number> {
    for (let value = 0; value < count; value++) yield value;
    throw new RangeError('no more of it');
  },
  async *notSerializable(): AsyncGenerator<unknown> {
    yield 1;
    yield () => 2;
  },
  /** Yields once, then waits for its signal. */
  async *waits({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
    running++;
    try {
      yield 'first';
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      reasons.push(signal.reason);
    } finally {
      running--;
    }
  },
  async *hangs(): AsyncGenerator<string> {
    yield 'first';
    await new Promise(() => undefined);
  },
  async later(to: number): Promise<AsyncGenerator<number>> {
    return streams.count(to);
  },

  /** Reads a sibling's stream until it is told to stop. */
  async readFrom(sibling: number, values: number): Promise<number[]> {
    const read: number[] = [];
    for await (const value of await peers().shard(sibling).count(1e9)) if (read.push(value) === values) break;
    return read;
  },
  /** Opens a sibling's stream and keeps it. */
  async keepOpen(sibling: number): Promise<void> {
    await (await peers().shard(sibling).count(1e9))[Symbol.asyncIterator]().next();
  },
  exit(): never {
    process.exit(3);
  },
  counts: () => ({ yielded, running }),
  reasons: () => reasons.splice(0),
};

function peers(): Peers<typeof streams> {
  return thisShard.group as Peers<typeof streams>;
}

export const service = serve(streams);
export type Streams = typeof service;
