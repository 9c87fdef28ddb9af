import { PassThrough } from 'node:stream';
import { Connection, DmaFile, IoBuf, Listener, SegmentAppender } from 'corebuf';
import type { Placeholder, ShardGroup } from 'corebuf';
import type { ServiceUnderTest } from '../workers/service';
import { chainOf, copied } from '../support/chains';
import { expectCode, expectRangeError, expectTypeError } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const KiB = 1024;

/** ab____yz, and the hole in it. */
function chainWithHole(): { chain: IoBuf; hole: Placeholder } {
  const chain = IoBuf.from('ab');
  const hole = chain.reserve(4);
  chain.append('yz');
  return { chain, hole };
}

async function readAll(chain: IoBuf): Promise<void> {
  for await (const piece of chain) expect(piece.length).toBe(chain.length);
}

function expectClosed(hole: Placeholder, verb: string): void {
  const uses = [() => hole.write(Buffer.from('!')), () => hole.write(Buffer.alloc(0)), () => hole.bytes];
  for (const use of uses) {
    expectCode(use, 'ERR_RELEASED');
    expect(use).toThrow(`this Placeholder was closed by ${verb}: write to it before that`);
  }
}

describe('reserve', () => {
  test('makes room that is part of the chain at once, and filled later', () => {
    const { chain, hole } = chainWithHole();
    expect(hole.length).toBe(4);
    expect(chain.length).toBe(8);
    expect(chain.fragmentCount).toBe(1);
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    hole.write(Buffer.from('cdef'));
    expect(chain.toString()).toBe('abcdefyz');
    chain.release();
  });

  test.each([1, 2, 500, 508, 509, 512, 513, 4096, 100_000, 128 * KiB])('of %d bytes is one zeroed piece, whatever lay there before', (length) => {
    for (let round = 0; round < 3; round++) IoBuf.from(Buffer.alloc(2 * length + 1000, 0xff)).release();
    using chain = IoBuf.from('1234');
    const hole = chain.reserve(length);
    expect(chain.length).toBe(4 + length);
    expect(chain.toBuffer(4).equals(Buffer.alloc(length))).toBe(true);
    const bytes = Buffer.alloc(length, 'h');
    hole.write(bytes);
    chain.append('end');
    expect(chain.toBuffer(4, 4 + length).equals(bytes)).toBe(true);
    const fragment = [...chain].find((view) => view.includes('h'))!;
    expect(fragment.toString('latin1').split('h').length - 1).toBe(length);
  });

  test('uses the slack where that is large enough, and a new fragment where it is not', () => {
    using chain = IoBuf.from(Buffer.alloc(500));
    chain.reserve(12);
    expect(chain.fragmentCount).toBe(1);
    chain.reserve(1);
    expect(chain.fragmentCount).toBe(2);
    chain.append(Buffer.alloc(700)).reserve(100);
    expect(chain.fragmentCount).toBe(3);
    expect(chain.length).toBe(500 + 12 + 1 + 700 + 100);
  });

  test('refuses lengths it does not have', () => {
    using chain = new IoBuf();
    for (const length of [0, -1, 1.5, NaN, 128 * KiB + 1, Infinity]) expectRangeError(() => chain.reserve(length));
    for (const length of ['4', undefined, null, 4n, { valueOf: () => 4 }]) expectTypeError(() => chain.reserve(length as never));
    expect(chain.length).toBe(0);
  });
});

describe('a placeholder', () => {
  test('is written in parts, in any order, and again', () => {
    const { chain, hole } = chainWithHole();
    hole.write(Buffer.from('f'), 3);
    hole.write(Buffer.from('de'), 1);
    expect(chain.toString()).toBe('ab\0defyz');
    hole.write(Buffer.from('cX'));
    hole.write(Buffer.alloc(0), 4);
    expect(chain.toString()).toBe('abcXefyz');
    chain.release();
  });

  test('refuses what is past its end, and writes none of it', () => {
    const { chain, hole } = chainWithHole();
    for (const [text, offset] of [['12345', 0], ['2', 4], ['123', 2], ['', 5]] as const) {
      expectCode(() => hole.write(Buffer.from(text), offset), 'ERR_OUT_OF_BOUNDS');
    }
    expectRangeError(() => hole.write(Buffer.from('1'), -1));
    expectRangeError(() => hole.write(Buffer.from('1'), 0.5));
    expectTypeError(() => hole.write(Buffer.from('1'), '0' as never));
    for (const bytes of ['1', 1, undefined, null, [1], Object.create(Uint8Array.prototype)]) expectTypeError(() => hole.write(bytes as never));
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    chain.release();
  });

  test('is not fooled by bytes that lie about their length', () => {
    const { chain, hole } = chainWithHole();
    const liar = Object.defineProperty(Buffer.alloc(3000, '!'), 'length', { value: 1 });
    expectCode(() => hole.write(liar), 'ERR_OUT_OF_BOUNDS');
    expect(chain.toString()).toBe('ab\0\0\0\0yz');
    chain.release();
  });

  testOfZeroCopy('shows its bytes, to be written with the methods of Buffer', () => {
    const { chain, hole } = chainWithHole();
    hole.bytes.writeUInt32BE(0x63646566);
    expect(hole.bytes).toEqual(Buffer.from('cdef'));
    expect(chain.toString()).toBe('abcdefyz');
    chain.release();
  });

  test('shows what was written', () => {
    const { chain, hole } = chainWithHole();
    expect(hole.bytes).toEqual(Buffer.alloc(4));
    hole.write(Buffer.from('cdef'));
    expect(hole.bytes).toEqual(Buffer.from('cdef'));
    chain.release();
  });

  test('counts its bytes in the ledger when they are written', () => {
    using chain = IoBuf.from('ab');
    const before = copied()['append']!;
    const hole = chain.reserve(8);
    expect(copied()['append']).toBe(before);
    hole.write(Buffer.alloc(5));
    expect(copied()['append']).toBe(before + 5);
  });

  test('is seen by a reader that has read the zeros', () => {
    const { chain, hole } = chainWithHole();
    const reader = chain.reader();
    expect(reader.skip(2).readUInt32BE()).toBe(0);
    hole.write(Buffer.from('cdef'));
    reader.position = 2;
    expect(reader.readUInt32BE()).toBe(0x63646566);
    chain.release();
  });

  const harmless: Record<string, (chain: IoBuf) => unknown> = {
    'appending bytes': (chain) => chain.append(Buffer.alloc(300_000)),
    'appending text and numbers': (chain) => chain.append('text').appendUInt32BE(1).appendUVarlong(1n << 60n),
    'appending a chain': (chain) => chain.append(chain),
    'taking a chain': (chain) => chain.take(chainOf('one', 'two')),
    'reserving more': (chain) => chain.reserve(100_000).write(Buffer.from('x')),
    'reading it all': (chain) => [chain.toBuffer(), chain.toString(), chain.copyTo(Buffer.alloc(4)), chain.crc32c(), [...chain]],
    'reading with a reader': (chain) => chain.reader().readUInt32BE(),
  };

  test.each(Object.keys(harmless))('stays open through %s', (use) => {
    const { chain, hole } = chainWithHole();
    harmless[use]!(chain);
    hole.write(Buffer.from('cdef'));
    expect(chain.toString('latin1', 0, 8)).toBe('abcdefyz');
    chain.release();
  });

  /** The verb that the error names, and a use of the chain. */
  const closing: Record<string, [string, (chain: IoBuf) => unknown]> = {
    'was released': ['release()', (chain) => chain.release()],
    'was taken': ["another chain's take()", (chain) => new IoBuf().append('0').take(chain).release()],
    'was copied into another and released': ["another chain's take()", (chain) => new IoBuf().take(chain, { copyBelow: 1000 }).release()],
    'was shared': ['share()', (chain) => chain.share().release()],
    'was shared beside it': ['share()', (chain) => chain.share(0, 1).release()],
    'was shared by a reader': ['share() of a reader', (chain) => chain.reader().share(1).release()],
    'was trimmed over it': ['trimFront()', (chain) => chain.trimFront(7)],
    'was trimmed before it': ['trimFront()', (chain) => chain.trimFront(1)],
    'was trimmed behind it': ['trimBack()', (chain) => chain.trimBack(1)],
    'lost its front': ['takeFront()', (chain) => chain.takeFront(3).release()],
    'got something in front': ['prepend()', (chain) => chain.prepend('0')],
    'got a chain in front': ['prepend()', (chain) => chain.prepend(chain)],
    'got a number in front': ['prepend()', (chain) => chain.prependUInt8(0)],
    'was coalesced': ['coalesce()', (chain) => chain.take(IoBuf.from('more')).coalesce()],
    'was cleared': ['clear()', (chain) => chain.clear()],
    'was cleared in slices': ['clearAsync()', (chain) => chain.clearAsync()],
    'became a stream': ['readable()', (chain) => chain.readable().destroy()],
    'became a stream of the web': ['toWeb()', (chain) => chain.toWeb().cancel()],
    'was written to a stream': ['writeTo()', (chain) => chain.writeTo(new PassThrough())],
    'was iterated over': ['its iteration', readAll],
  };

  test.each(Object.keys(closing))('is closed for good once its chain %s', async (use) => {
    const { chain, hole } = chainWithHole();
    const [verb, run] = closing[use]!;
    const done = run(chain);
    expectClosed(hole, verb);
    await done;
    if (chain.released) return;
    const later = chain.reserve(3);
    expectClosed(hole, verb);
    later.write(Buffer.from('XYZ'));
    expect(chain.toString().endsWith('XYZ')).toBe(true);
    expect(chain.toString()).not.toContain('!');
    chain.share().release();
    chain.release();
    expectClosed(hole, verb);
    expectClosed(later, 'share()');
  });

  test('is closed once its chain was sent to another shard', async () => {
    const group: ShardGroup<ServiceUnderTest> = await startGroup<ServiceUnderTest>(workerModule('service'));
    const { chain, hole } = chainWithHole();
    const answer = group.shard(1).echo(chain);
    expectClosed(hole, 'a call to another shard');
    const back = (await answer) as IoBuf;
    expectClosed(hole, 'a call to another shard');
    expect(back.toString()).toBe('ab\0\0\0\0yz');
    back.release();
  });

  test('is closed once a call with its chain was aborted, or its chain was sent to all shards', async () => {
    const group: ShardGroup<ServiceUnderTest> = await startGroup<ServiceUnderTest>(workerModule('service'));
    const aborted = chainWithHole();
    await expect(group.shard(1).echoRest(AbortSignal.abort(), aborted.chain)).rejects.toThrow();
    expectClosed(aborted.hole, 'a call to another shard');
    const { chain, hole } = chainWithHole();
    for (const back of await group.all.echo(chain)) (back as IoBuf).release();
    expectClosed(hole, 'a call to other shards');
    chain.release();
  });

  test('is closed once its chain was adopted', async () => {
    const group: ShardGroup<ServiceUnderTest> = await startGroup<ServiceUnderTest>(workerModule('service'));
    const { chain, hole } = chainWithHole();
    chain.take((await group.shard(1).make('there'))).adopt();
    expectClosed(hole, 'adopt()');
    chain.release();
  });

  test('is closed once its chain is being written to a file', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { direct: 'off' });
    using chain = IoBuf.from(Buffer.alloc(4092));
    const hole = chain.reserve(4);
    const written = file.write(0, chain).catch(() => 0);
    expectClosed(hole, 'a write to a file');
    await written;
    expectClosed(hole, 'a write to a file');
  });

  test('is closed once a log refers to the bytes of its chain', async () => {
    await using log = await SegmentAppender.open(scratchPath());
    using chain = new IoBuf();
    for (let mib = 0; mib < 16; mib++) chain.append(Buffer.alloc(128 * KiB));
    const hole = chain.reserve(4);
    await log.append(chain);
    expectClosed(hole, 'an append to a file');
  });

  test('is closed once its chain was written to a connection', async () => {
    await using listener = await Listener.open({ path: scratchPath() });
    await using connection = await Connection.connect({ path: listener.address as string });
    const { chain, hole } = chainWithHole();
    const written = connection.write(chain);
    expectClosed(hole, 'a write to a connection');
    await written;
  });

  test('of a part of the chain stays open', () => {
    const { chain, hole } = chainWithHole();
    expect([chain.crc32c(0, 1, 3), chain.xxhash64(0n, 1, 3)]).toEqual([expect.any(Number), expect.any(BigInt)]);
    hole.write(Buffer.from('cdef'));
    expect(chain.toString()).toBe('abcdefyz');
    chain.release();
  });

  test('never writes into a share that was made before', () => {
    const { chain, hole } = chainWithHole();
    using share = chain.share();
    expectClosed(hole, 'share()');
    chain.release();
    expectClosed(hole, 'share()');
    expect(share.toString()).toBe('ab\0\0\0\0yz');
  });
});

test('many placeholders of one chain keep to themselves', () => {
  using chain = new IoBuf();
  const holes = Array.from({ length: 2000 }, (_, number) => {
    const hole = chain.reserve(1 + (number % 97));
    chain.append('|');
    return hole;
  });
  for (const [number, hole] of holes.entries()) hole.write(Buffer.alloc(hole.length, 65 + (number % 26)));
  expect(chain.toString()).toBe(holes.map((hole, number) => `${String.fromCharCode(65 + (number % 26)).repeat(hole.length)}|`).join(''));
});
