// A shard that holds and makes whatever can be between shards, and then dies in some way.
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { capabilities, DmaBuffer, DmaFile, IoBuf, SegmentAppender, serve, stats, thisShard } from 'corebuf';
import type { Remote } from 'corebuf';

export type Death = 'exit' | 'throw' | 'reject' | 'exhaust' | 'exhaust natively';

const held: (IoBuf | DmaBuffer)[] = [];
const waiting: (() => void)[] = [];
let waits = true;

function sibling(shard: number): Remote<Doomed> {
  return thisShard.group!.shard(shard) as Remote<Doomed>;
}

/** Until V8 has no memory left: in JavaScript, or in the middle of whatever C++ makes of JavaScript. */
function exhaust(natively: boolean): never {
  const hog: unknown[] = [];
  const chain = IoBuf.from('x'.repeat(1000));
  for (;;) {
    if (!natively) hog.push(new Array(1000).fill(hog.length));
    else hog.push(stats(), capabilities(), thisShard.memory.stats(), chain.toString(), chain.share(), [...chain], DmaBuffer.alloc(64).bytes);
    if (natively && hog.length % 7000 === 0) void sibling(0).index().then((index) => hog.push(index));
  }
}

const doomed = {
  id: () => thisShard.id,
  index: () => thisShard.group!.index,
  live: () => stats().memory.liveObjects,
  /** Answers when letGo() is called, which nobody does before a death. */
  async never(...chains: (IoBuf | DmaBuffer)[]): Promise<void> {
    if (waits) await new Promise<void>((resolve) => waiting.push(resolve));
    for (const chain of chains) chain.release();
  },
  letGo(): void {
    waits = false; // A sibling's calls may come after ours.
    for (const resolve of waiting.splice(0)) resolve();
  },
  length(chain: IoBuf | DmaBuffer): number {
    using mine = chain;
    return mine.length;
  },
  hold(...chains: (IoBuf | DmaBuffer)[]): number {
    return held.push(...chains);
  },
  dropAll(): void {
    for (const chain of held.splice(0)) chain.release();
  },
  chain: (length: number, fill: number) => IoBuf.from(Buffer.alloc(length, fill)),
  wrapped: (length: number, fill: number) => IoBuf.wrap(new Uint8Array(length).fill(fill)),
  dma(length: number, fill: number): DmaBuffer {
    const made = DmaBuffer.alloc(length);
    made.bytes.fill(fill);
    return made;
  },
  /** The bytes of what is held. */
  holds(length: number, fill: number): boolean {
    return held.every((chain) => chain instanceof DmaBuffer || (chain.length === length && chain.toBuffer().equals(Buffer.alloc(length, fill))));
  },
  async callNever(shard: number, length: number): Promise<void> {
    await sibling(shard).never(IoBuf.from(Buffer.alloc(length, 1)));
  },
  /** Begins calls without end to a sibling, with chains of ours and of its. */
  async flood(shard: number): Promise<void> {
    const other = sibling(shard);
    for (let at = 0; ; at++) {
      const theirs = await other.chain(3000, at & 0xff);
      await Promise.all([other.length(theirs), other.length(IoBuf.from('ours')), other.length(DmaBuffer.alloc(4096))]);
    }
  },
  /** Reads, writes and appends without end; its chains are of every home. */
  async storm(name: string, chain: IoBuf): Promise<void> {
    const path = join(workerData as string, name);
    const file = await DmaFile.open(path, 'w+');
    const log = await SegmentAppender.open(`${path}.log`);
    const block = DmaBuffer.alloc(1 << 20);
    setInterval(() => {
      for (let at = 0; at < 8; at++) {
        void file.write(at << 20, block).then(() => file.read(at << 20, 300_000)).then((read) => read.release());
        void log.append(chain.share());
      }
      void log.flush();
    }, 1);
    await file.write(0, block);
  },
  async kill(shard: number, how: Death): Promise<void> {
    await sibling(shard).die(how);
  },
  die(how: Death): void {
    if (how === 'exit') process.exit(3);
    setImmediate(() => {
      if (how === 'throw') throw new Error('uncaught on a shard');
      if (how === 'reject') void Promise.reject(new Error('unhandled on a shard'));
      else exhaust(how === 'exhaust natively');
    });
  },
};

export type Doomed = typeof doomed;

serve(doomed);
