// Chains and buffers as console.log shows them, and their views as comparing programs see them.
import assert from 'node:assert/strict';
import buffer from 'node:buffer';
import { inspect, isDeepStrictEqual } from 'node:util';
import { DmaBuffer, IoBuf, thisShard } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';
import { chainOf } from '../support/chains';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';

expectNothingLeaked();

const home = thisShard.id;
const oneLine = { breakLength: Infinity };

describe('an inspected IoBuf', () => {
  test('shows length, fragments, home and bytes', () => {
    using chain = chainOf('He', 'llo');
    expect(inspect(chain)).toBe(`IoBuf { length: 5, fragments: 2, home: ${home}, bytes: <48 65 6c 6c 6f> }`);
  });

  test('shows as many bytes as Buffer does, and how many more there are', () => {
    using chain = IoBuf.from('ab'.repeat(500));
    const first = '61 62 '.repeat(25).trim();
    expect(inspect(chain, oneLine)).toBe(`IoBuf { length: 1000, fragments: 1, home: ${home}, bytes: <${first} … 950 more> }`);
    const most = buffer.INSPECT_MAX_BYTES;
    try {
      buffer.INSPECT_MAX_BYTES = 2;
      expect(inspect(chain)).toContain('bytes: <61 62 … 998 more>');
      buffer.INSPECT_MAX_BYTES = 0;
      expect(inspect(chain)).toContain('bytes: <… 1000 more>');
    } finally {
      buffer.INSPECT_MAX_BYTES = most;
    }
  });

  test('shows no home when it is empty, and nothing when it is released', () => {
    const chain = new IoBuf();
    expect(inspect(chain)).toBe('IoBuf { length: 0, fragments: 0, bytes: <> }');
    chain.release();
    expect(inspect(chain)).toBe('IoBuf { released }');
  });

  test('shows wrapped bytes and bytes in slack', () => {
    using chain = IoBuf.wrap(new Uint8Array(new SharedArrayBuffer(2)).fill(1)).append('a').append('b');
    expect(inspect(chain)).toBe(`IoBuf { length: 4, fragments: 2, home: ${home}, bytes: <01 01 61 62> }`);
  });

  test('lists its homes when it has several', async () => {
    const group = await startGroup<ServiceUnderTest>(workerModule('service'), { shards: 1 });
    const there = await group.shard(0).id();
    using chain = IoBuf.from('a').take(await group.shard(0).make('b'));
    expect(inspect(chain)).toBe(`IoBuf { length: 2, fragments: 2, home: [ ${home}, ${there} ], bytes: <61 62> }`);
  });

  test('is a name where the depth is used up, and styled as other objects', () => {
    using chain = IoBuf.from('a');
    expect(inspect({ in: { in: chain } }, { depth: 0 })).toBe('{ in: [Object] }');
    expect(inspect({ in: chain }, { depth: 0 })).toBe('{ in: [IoBuf] }');
    expect(inspect(chain, { colors: true })).toContain(inspect(1, { colors: true }));
  });
});

test('an inspected DmaBuffer shows length, alignment, home and bytes', () => {
  using block = DmaBuffer.alloc(4096, { zero: true, alignment: 512 });
  block.bytes[1] = 255;
  const first = `00 ff${' 00'.repeat(48)}`;
  expect(inspect(block, oneLine)).toBe(`DmaBuffer { length: 4096, alignment: 512, home: ${home}, bytes: <${first} … 4046 more> }`);
  block.release();
  expect(inspect(block)).toBe('DmaBuffer { released }');
});

describe('compared with a Buffer of the same bytes', () => {
  const text = 'the same bytes';

  test.each<[string, () => { view: Uint8Array; owner: IoBuf | DmaBuffer }]>([
    ['a view of a chain', () => ofChain(IoBuf.from(text))],
    ['a view of a wrapped chain', () => ofChain(IoBuf.wrap(Buffer.from(text)))],
    ['a view of a later fragment', () => ofChain(chainOf('before', text), 1)],
    ["a DmaBuffer's bytes", ofBlock],
  ])('%s is equal, whole and in part', (_, make) => {
    const { view, owner } = make();
    for (const [start, end] of [[0, text.length], [4, 8], [3, 3]]) {
      const part = view.subarray(start, end);
      const same = Buffer.from(text.slice(start, end));
      const other = Buffer.from(`${text.slice(start, end)}!`);
      expect(isDeepStrictEqual(part, same)).toBe(true);
      expect(isDeepStrictEqual(part, other)).toBe(false);
      assert.deepStrictEqual(part, same);
      assert.deepStrictEqual(same, part);
      expect(part).toEqual(same);
      expect(part).toStrictEqual(same);
      expect(part).not.toEqual(other);
      expect(inspect(part)).toBe(inspect(same));
    }
    owner.release();
  });

  function ofChain(owner: IoBuf, fragment = 0): { view: Uint8Array; owner: IoBuf } {
    return { view: [...owner][fragment]!, owner };
  }

  function ofBlock(): { view: Uint8Array; owner: DmaBuffer } {
    const owner = DmaBuffer.alloc(text.length);
    owner.bytes.write(text);
    return { view: owner.bytes, owner };
  }
});
