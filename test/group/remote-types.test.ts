// The types of calls: methods as their service declares them, with promises. `npm run check` compiles this file; nothing here needs a shard.
import { attach, serve, thisShard } from 'corebuf';
import type { IoBuf, Peers, Remote, RemoteAll, Shard, ShardGroup } from 'corebuf';

/** Whether two types are the same, also in overloads and type parameters. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile unless all are true. */
function hold<T extends readonly true[]>(...facts: T): void {
  expect(facts.every((fact) => fact)).toBe(true);
}

declare class Wide {
  readonly count: number;
  plain(key: number, records: IoBuf): number;
  later(text?: string): Promise<string>;
  rest(first: string, ...more: number[]): void;
  generic<T extends object>(value: T): Promise<T>;
  maybe<T>(value: T): Promise<T | undefined>;
  pair<K extends string, V>(key: K, value: V): Promise<Record<K, V>>;
  overloaded(key: string): Promise<string>;
  overloaded(key: number, radix: number): Promise<number>;
  parsed(): Promise<ReturnType<typeof JSON.parse>>;
  never(): never;
  rows(first: number): AsyncGenerator<IoBuf, void, undefined>;
  rowsLater(): Promise<AsyncGenerator<string>>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
type W = Remote<Wide>;

test('a method keeps its parameters, and its result comes as a promise', () => {
  hold<
    [
      Same<W['plain'], (key: number, records: IoBuf) => Promise<number>>,
      Same<W['rest'], (first: string, ...more: number[]) => Promise<void>>,
      Same<W['later'], (text?: string) => Promise<string>>,
      Same<W['never'], () => Promise<never>>,
      Same<W['parsed'], Wide['parsed']>,
    ]
  >(true, true, true, true, true);
});

test('generic methods stay generic, and overloads stay', () => {
  hold<
    [
      Same<W['generic'], <T extends object>(value: T) => Promise<T>>,
      Same<W['maybe'], <T>(value: T) => Promise<T | undefined>>,
      Same<W['pair'], <K extends string, V>(key: K, value: V) => Promise<Record<K, V>>>,
      Same<W['overloaded'], Wide['overloaded']>,
    ]
  >(true, true, true, true);
  const use = async (remote: W): Promise<[string, number, 'literal' | undefined]> => [
    await remote.overloaded('key'),
    await remote.overloaded(1, 16),
    await remote.maybe('literal' as const),
  ];
  expect(use).toBeInstanceOf(Function);
});

test('an async generator, at once or later, arrives as an async iterable', () => {
  hold<
    [
      Same<W['rows'], (first: number) => Promise<AsyncIterableIterator<IoBuf>>>,
      Same<W['rowsLater'], () => Promise<AsyncIterableIterator<string>>>,
      Same<RemoteAll<Wide>['rowsLater'], () => Promise<AsyncIterableIterator<string>[]>>,
      Same<RemoteAll<Wide>['never'], () => Promise<never[]>>,
    ]
  >(true, true, true, true);
});

test('fields and methods with symbols are not there: no shard serves them', () => {
  type Names = 'plain' | 'later' | 'rest' | 'generic' | 'maybe' | 'pair' | 'overloaded' | 'parsed' | 'never' | 'rows' | 'rowsLater' | 'close';
  hold<[Same<keyof W, Names>, Same<keyof RemoteAll<Wide>, Names>]>(true, true);
});

test('the group of a shard has the type of its service, without a cast', () => {
  type Siblings = Peers<Wide> | undefined;
  const inFunction = (made: Wide): Wide =>
    serve(({ group }: Shard<Wide>) => {
      hold<[Same<typeof group, Siblings>]>(true);
      return Object.assign(made, { size: group?.size });
    });
  hold<
    [
      Same<ReturnType<typeof attach<Wide>>['group'], Siblings>,
      Same<ReturnType<typeof attach<Wide, { told(): void }>>['group'], Peers<Wide, { told(): void }> | undefined>,
      Same<(typeof thisShard)['group'], Peers<unknown> | undefined>,
      Same<ReturnType<ShardGroup<Wide>['shard']>, W>,
    ]
  >(true, true, true, true);
  expect(inFunction).toBeInstanceOf(Function);
  expect(attach<Wide>()).toBe(thisShard);
});
