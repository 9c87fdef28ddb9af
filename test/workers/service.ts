// A shard that does as it is told: what the tests of calls talk to.
import { CorebufError, DmaBuffer, DmaFile, IoBuf, serve, stats, thisShard } from 'corebuf';
import type { ShardStats } from 'corebuf';

const held: (IoBuf | DmaBuffer)[] = [];
const noted: unknown[] = [];
const waiting: (() => void)[] = [];

class NotPlain {
  readonly field = 1;
}

const untravellable: Record<string, () => unknown> = {
  function: () => () => 1,
  map: () => new Map(),
  symbol: () => Symbol('s'),
  instance: () => new NotPlain(),
  generator: () => [1, 2].values(),
  asyncGenerator: () => (async function* () { yield 1; })(),
  circular: () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    return circle;
  },
  released: () => {
    const gone = IoBuf.from('gone');
    gone.release();
    return gone;
  },
  twice: () => {
    const one = IoBuf.from('one');
    setImmediate(() => one.release());
    return [one, one];
  },
};

class Quota extends Error {
  override name = 'QuotaError';
  readonly left = 0;
  readonly by = { user: 'u', tags: ['a', 1n], when: new Date(5), run: (): void => undefined };
}

const odd: Record<string, () => unknown> = {
  class: () => new Quota('over'),
  aggregate: () => new AggregateError([new RangeError('one'), 'two', new AggregateError([new TypeError('three')])], 'all', { cause: { plain: [1] } }),
  nested: () => new Error('a', { cause: Object.assign(new TypeError('b', { cause: new RangeError('c', { cause: 5 }) }), { code: 'EB' }) }),
  circle: () => {
    const error = new Error('round');
    error.cause = error;
    return error;
  },
  dom: () => new DOMException('gone', 'NotFoundError'),
  numbered: () => Object.assign(new Error('numbered'), { code: 7 }),
  changed: () => new CorebufError('ERR_CHANGED', 'it changed'),
  chain: () => {
    const chain = IoBuf.from('held by an error');
    setImmediate(() => chain.release());
    return Object.assign(new Error('with a chain'), { chain, left: 1 });
  },
  proto: (): unknown => Object.defineProperty(new Error('proto'), '__proto__', { value: { polluted: true }, enumerable: true }),
  unreadable: () => Object.defineProperty(new Error('x'), 'message', { get: () => { throw new Error('no message'); } }),
  throwsFunction: () => Object.defineProperty(new Error('x'), 'message', { get: () => { throw unreadableAgain(); } }),
};

function unreadableAgain(): unknown {
  return Object.defineProperty(new Error('y'), 'message', { get: () => { throw new Error('never'); } });
}

export const service = serve({
  echo: (value: unknown) => value,
  echoAll: (...values: unknown[]) => values,
  async echoLater(value: unknown): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    return value;
  },
  lengthOf: (bytes: Uint8Array) => bytes.length,
  id: () => thisShard.id,
  stats: (): ShardStats => stats(),

  /** Bytes that are made here, and thus have their home here. */
  make: (text: string) => IoBuf.from(text),
  makeLarge: (length: number, fill: number) => IoBuf.from(Buffer.alloc(length, fill)),
  makeDma(length: number, fill: number): DmaBuffer {
    const made = DmaBuffer.alloc(length);
    made.bytes.fill(fill);
    return made;
  },
  text(chain: IoBuf): string {
    using mine = chain;
    return mine.toString();
  },
  hold(chain: IoBuf | DmaBuffer): number {
    return held.push(chain);
  },
  give: () => held.pop(),
  dropAll(): number {
    for (const chain of held) chain.release();
    return held.splice(0).length;
  },
  release(...chains: (IoBuf | DmaBuffer)[]): void {
    for (const chain of chains) chain.release();
  },
  async persist(path: string, chain: IoBuf): Promise<number> {
    using mine = chain;
    using block = DmaBuffer.alloc(Math.ceil(mine.length / 4096) * 4096, { zero: true });
    mine.copyTo(block.bytes);
    await using file = await DmaFile.open(path, 'w+');
    return file.write(0, block);
  },

  note(value: unknown): number {
    return noted.push(value);
  },
  notes: () => noted.splice(0),
  /** Answers when letGo() is called. */
  async wait(value: unknown): Promise<unknown> {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return value;
  },
  waiting: () => waiting.length,
  letGo(): void {
    for (const resolve of waiting.splice(0)) resolve();
  },

  throwError(name: string, message: string, details: Record<string, unknown>): never {
    const constructors: Record<string, new (message: string) => Error> = { Error, TypeError, RangeError, SyntaxError };
    throw Object.assign(new (constructors[name] ?? Error)(message), details);
  },
  async rejectLater(message: string): Promise<never> {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error(message, { cause: new TypeError('the cause') });
  },
  /** Errors that a message cannot be asked for. */
  throwOdd(kind: string): never {
    throw odd[kind]!();
  },
  /** Calls back twice, as no promise does. */
  thenTwice: () => ({
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
      resolve(1);
      resolve(2);
      reject(new Error('and fails'));
    },
  }),
  throwValue(value: unknown): never {
    throw value;
  },
  throwUntravellable(kind: string): never {
    throw untravellable[kind]!();
  },
  useReleased(): string {
    const gone = IoBuf.from('gone');
    gone.release();
    return gone.toString();
  },
  spendAll(): never {
    const taken: DmaBuffer[] = [];
    try {
      for (;;) taken.push(DmaBuffer.alloc(1 << 20));
    } finally {
      for (const one of taken) one.release();
    }
  },
  untravellable: (kind: string) => untravellable[kind]!(),

  /** Calls a method of a sibling, and answers with its answer. */
  async relay(shard: number, method: 'echo' | 'id' | 'throwError' | 'make' | 'waiting' | 'letGo', ...args: unknown[]): Promise<unknown> {
    return sibling(shard)[method]!(...args);
  },
  async relayAll(method: 'id'): Promise<unknown[]> {
    return (thisShard.group!.all as unknown as Record<string, () => Promise<unknown[]>>)[method]!();
  },
  /** Begins calls to a sibling and does not wait for them; one that fails ends this shard. */
  begin(shard: number, count: number): void {
    for (let at = 0; at < count; at++) void sibling(shard)['echoLater']!(at);
  },
  /** Passes on to the next shard until there have been `hops` of them. */
  async pass(chain: IoBuf, hops: number): Promise<IoBuf> {
    if (hops === 0) return chain;
    const next = hops % thisShard.group!.size;
    return (await sibling(next)['pass']!(chain, hops - 1)) as IoBuf;
  },
  groupSize: () => thisShard.group?.size,

  /** Answers with all arguments but the first, which may be a signal. */
  echoRest: (_: unknown, ...rest: unknown[]) => rest,
  /** A result, or an error, with a getter that makes a call to a sibling while it is read. */
  reentrantResult: (to: number) => ({ before: 'result', get read() { return callWithin(to); }, after: 'end' }),
  reentrantError(to: number): never {
    const cause = Object.defineProperty({}, 'read', { enumerable: true, get: () => callWithin(to) });
    throw Object.assign(new Error('result', { cause }), { after: 'end' });
  },
  innerAnswers: () => Promise.all(innerCalls.splice(0)),
});

const innerCalls: Promise<unknown>[] = [];

function callWithin(to: number): string {
  innerCalls.push(sibling(to)['echo']!('arguments of the call within'));
  return 'by a getter';
}

function sibling(shard: number): Record<string, (...args: unknown[]) => Promise<unknown>> {
  return thisShard.group!.shard(shard);
}

export type ServiceUnderTest = typeof service;
