// The public contract: every exported type, as a reviewer reads it in the diff of the snapshot beside this file. A change that is meant
// is accepted by `npm test -- contract --updateSnapshot`.
import * as corebuf from 'corebuf';
import * as inspector from 'corebuf/inspector';
import type { Bytes, GroupOptions, OpenOptions, Remote, RemoteAll, ShardOptions } from 'corebuf';
import { publicTypes } from '../support/public-types';

const types = publicTypes('index');
const inspectorTypes = publicTypes('inspector');

test.each([...types, ...inspectorTypes].map(({ name, text }) => [name, text]))('%s is as it was agreed', (_, text) => {
  expect(text).toMatchSnapshot();
});

test('what types promise is there at run time, and nothing else', () => {
  const promised = types.filter(({ text }) => /^export declare (abstract )?(class|function|const)/.test(text)).map(({ name }) => name);
  // A class that nobody can make is exported as a type.
  expect(Object.keys(corebuf).sort()).toEqual(promised.filter((name) => name in corebuf));
  for (const name of promised) if (!(name in corebuf)) expect(['IoClass', 'LoadError', 'Placeholder']).toContain(name);
});

test('every export has its own name, which errors and console.log() show', () => {
  for (const [name, value] of Object.entries(corebuf)) if (typeof value === 'function') expect(value.name).toBe(name);
  using chain = corebuf.IoBuf.from('x');
  expect(chain.constructor.name).toBe('IoBuf');
});

test('corebuf/inspector has one function', () => {
  expect(Object.keys(inspector)).toEqual(['inspect']);
});

/** Compiles when `Actual` can be used wherever `Expected` can (npm run check). */
type Gives<Expected, Actual extends Expected> = Actual;
/** Compiles when `Argument` can be given where `Accepted` is asked for. */
type Takes<Accepted, Argument extends Accepted> = Argument;
/** An option that nobody knows any more would still be assignable to a type in which all are optional. */
type Known<Options, Given extends keyof Options> = Given;

interface Service {
  add(a: number, b: number): number;
  later(text: string): Promise<string>;
}
interface ExpectedRemote {
  add(a: number, b: number): Promise<number>;
  later(text: string): Promise<string>;
}
interface ExpectedRemoteAll {
  add(a: number, b: number): Promise<number[]>;
  later(text: string): Promise<string[]>;
}
interface ExpectedGroup {
  readonly size: number;
  shard(index: number): Remote<Service>;
  readonly all: RemoteAll<Service>;
  stats(): Promise<corebuf.ShardStats[]>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
interface Life {
  readonly released: boolean;
  release(): void;
  [Symbol.dispose](): void;
}

type AllShardOptions = {
  memory: number | string;
  cpu: number | 'auto' | false;
  stallThreshold: number;
  spin: number;
  checked: boolean;
  zeroOnRelease: boolean;
  hugePages: boolean;
};
type AllGroupOptions = Omit<AllShardOptions, 'cpu'> & { shards: number | 'all'; pin: boolean; workerData: unknown; maxInFlight: number };
type AllOpenOptions = { mode: number; direct: 'require' | 'prefer' | 'off'; engine: 'io_uring' | 'threads' };

/** Properties that text does not show: types that are computed, and where values may be used. */
export type Contract = [
  Gives<ExpectedRemote, Remote<Service>>,
  Gives<ExpectedRemoteAll, RemoteAll<Service>>,
  Gives<ExpectedGroup, corebuf.ShardGroup<Service>>,
  Gives<Life & Iterable<Buffer>, corebuf.IoBuf>,
  Gives<Life, corebuf.DmaBuffer>,
  Gives<Error & { readonly code: corebuf.ErrorCode }, corebuf.CorebufError>,
  Gives<AsyncIterable<corebuf.IoBuf>, ReturnType<corebuf.DmaFile['chunks']>>,
  Takes<Parameters<corebuf.IoBuf['writeTo']>[0], NodeJS.WritableStream>,
  Takes<ShardOptions, AllShardOptions>,
  Takes<GroupOptions, AllGroupOptions>,
  Takes<OpenOptions, AllOpenOptions>,
  Known<ShardOptions, keyof AllShardOptions>,
  Known<GroupOptions, keyof AllGroupOptions>,
  Known<OpenOptions, keyof AllOpenOptions>,
  Takes<Bytes, DataView | Float64Array | ArrayBuffer | SharedArrayBuffer>,
];
