// The ArrayBuffers under views: whose bytes they show, how they are used again, and that a program which takes one away hurts one object.
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { DmaBuffer, IoBuf, stats, thisShard } from 'corebuf';
import { failIn } from '../support/fail-in';
import { expectWell } from '../support/program';
import { expectNothingLeaked } from '../support/shards';
import { transfers } from '../support/transfers';
import { testOfKeptWindows, testOfZeroCopy } from '../support/views';

expectNothingLeaked();

const KiB = 1024;
const SMALL_MOST = 64 * KiB;
const LENGTHS = [1, 10, 511, 4095, 4096, 4097, 100_000, 128 * KiB, 3 << 20];

function viewsOf(chain: IoBuf): Buffer[] {
  return [...chain];
}

describe('the ArrayBuffer of a DmaBuffer', () => {
  test.each(LENGTHS)('is exactly its %d bytes', (length) => {
    for (const alignment of [16, 512, 4096]) {
      using block = DmaBuffer.alloc(length, { alignment });
      const { bytes } = block;
      expect([bytes.byteOffset, bytes.length, bytes.buffer.byteLength]).toEqual([0, length, length]);
      expect(block.view(Uint8Array).buffer).toBe(bytes.buffer);
    }
  });

  testOfZeroCopy('of a share shows the bytes of the share alone', () => {
    using block = DmaBuffer.alloc(8192);
    block.bytes.fill('b');
    using share = block.share(100, 4500);
    expect([share.bytes.byteOffset, share.bytes.buffer.byteLength]).toEqual([0, 4400]);
    share.bytes.fill('s');
    expect(block.bytes.toString('latin1', 99, 101)).toBe('bs');
  });

  test('is cloned as large as the buffer is', () => {
    using block = DmaBuffer.alloc(4096);
    block.bytes.fill('c');
    const clone = structuredClone(block.bytes) as Uint8Array;
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(block.bytes);
    const { message } = receiveMessageOnPort(port2) as { message: Uint8Array };
    port1.close();
    for (const copy of [clone, message]) {
      expect(copy.buffer.byteLength).toBe(4096);
      expect(Buffer.from(copy.buffer).equals(block.bytes)).toBe(true);
    }
  });
});

describe('the ArrayBuffer of a fragment', () => {
  testOfZeroCopy('of 4 KiB or more shows its own buffer', () => {
    for (const length of [4096, 5000, 100_000, 128 * KiB]) {
      using chain = IoBuf.from(Buffer.alloc(length, 'a'));
      for (const view of viewsOf(chain)) expect(view.buffer.byteLength).toBeLessThanOrEqual(128 * KiB);
      using block = DmaBuffer.alloc(length);
      const { buffer } = block.bytes;
      using taken = new IoBuf().take(block);
      expect(viewsOf(taken)[0]!.buffer).toBe(buffer);
    }
  });

  test('of less than 4 KiB shows 64 KiB at most', () => {
    using large = IoBuf.from(Buffer.alloc(128 * KiB, 'l'));
    using huge = new IoBuf().take(DmaBuffer.alloc(1 << 20));
    const parts = [0, 1, 60_000, 61_000, 65_000, 100_000].flatMap((start) => [large.share(start, start + 4000), huge.share(start, start + 4000)]);
    const small = LENGTHS.filter((length) => length < 4096).map((length) => IoBuf.from(Buffer.alloc(length, 's')));
    for (const chain of [...parts, ...small]) {
      for (const view of viewsOf(chain)) expect(view.buffer.byteLength).toBeLessThanOrEqual(SMALL_MOST);
      chain.release();
    }
  });

  testOfZeroCopy('of a placeholder and of a coalesced chain is that of the fragment', () => {
    using chain = IoBuf.from(Buffer.alloc(300, 'x'));
    const hole = chain.reserve(4);
    hole.bytes.write('hole');
    expect(hole.bytes.buffer.byteLength).toBeLessThanOrEqual(SMALL_MOST);
    expect(chain.coalesce().toString('latin1', 298)).toBe('xxhole');
    expect(chain.coalesce().buffer.byteLength).toBeLessThanOrEqual(SMALL_MOST);
  });
});

// So that only windows of the test itself are kept.
beforeEach(() => thisShard.memory.trim());

describe('a window', () => {
  testOfKeptWindows('is used again by the next buffer at its address, and counted', () => {
    const before = stats().memory.windows;
    const [first, second] = [DmaBuffer.alloc(70_000), DmaBuffer.alloc(70_000)];
    const { buffer } = first.bytes;
    expect(second.bytes.buffer).not.toBe(buffer);
    first.release();
    expect(stats().memory.windows).toMatchObject({ kept: before.kept + 1, keptBytes: before.keptBytes + 70_000, misses: before.misses + 2 });
    using again = DmaBuffer.alloc(70_000);
    expect(again.bytes.buffer).toBe(buffer);
    expect(stats().memory.windows).toMatchObject({ kept: before.kept, hits: before.hits + 1, misses: before.misses + 2 });
    second.release();
  });

  testOfKeptWindows('is another one for another length', () => {
    const first = DmaBuffer.alloc(70_000);
    const { buffer } = first.bytes;
    first.release();
    using other = DmaBuffer.alloc(70_001);
    expect(other.bytes.buffer).not.toBe(buffer);
    expect(other.bytes.buffer.byteLength).toBe(70_001);
  });

  testOfKeptWindows('is dropped beyond a number of windows, the oldest first', () => {
    const { keptMost } = stats().memory.windows;
    const blocks = Array.from({ length: keptMost + 100 }, () => DmaBuffer.alloc(512, { alignment: 512 }));
    const buffers = blocks.map(({ bytes }) => bytes.buffer);
    for (const block of blocks) block.release();
    const { kept, keptBytes } = stats().memory.windows;
    expect([kept, keptBytes]).toEqual([keptMost, keptMost * 512]);
    const again = Array.from({ length: keptMost + 100 }, () => DmaBuffer.alloc(512, { alignment: 512 }));
    const found = new Set(again.map(({ bytes }) => bytes.buffer));
    expect(buffers.filter((buffer) => found.has(buffer)).length).toBeGreaterThan(keptMost / 4);
    expect(buffers.slice(0, 100).some((buffer) => found.has(buffer))).toBe(false);
    for (const block of again) block.release();
  });

  testOfKeptWindows('is dropped beyond a number of bytes, the oldest first', () => {
    const { keptBytesMost } = stats().memory.windows;
    const each = keptBytesMost / 16;
    // Nobody writes to them, so that the system gives them no memory.
    const blocks = Array.from({ length: 18 }, () => DmaBuffer.alloc(each));
    const buffers = blocks.map(({ bytes }) => bytes.buffer);
    for (const block of blocks) block.release();
    expect(stats().memory.windows).toMatchObject({ kept: 16, keptBytes: keptBytesMost });
    const again = Array.from({ length: 18 }, () => DmaBuffer.alloc(each));
    const found = new Set(again.map(({ bytes }) => bytes.buffer));
    expect(buffers.map((buffer) => found.has(buffer))).toEqual([false, false, ...Array<boolean>(16).fill(true)]);
    for (const block of again) block.release();
  });

  testOfKeptWindows('is dropped by trim()', () => {
    const block = DmaBuffer.alloc(70_000);
    expect(block.bytes).toHaveLength(70_000);
    block.release();
    expect(stats().memory.windows.kept).toBeGreaterThan(0);
    thisShard.memory.trim();
    expect(stats().memory.windows).toMatchObject({ kept: 0, keptBytes: 0 });
  });

  testOfKeptWindows('is dropped before a listener is asked for memory', () => {
    const block = DmaBuffer.alloc(70_000);
    expect(block.bytes).toHaveLength(70_000);
    block.release();
    let kept = -1;
    const stop = thisShard.memory.onPressure(() => (kept = stats().memory.windows.kept));
    failIn(1);
    expect(() => DmaBuffer.alloc(80_000)).toThrow();
    failIn(0);
    stop();
    expect(kept).toBe(0);
  });

  testOfKeptWindows('goes along when a chain takes its buffer, and is given back with the chain', () => {
    const blocks = Array.from({ length: 20 }, () => DmaBuffer.alloc(5000));
    const buffers = blocks.map(({ bytes }) => bytes.buffer);
    const chain = new IoBuf();
    for (const block of blocks) chain.take(block);
    expect(viewsOf(chain).map(({ buffer }) => buffer)).toEqual(buffers);
    const before = stats().memory.windows.kept;
    chain.release();
    expect(stats().memory.windows.kept).toBe(before + 20);
  });
});

describe.each(transfers)('%s that takes a view away', (_, how) => {
  testOfZeroCopy('leaves all other objects their views, and the memory as it was', async () => {
    using block = DmaBuffer.alloc(4096);
    block.bytes.fill('b');
    using neighbour = DmaBuffer.alloc(4096);
    neighbour.bytes.fill('n');
    using share = block.share(0, 100);
    using small = IoBuf.from('c'.repeat(2000));
    using other = IoBuf.from('o'.repeat(2000));
    const others = [neighbour.bytes, share.bytes, ...other];
    const lengths = others.map(({ length }) => length);
    for (let round = 0; round < 3; round++) {
      await how(block.bytes);
      for (const fragment of small) await how(fragment);
      expect(others.map(({ length }) => length)).toEqual(lengths);
      expect(block.bytes.equals(Buffer.alloc(4096, 'b'))).toBe(true);
      expect(Buffer.from(block.view(Uint8Array, 4000)).toString()).toBe('b'.repeat(96));
      expect(Buffer.concat([...small]).toString()).toBe('c'.repeat(2000));
      expect(small.coalesce().toString()).toBe('c'.repeat(2000));
      expect(others.map((view) => view[0])).toEqual([...'nbo'].map((text) => text.charCodeAt(0)));
    }
  });

  testOfZeroCopy('through a stale view leaves the next buffer there its views', async () => {
    const first = DmaBuffer.alloc(70_000);
    const stale = first.bytes;
    first.release();
    await how(stale);
    using next = DmaBuffer.alloc(70_000);
    expect(next.bytes.fill('n').toString('latin1', 69_999)).toBe('n');
  });
});

test('a program that writes over whole ArrayBuffers destroys bytes, and nothing that keeps the process alive', async () => {
  await expectWell('scribbled', { env: { COREBUF_CHECKED: '', COREBUF_COPY_VIEWS: '' } });
});

testOfKeptWindows('64 MiB of small buffers, all of them shown, need little memory for it, and give it back', async () => {
  await expectWell('live-windows');
});

test('random objects on three shards show their own bytes, and those of no other object', async () => {
  await expectWell('windows-model', { args: [process.env.COREBUF_WINDOW_STEPS ?? '60000'], patienceMs: 600_000 });
}, 600_000);

test('ArrayBuffers that a program has marked as untransferable let a thread end', async () => {
  await expectWell('marked-views');
});
