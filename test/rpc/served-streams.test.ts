import { IoBuf } from 'corebuf';
import { isAsyncGenerator } from '../../lib/rpc/served-streams';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

test('an async generator is known from other objects that give values one by one', () => {
  async function* numbers(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
  }
  function* sync(): Generator<number> {
    yield 1;
  }
  const none = [sync(), [1], new Map(), 'text', 1, null, undefined, { next: () => undefined, [Symbol.asyncIterator]: () => undefined }];
  expect(isAsyncGenerator(numbers())).toBe(true);
  expect(none.map(isAsyncGenerator)).toEqual(none.map(() => false));
});

test('the bytes of a chain in an answer are not read', () => {
  using chain = IoBuf.from('abc');
  Object.defineProperty(chain, Symbol.toStringTag, { get: () => fail('the tag is a checksum of all bytes') });
  expect(isAsyncGenerator(chain)).toBe(false);
});

function fail(why: string): never {
  throw new Error(why);
}
