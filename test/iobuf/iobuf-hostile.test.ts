// Arguments with code of their own: getters, classes that extend typed arrays, memory that others change.
import { IoBuf } from 'corebuf';
import { expectCode, expectTypeError } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

type GrowableMemory = SharedArrayBuffer & { grow(length: number): void };
const Growable = SharedArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => GrowableMemory;

test('append() to a chain that a getter of the data has released throws ERR_RELEASED', () => {
  for (const end of [(chain: IoBuf) => chain.release(), (chain: IoBuf) => new IoBuf().take(chain).release()]) {
    const chain = IoBuf.from('some');
    const data = Object.defineProperty(new DataView(new ArrayBuffer(4)), 'byteLength', {
      get: () => {
        end(chain);
        return 4;
      },
    });
    expectCode(() => chain.append(data), 'ERR_RELEASED');
  }
});

test('copyTo() from a chain that a getter of the target has cut copies what is left', () => {
  using chain = IoBuf.from('0123456789');
  const target = new DataView(new ArrayBuffer(10));
  Object.defineProperty(target, 'byteLength', {
    get: () => {
      chain.trimBack(5);
      return 10;
    },
  });
  expect(chain.copyTo(target as never)).toBe(5);
  expect(Buffer.from(target.buffer, 0, 5).toString()).toBe('01234');
});

test('copyTo() writes into arrays of any class', () => {
  class Page extends Uint8Array {
    constructor() {
      super(16);
    }
  }
  class Odd extends Uint8Array {
    override subarray(): never {
      return 5 as never;
    }
    override get length(): number {
      return 1_000_000;
    }
  }
  using chain = IoBuf.from('content');
  for (const target of [new Page(), new Odd(16)]) {
    expect(chain.copyTo(target, 2)).toBe(7);
    expect(Buffer.from(target.buffer).toString('latin1', 2, 9)).toBe('content');
  }
});

test('what only calls itself an ArrayBuffer is none', () => {
  using chain = new IoBuf();
  expectTypeError(() => chain.append({ [Symbol.toStringTag]: 'ArrayBuffer', 0: 65, length: 1 } as never));
});

test('memory that may grow is copied as long as it was', () => {
  const shared = new Growable(4, { maxByteLength: 64 });
  const bytes = new Uint8Array(shared).fill(1);
  using chain = new IoBuf().append('slack');
  chain.append(bytes);
  const hole = chain.reserve(6);
  hole.write(bytes, 1);
  shared.grow(64);
  chain.append(bytes.subarray(0, 2));
  expect(chain.toString('hex', 5)).toBe('01010101' + '000101010100' + '0101');
});
