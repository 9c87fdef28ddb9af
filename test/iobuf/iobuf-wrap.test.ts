// JavaScript's own memory in chains: not copied, and there for as long as anybody refers to it.
import { capabilities, DmaBuffer, DmaFile, IoBuf, stats } from 'corebuf';
import { failIn } from '../support/fail-in';
import type { WrappingShard } from '../workers/wrapping-shard';
import { chainOf, copied } from '../support/chains';
import { corebufError, expectRangeError, expectTypeError, thrownBy } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, workerModule, startGroup } from '../support/shards';
import { turn, until } from '../support/turns';
import { testOfZeroCopy } from '../support/views';

expectNothingLeaked();
removeScratchAfterEach();

const MiB = 1 << 20;
/** Where it is not, everything is copied that is not shared memory, and some of these tests have nothing to say. */
const all = capabilities().wrapping === true;

function testOfWrapping(name: string, run: jest.ProvidesCallback): void {
  if (all) test(name, run);
}

function bytesOf(length: number, factor = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * factor);
}

function expectAll(bytes: Uint8Array, value: number): void {
  expect(Buffer.compare(bytes, Buffer.alloc(bytes.length, value))).toBe(0);
}

function wrappedHere(): number {
  return stats().memory.wrapped;
}

/** Bytes that V8's allocator has given to the ArrayBuffers of this thread, and not got back. */
async function allocated(): Promise<number> {
  await collect();
  return process.memoryUsage().arrayBuffers;
}

async function collect(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    gc!();
    await turn();
  }
}

/** Which the types of Node leave to those of browsers. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (size: { initial: number; maximum?: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number } };
};

interface Transferable extends ArrayBuffer {
  transfer?: (length?: number) => ArrayBuffer;
}

afterEach(() => {
  failIn(0);
  expect(wrappedHere()).toBe(0);
});

test('capabilities() says whether memory can be wrapped, or what is copied', () => {
  const { wrapping } = capabilities();
  if (wrapping !== true) expect(wrapping).toMatch(/Node/);
  const source = new Uint8Array(10);
  using chain = IoBuf.wrap(source);
  source.fill(1);
  expect(chain.toBuffer().includes(0)).toBe(wrapping !== true);
});

describe('a wrapped array', () => {
  testOfWrapping('is one fragment, which no byte was copied into', () => {
    const before = { ...copied() };
    const { shared } = stats().ledger;
    const source = bytesOf(300_000);
    using chain = IoBuf.wrap(source);
    expect(copied()).toEqual(before);
    expect(stats().ledger.shared - shared).toBe(300_000);
    expect(wrappedHere()).toBe(300_000);
    expect(chain.fragmentCount).toBe(1);
    expect(chain.length).toBe(300_000);
    source[299_999] = 1;
    expect(chain.toBuffer(299_999)[0]).toBe(1);
  });

  test('of nothing is an empty chain', () => {
    using chain = IoBuf.wrap(new Uint8Array(0));
    expect([chain.length, chain.fragmentCount]).toEqual([0, 0]);
    chain.append('a');
    expect(chain.toString()).toBe('a');
  });

  test('is what it was a view of: a part, a Buffer, a pooled Buffer, an array of a few bytes', () => {
    const part = bytesOf(1000).subarray(100, 200);
    for (const source of [part, Buffer.from(part), Buffer.from('pooled'), bytesOf(3), Buffer.allocUnsafeSlow(100_000).fill(3)]) {
      using chain = IoBuf.wrap(source);
      expect(Buffer.compare(chain.toBuffer(), source)).toBe(0);
    }
  });

  test('may be of a subclass whose properties lie', () => {
    const source = bytesOf(64);
    Object.defineProperty(source, 'buffer', { value: new ArrayBuffer(1 << 16) });
    Object.defineProperty(source, 'length', { value: 1 << 16 });
    using chain = IoBuf.wrap(source);
    expect(chain.length).toBe(64);
  });

  test('is part of a chain like any other bytes', () => {
    const first = bytesOf(5000), second = bytesOf(70_000, 3);
    const expected = Buffer.concat([Buffer.from('head'), first, Buffer.from('middle'), second, Buffer.from('tail')]);
    using chain = IoBuf.from('head').take(IoBuf.wrap(first)).append('middle').take(IoBuf.wrap(second)).append('tail');
    const check = (of: IoBuf, bytes: Buffer): void => {
      expect(of.length).toBe(bytes.length);
      expect(Buffer.compare(of.toBuffer(), bytes)).toBe(0);
      expect(Buffer.compare(Buffer.concat([...of]), bytes)).toBe(0);
      expect(of.toString('latin1')).toBe(bytes.toString('latin1'));
      const target = Buffer.alloc(bytes.length + 2);
      expect(of.copyTo(target, 1)).toBe(bytes.length);
      expect(Buffer.compare(target.subarray(1, -1), bytes)).toBe(0);
      using flat = IoBuf.from(bytes);
      expect(of.crc32c()).toBe(flat.crc32c());
      const reader = of.reader();
      const wrong: number[] = [];
      for (let at = 0; at + 4 <= bytes.length; at += 4) if (reader.readUInt32BE() !== bytes.readUInt32BE(at)) wrong.push(at);
      expect(wrong).toEqual([]);
      using copy = new IoBuf().append(of);
      expect(Buffer.compare(copy.toBuffer(), bytes)).toBe(0);
    };
    check(chain, expected);
    for (const [start, end] of [[0, 4], [2, 6], [4, 5004], [1000, 6000], [5013, 5015], [70_000, 75_014]]) {
      using share = chain.share(start, end);
      check(share, expected.subarray(start, end));
    }
    using front = chain.takeFront(3000);
    check(front, expected.subarray(0, 3000));
    check(chain, expected.subarray(3000));
    chain.trimFront(2500);
    check(chain, expected.subarray(5500));
    expect(Buffer.compare(first, bytesOf(5000))).toBe(0);
    expect(Buffer.compare(second, bytesOf(70_000, 3))).toBe(0);
  });

  test('larger than a window is read to its end', () => {
    const source = bytesOf(5 * MiB);
    using chain = IoBuf.from('x').take(IoBuf.wrap(source));
    const reader = chain.reader().skip(1);
    for (const at of [0, 2 * MiB - 2, 4 * MiB - 1, 5 * MiB - 4]) {
      reader.position = 1 + at;
      expect(reader.readUInt32LE()).toBe(Buffer.from(source.buffer).readUInt32LE(at));
    }
  });

  testOfWrapping('counts until its last reference is released', () => {
    const chain = IoBuf.wrap(bytesOf(1000));
    const share = chain.share(10, 20);
    chain.release();
    const { pinned, wrapped, referenced } = stats().memory;
    expect({ wrapped }).toEqual({ wrapped: 1000 });
    share.release();
    expect(stats().memory).toMatchObject({ pinned, wrapped: 0, referenced: referenced - 10 });
  });
});

describe('wrapped memory outlives', () => {
  testOfWrapping('its array and its ArrayBuffer, and is given back after the last release', async () => {
    const before = await allocated();
    const { chain, array, buffer } = ((): { chain: IoBuf; array: WeakRef<Uint8Array>; buffer: WeakRef<ArrayBufferLike> } => {
      const source = new Uint8Array(32 * MiB).fill(5);
      return { chain: IoBuf.wrap(source), array: new WeakRef(source), buffer: new WeakRef(source.buffer) };
    })();
    await collect();
    expect([array.deref(), buffer.deref()]).toEqual([undefined, undefined]);
    expect((await allocated()) - before).toBeGreaterThan(31 * MiB);
    expectAll(chain.toBuffer(), 5);
    chain.release();
    await until(async () => (await allocated()) - before < 2 * MiB, () => 'the memory is not given back');
  });

  test.each<[string, (buffer: Transferable) => unknown]>([
    ['a transfer by structuredClone', (buffer) => structuredClone(buffer, { transfer: [buffer] })],
    ['transfer()', (buffer) => buffer.transfer?.()],
    ['transfer() to more bytes', (buffer) => buffer.transfer?.(400_000)],
    ['transfer() to fewer bytes', (buffer) => buffer.transfer?.(4)],
    ['transfer() to none', (buffer) => buffer.transfer?.(0)],
  ])('%s', async (_, move) => {
    const source = bytesOf(100_000);
    const expected = Buffer.from(source);
    using chain = IoBuf.wrap(source);
    const moved = move(source.buffer as Transferable);
    if (moved !== undefined) expect(source.length).toBe(0);
    await collect();
    for (let at = 0; at < 50; at++) new Uint8Array(100_000).fill(at);
    expect(Buffer.compare(chain.toBuffer(), expected)).toBe(0);
    expect(Buffer.compare(Buffer.concat([...chain]), expected)).toBe(0);
  });

  test('the growth of a WebAssembly memory', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 100 });
    const source = new Uint8Array(memory.buffer, 1000, 5000).fill(9);
    using chain = IoBuf.wrap(source);
    memory.grow(50);
    expect(source.length).toBe(0);
    expectAll(chain.toBuffer(), 9);
  });

  test('the chain, under a view that was taken', async () => {
    const chain = IoBuf.wrap(new Uint8Array(100_000).fill(6));
    const [view] = chain;
    const [again] = chain;
    chain.release();
    await collect();
    for (let at = 0; at < 50; at++) new Uint8Array(100_000).fill(at);
    expectAll(view!, 6);
    expect(again!.equals(view!)).toBe(true);
  });

  testOfZeroCopy('nothing when it is shared memory: views see what is written', () => {
    const source = new Uint8Array(new SharedArrayBuffer(100));
    using chain = IoBuf.wrap(source);
    const [view] = chain;
    source.fill(3);
    expectAll(view!, 3);
  });
});

describe('wrap() refuses', () => {
  test.each<[string, unknown]>([
    ['a string', 'bytes'],
    ['nothing', undefined],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['another typed array', new Uint16Array(8)],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['what only looks like an array', Object.create(Uint8Array.prototype)],
  ])('%s', (_, bytes) => expectTypeError(() => IoBuf.wrap(bytes as Uint8Array)));

  testOfWrapping('resizable and growable memory', () => {
    const resizable = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(8, { maxByteLength: 16 });
    const growable = new (SharedArrayBuffer as new (length: number, options: object) => SharedArrayBuffer)(8, { maxByteLength: 16 });
    for (const memory of [resizable, growable]) {
      expectTypeError(() => IoBuf.wrap(new Uint8Array(memory)));
      expectTypeError(() => IoBuf.wrap(new Uint8Array(memory, 2, 4)));
    }
  });

  testOfWrapping('a detached array', () => {
    const source = new Uint8Array(8);
    structuredClone(source.buffer, { transfer: [source.buffer] });
    expectTypeError(() => IoBuf.wrap(source));
  });

  // A copy is JavaScript's own memory.
  testOfZeroCopy('views of slab memory', () => {
    if (!all) return;
    using chain = IoBuf.from('slab');
    using block = DmaBuffer.alloc(100);
    for (const view of [[...chain][0]!, block.bytes, block.bytes.subarray(10)]) {
      expect(thrownBy(() => IoBuf.wrap(view))).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/take or share/) as string });
    }
  });

  test('4 GiB and more', () => {
    const { buffer } = new WebAssembly.Memory({ initial: 65_536 });
    expectRangeError(() => IoBuf.wrap(new Uint8Array(buffer)));
  });

  testOfWrapping('when there is no memory for its bookkeeping, and changes nothing', () => {
    const before = stats().memory;
    const source = bytesOf(100);
    for (let point = 1; point <= 3; point++) {
      failIn(point);
      expect(thrownBy(() => IoBuf.wrap(source))).toEqual(corebufError('ERR_OUT_OF_MEMORY'));
      failIn(0);
      expect(stats().memory).toMatchObject({ liveObjects: before.liveObjects, wrapped: 0, referenced: before.referenced });
    }
    failIn(4);
    IoBuf.wrap(source).release();
  });
});

describe('wrapped on one shard and used on another', () => {
  test('bytes are the same in every view, and come home', async () => {
    const group = await startGroup<WrappingShard>(workerModule('wrapping-shard'));
    const source = bytesOf(100_000);
    const looks = await group.shard(0).look(chainOf('head').take(IoBuf.wrap(source)));
    const expected = Buffer.concat([Buffer.from('head'), source]);
    expect(looks.map((look) => Buffer.compare(look, expected))).toEqual([0, 0, 0, 0]);
    await until(() => wrappedHere() === 0, () => `${wrappedHere()} bytes are still wrapped`);
  });

  testOfWrapping('a share of them keeps all of them, until it is back', async () => {
    const group = await startGroup<WrappingShard>(workerModule('wrapping-shard'));
    const before = await allocated();
    await group.shard(0).holdMiddle(IoBuf.wrap(new Uint8Array(16 * MiB).fill(8)));
    expect(wrappedHere()).toBe(16 * MiB);
    expect((await allocated()) - before).toBeGreaterThan(15 * MiB);
    {
      using middle = await group.shard(0).give();
      expectAll(middle.toBuffer(), 8);
      expectAll(Buffer.concat([...middle]), 8);
    }
    await until(() => wrappedHere() === 0, () => `${wrappedHere()} bytes are still wrapped`);
    await until(async () => (await allocated()) - before < 2 * MiB, () => 'the memory is not given back');
  });

  test('a file can be written from there', async () => {
    const group = await startGroup<WrappingShard>(workerModule('wrapping-shard'));
    const source = bytesOf(10_000);
    expect(Buffer.compare(await group.shard(0).write(scratchPath(), IoBuf.wrap(source)), source)).toBe(0);
    await until(() => wrappedHere() === 0, () => `${wrappedHere()} bytes are still wrapped`);
  });

  test('they outlive the thread that wrapped them', async () => {
    const group = await startGroup<WrappingShard>(workerModule('wrapping-shard'), { shards: 1 });
    const chains = await Promise.all([1, 2, 3].map((fill) => group.shard(0).wrap(4 * MiB, fill)));
    const [view] = chains[0]!;
    const share = chains[1]!.share(100, 200);
    await group.close();
    await collect();
    chains.forEach((chain, at) => expectAll(chain.toBuffer(), at + 1));
    expectAll(Buffer.concat([...chains[2]!]), 3);
    for (const chain of chains) chain.release();
    await turn();
    await collect();
    expectAll(view!, 1);
    expectAll(share.toBuffer(), 2);
    share.release();
  });

  test('a worker copies what Node takes away when it ends', async () => {
    const group = await startGroup<WrappingShard>(workerModule('wrapping-shard'), { shards: 1 });
    const worker = group.shard(0);
    expect([await worker.sharesOwn(), await worker.sharesPooled(), await worker.sharesShared()]).toEqual([all, false, true]);
    expect(await worker.wrapped()).toBe(0);
  });
});

describe('a file', () => {
  test('takes wrapped bytes where their address is aligned, and refuses them elsewhere', async () => {
    const path = scratchPath();
    await using file = await DmaFile.open(path, 'w+');
    const { memory, offset } = file.alignment;
    const block = Math.max(memory, offset);
    const source = bytesOf(3 * block);
    const outcomes = new Map<string, number>();
    for (let start = 0; start < block; start += 8) {
      using chain = IoBuf.wrap(source.subarray(start, start + block));
      const outcome = await file.write(0, chain).then(
        () => 'written',
        (error: { code: string }) => error.code,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome !== 'written') continue;
      using read = await file.read(0, block);
      expect(Buffer.compare(read.toBuffer(), source.subarray(start, start + block))).toBe(0);
    }
    if (file.direct && all) expect([...outcomes.keys()].sort()).toEqual(['ERR_MISALIGNED', 'written']);
    if (!file.direct) expect([...outcomes.keys()]).toEqual(['written']);
  });

  test('keeps them while it writes, whatever becomes of chain and array', async () => {
    await using file = await DmaFile.open(scratchPath(), 'w+', { direct: 'off' });
    const write = ((): Promise<number> => {
      using chain = IoBuf.wrap(new Uint8Array(8 * MiB).fill(4));
      return file.write(0, chain);
    })();
    gc!();
    expect(await write).toBe(8 * MiB);
    using read = await file.read(0, 8 * MiB);
    expectAll(read.toBuffer(), 4);
  });
});
