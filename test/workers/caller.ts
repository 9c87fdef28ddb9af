// A shard that calls on: its siblings, the thread that started it, and what its caller may end.
import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import { IoBuf, serve, stats, thisShard } from 'corebuf';
import type { Peers } from 'corebuf';

export interface Starter {
  [method: string]: (...args: never[]) => unknown;
  echo(value: unknown): unknown;
  text(chain: IoBuf): string;
  unserved(): void;
}

interface Linked {
  linkedCount(): number;
}

let signals = 0;
let begun: number[] = [];
let running = 0;
let mostRunning = 0;
let lock = Promise.resolve();
const waiting: (() => void)[] = [];

const caller = {
  echo: (value: unknown) => value,
  id: () => thisShard.id,

  /** The way of a call that goes to and fro between this shard and `to`, and waits for each of its ends. */
  async bounce(to: number, depth: number): Promise<number> {
    if (depth === 0) return 0;
    return 1 + (await peers().shard(to).bounce(peers().index!, depth - 1));
  },
  /** The same around all shards, with a call beside the way at each. */
  async around(depth: number): Promise<number> {
    if (depth === 0) return 0;
    const next = (peers().index! + 1) % peers().size;
    const [, rest] = await Promise.all([peers().shard(next).echo(depth), peers().shard(next).around(depth - 1)]);
    return 1 + rest;
  },
  /** As many of them at once. */
  async flood(to: number, depth: number, count: number): Promise<number> {
    const depths = await Promise.all(Array.from({ length: count }, () => peers().shard(to).bounce(peers().index!, depth)));
    return depths.reduce((sum, each) => sum + each, 0);
  },
  async floodAround(depth: number, count: number): Promise<number> {
    const depths = await Promise.all(Array.from({ length: count }, () => caller.around(depth)));
    return depths.reduce((sum, each) => sum + each, 0);
  },

  /** Counts how many of it run at once. */
  async busy(): Promise<void> {
    mostRunning = Math.max(mostRunning, ++running);
    for (let turns = 0; turns < 3; turns++) await turn();
    running--;
  },
  async floodBusy(to: number, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => peers().shard(to).busy()));
  },
  mostRunning: () => mostRunning,

  /** One at a time: each calls back while it has the lock. */
  async locked(): Promise<void> {
    const before = lock;
    let unlock!: () => void;
    lock = new Promise((resolve) => (unlock = resolve));
    await before;
    const other = 1 - peers().index!;
    await peers().shard(other).unlocked(peers().index!);
    unlock();
  },
  async unlocked(from: number): Promise<void> {
    await peers().shard(from).echo('while it is locked');
  },
  async floodLocked(to: number, count: number): Promise<number> {
    return (await Promise.all(Array.from({ length: count }, () => peers().shard(to).locked()))).length;
  },

  begin(number: number, _ballast?: unknown): void {
    begun.push(number);
  },
  begun(): number[] {
    const numbers = begun;
    begun = [];
    return numbers;
  },
  async wait(chain?: IoBuf): Promise<IoBuf | undefined> {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return chain;
  },
  waiting: () => waiting.length,
  callSibling: async (to: number, method: 'letGo' | 'waiting'): Promise<number> => peers().shard(to)[method](),
  letGo(): number {
    for (const resolve of waiting.splice(0)) resolve();
    return waiting.length;
  },
  waitingFor: (to: number) => stats().lanes.find((lane) => lane.to === to)?.waiting,

  /** Waits for its signal, and tells what it was ended with. */
  async untilAborted({ signal }: { signal: AbortSignal }, chain?: IoBuf): Promise<unknown> {
    signals++;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    signals--;
    heard.push(signal.reason);
    return chain;
  },
  withSignal(signal: AbortSignal, chain?: IoBuf): unknown {
    return chain ?? `${signal instanceof AbortSignal} ${signal.aborted}`;
  },
  signals: () => signals,
  heard: () => heard.splice(0),
  /** Number of requests that are not answered. */
  linked: async () => ((await import(join(require.resolve('corebuf'), '../core.js'))) as Linked).linkedCount(),

  /** All but one shard answer with a chain; the other fails, or ends. */
  async allBut(shard: number, how: 'throw' | 'end'): Promise<IoBuf> {
    if (peers().index !== shard) return IoBuf.from('from a shard that is well');
    for (let turns = 0; turns < 50; turns++) await turn();
    if (how === 'end') process.exit(1);
    throw new RangeError(`not shard ${shard}`);
  },

  async callStarter(method: string, ...args: unknown[]): Promise<unknown> {
    return (peers().starter as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(...args);
  },
  starterIsThenable: () => 'then' in peers().starter! || (peers().starter as { then?: unknown }).then !== undefined,
  async textByStarter(text: string): Promise<string> {
    return peers().starter!.text(IoBuf.from(text));
  },
  async floodStarter(count: number): Promise<number> {
    const calls = Array.from({ length: count }, (_, at) => peers().starter!.echo(at));
    return (await Promise.all(calls)).length;
  },
};

const heard: unknown[] = [];

function peers(): Peers<typeof caller, Starter> {
  return thisShard.group as Peers<typeof caller, Starter>;
}

export const service = serve(caller);
export type Caller = typeof service;
