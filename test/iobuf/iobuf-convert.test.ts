// Conversions that nobody asks a chain for by name, numbers in front, checksums of parts, and errors that name the right argument.
import { deepStrictEqual } from 'node:assert';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { IoBuf } from 'corebuf';
import { chainOf } from '../support/chains';
import { corebufError, expectCode, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

const binary = Buffer.of(0, 0xff, 0xfe, 0x80, 1, 2);

function binaryChain(): IoBuf {
  return IoBuf.from(binary.subarray(0, 2)).take(IoBuf.from(binary.subarray(2)));
}

describe('a chain becomes its bytes', () => {
  test('in Buffer.from()', () => {
    using chain = binaryChain();
    expect(Buffer.from(chain as never).equals(binary)).toBe(true);
  });

  test('in new Response(), also when it is released before the body is read', async () => {
    const chain = binaryChain();
    const response = new Response(chain as never);
    expect(Buffer.from(await response.arrayBuffer()).equals(binary)).toBe(true);
    chain.release();
  });

  test('in Readable.from() and for await, as copies that outlive the chain', async () => {
    const chain = IoBuf.from(Buffer.alloc(150_000, 'x'));
    const pieces: Buffer[] = [];
    for await (const piece of chain) pieces.push(piece);
    expect(pieces.map(({ length }) => length)).toEqual([65_536, 65_536, 18_928]);
    expect((await buffer(Readable.from(chain))).equals(Buffer.alloc(150_000, 'x'))).toBe(true);
    chain.release();
    expect(pieces[0]!.equals(Buffer.alloc(65_536, 'x'))).toBe(true);
  });

  test('in JSON.stringify()', () => {
    using chain = binaryChain();
    expect(JSON.stringify({ chain })).toBe(`{"chain":{"type":"IoBuf","data":[${[...binary].join(',')}]}}`);
  });

  test('an iteration that is left releases its references', async () => {
    const chain = IoBuf.from(Buffer.alloc(150_000));
    for await (const piece of chain) {
      expect(piece.length).toBe(65_536);
      break;
    }
    chain.release();
  });
});

describe('a chain cannot become its bytes (docs/limits.md)', () => {
  test('in new Uint8Array(), which makes a number of each view', () => {
    using chain = binaryChain();
    expect([...new Uint8Array(chain as never)]).toEqual([0, 0]);
  });

  test('in new Blob(), which makes a text', async () => {
    using chain = binaryChain();
    const text = await new Blob([chain as never]).text();
    expect(text).toBe(chain.toString());
    expect(Buffer.from(text).equals(binary)).toBe(false);
  });

  test('in toEqual() of jest, which compares the views of an iteration', () => {
    using chain = chainOf('ab', 'cd');
    using same = IoBuf.from('abcd');
    expect(chain).not.toEqual(same);
    expect(chain.equals(same)).toBe(true);
  });
});

describe('deepStrictEqual', () => {
  test('says of two chains whether their bytes are the same, whatever the fragments', () => {
    using chain = chainOf('ab', 'cd');
    using same = IoBuf.from('abcd');
    using other = IoBuf.from('abce');
    deepStrictEqual(chain, same);
    deepStrictEqual({ chain }, { chain: same });
    expect(() => deepStrictEqual(chain, other)).toThrow('deep-equal');
    const gone = IoBuf.from('abcd');
    gone.release();
    expect(() => deepStrictEqual(chain, gone)).toThrow('deep-equal');
  });
});

describe('numbers in front', () => {
  test('are written as Buffer writes them', () => {
    using chain = IoBuf.from('body');
    chain.prependUInt8(1).prependUInt16LE(2).prependUInt16BE(3).prependUInt32LE(4).prependUInt32BE(5);
    chain.prependBigUInt64LE(6n).prependBigUInt64BE(7n).prependUVarint(300);
    expect(chain.toString('hex', 0, chain.length - 4)).toBe(
      'ac02' + '0000000000000007' + '0600000000000000' + '00000005' + '04000000' + '0003' + '0200' + '01',
    );
    expect(chain.toString('utf8', chain.length - 4)).toBe('body');
  });

  test('are refused as Buffer refuses them, and prepend nothing then', () => {
    using chain = new IoBuf();
    for (const value of [-1, 2 ** 32, Infinity]) {
      for (const name of ['prependUInt8', 'prependUInt16LE', 'prependUInt16BE', 'prependUInt32LE', 'prependUInt32BE', 'prependUVarint'] as const) {
        expectRangeError(() => chain[name](value));
        expectTypeError(() => chain[name]('1' as never));
      }
    }
    for (const name of ['prependBigUInt64LE', 'prependBigUInt64BE'] as const) {
      expectRangeError(() => chain[name](-1n));
      expectTypeError(() => chain[name](1 as never));
    }
    expect(chain.length).toBe(0);
  });
});

describe('checksums of a part', () => {
  test('are those of the same bytes alone', () => {
    using chain = chainOf('ab', 'cdef', 'gh');
    for (let start = 0; start <= 8; start++) {
      for (let end = start; end <= 8; end++) {
        using part = chain.share(start, end);
        expect([chain.crc32c(7, start, end), chain.xxhash64(7n, start, end)]).toEqual([part.crc32c(7), part.xxhash64(7n)]);
      }
    }
    using back = IoBuf.from('efgh');
    expect(chain.crc32c(0, 4)).toBe(back.crc32c());
  });

  test('are refused outside of the chain', () => {
    using chain = IoBuf.from('abc');
    expectCode(() => chain.crc32c(0, 0, 4), 'ERR_OUT_OF_BOUNDS');
    expectCode(() => chain.xxhash64(0n, 4), 'ERR_OUT_OF_BOUNDS');
  });
});

describe('an error names the argument that is wrong', () => {
  test('a start behind the end', () => {
    using chain = IoBuf.from('0123456789');
    const message = expect.stringContaining('start must be at most end; received start 5 and end 3') as string;
    for (const use of [() => chain.share(5, 3), () => chain.toBuffer(5, 3), () => chain.crc32c(0, 5, 3)]) {
      expect(thrownBy(use)).toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
      expect(thrownBy(use)).toMatchObject({ message });
    }
  });

  test('an option that does not exist', async () => {
    using chain = IoBuf.from('x');
    using other = IoBuf.from('y');
    const wrong = { sginal: 1 } as never;
    const unknown = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('"sginal"') as string };
    for (const use of [() => chain.take(other, wrong), () => chain.readable(wrong), () => IoBuf.sink(() => undefined, wrong)]) {
      expect(thrownBy(use)).toMatchObject(unknown);
    }
    const { stdout } = process;
    for (const use of [() => chain.writeTo(stdout, wrong), () => IoBuf.collect([], wrong), () => chain.crc32cAsync(0, wrong), () => chain.copyAsync(wrong)]) {
      await expect(use()).rejects.toMatchObject(unknown);
    }
  });
});
