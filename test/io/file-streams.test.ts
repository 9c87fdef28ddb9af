// Files as streams of Node and of the web, and one signal for operations of every kind.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { DmaBuffer, DmaFile, stats } from 'corebuf';
import type { FileChunksOptions } from 'corebuf';
import { engines, fileOf } from '../support/files';
import { injectFaults } from '../support/inject-faults';
import { removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked, liveHere } from '../support/shards';
import { until } from '../support/turns';

expectNothingLeaked();
removeScratchAfterEach();
afterEach(() => void injectFaults([]));

const KiB = 1024;
const LENGTH = 700 * KiB + 123;

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each(engines)('by %s', (engine) => {
  const ranges: FileChunksOptions[] = [{}, { start: 1, end: 100 }, { start: 5000, chunk: 4096 }, { readAhead: 0 }, { start: LENGTH }, { start: 2 * LENGTH }];

  test.each(ranges)('stream(%p) has the bytes of the file, in Buffers that a consumer may keep', async (options) => {
    const { path, content } = fileOf(LENGTH);
    await using file = await DmaFile.open(path, 'r', { engine });
    const expected = content.subarray(options.start ?? 0, options.end);
    expect((await bytesOf(file.stream(options))).equals(expected)).toBe(true);
    expect((await bytesOf(file.toWeb(options))).equals(expected)).toBe(true);
  });

  test('a stream is as far ahead as its consumer, within a bound, and gives back what was read ahead when it is destroyed', async () => {
    const { path } = fileOf(LENGTH);
    await using file = await DmaFile.open(path, 'r', { engine });
    const before = liveHere();
    const stream = file.stream({ chunk: 16 * KiB });
    expect(stream.readableHighWaterMark).toBe(16 * KiB);
    const [first] = (await once(stream, 'data')) as [Buffer];
    expect(first.length).toBe(16 * KiB);
    stream.pause();
    stream.destroy();
    await once(stream, 'close');
    expect(liveHere()).toBe(before);
    const web = file.toWeb().getReader();
    await web.read();
    await web.cancel();
    expect(liveHere()).toBe(before);
  });

  test('pipeline() drives it, and a consumer that fails ends it', async () => {
    const { path, content } = fileOf(LENGTH);
    await using file = await DmaFile.open(path, 'r', { engine });
    const hash = createHash('sha256');
    await pipeline(file.stream(), hash);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
    const refusing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('refused')) });
    await expect(pipeline(file.stream(), refusing)).rejects.toThrow('refused');
    await until(() => stats().io.inFlight === 0, () => `${stats().io.inFlight} reads are in flight`);
  });

  test('a BYOB reader gets its buffers filled', async () => {
    const { path, content } = fileOf(LENGTH);
    await using file = await DmaFile.open(path, 'r', { engine });
    const reader = file.toWeb({ chunk: 8 * KiB }).getReader({ mode: 'byob' });
    const pieces: Uint8Array[] = [];
    for (let size = 1; ; size = (size * 7) % 20_011) {
      const { value, done } = await reader.read(new Uint8Array(size));
      if (done) break;
      pieces.push(value);
    }
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(await new Response(file.toWeb({ start: LENGTH - 5 })).arrayBuffer()).toEqual(new Uint8Array(content.subarray(-5)).buffer);
  });

  test('a read that fails destroys the stream with its error', async () => {
    const { path } = fileOf(LENGTH);
    injectFaults([{ op: 'read', skip: 1, times: 1, errno: 'EIO' }]);
    await using file = await DmaFile.open(path, 'r', { engine });
    await expect(bytesOf(file.stream({ readAhead: 0 }))).rejects.toMatchObject({ code: 'ERR_IO', errnoName: 'EIO', path });
  });

  test('any number of reads, writes, readers and streams share one listener on a signal', async () => {
    const { path } = fileOf(64 * KiB);
    await using file = await DmaFile.open(path, 'r+', { engine });
    using block = DmaBuffer.alloc(4096, { zero: true });
    const { signal } = new AbortController();
    let [listeners, listenersMax] = [0, 0];
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: unknown[]): void => {
      listenersMax = Math.max(listenersMax, ++listeners);
      add(...(args as Parameters<typeof add>));
    };
    signal.removeEventListener = (...args: unknown[]): void => {
      listeners--;
      remove(...(args as Parameters<typeof remove>));
    };
    const drain = async (chunks: AsyncIterable<{ release?(): void }>): Promise<void> => {
      for await (const chunk of chunks) chunk.release?.();
    };
    const work: Promise<unknown>[] = [];
    for (let round = 0; round < 30; round++) {
      work.push(file.read(0, 100, { signal }).then((chain) => chain.release()), file.write(60 * KiB, block, { signal }));
      work.push(file.readMany([{ position: 0, length: 5 }], { signal }).then(([chain]) => chain!.release()));
      work.push(drain(file.chunks({ signal, chunk: 4096 })), drain(file.stream({ signal }) as AsyncIterable<object>), drain(file.toWeb({ signal }) as AsyncIterable<object>));
    }
    await Promise.all(work);
    expect([listeners, listenersMax]).toEqual([0, 1]);
  });

  test('an aborted signal ends a stream with its reason', async () => {
    const { path } = fileOf(LENGTH);
    await using file = await DmaFile.open(path, 'r', { engine });
    const controller = new AbortController();
    const stream = file.stream({ signal: controller.signal, chunk: 4096, readAhead: 0 });
    await once(stream, 'readable');
    controller.abort(new Error('enough'));
    await expect(bytesOf(stream)).rejects.toThrow('enough');
  });

  test('a read of far more than there is allocates what there is', async () => {
    const { path, content } = fileOf(10);
    await using file = await DmaFile.open(path, 'r', { engine });
    using small = await file.read(0, 10);
    expect(small.equals(content)).toBe(true);
    const { allocations } = stats().memory;
    using read = await file.read(0, 1024 * 1024 * 1024);
    expect(read.equals(content)).toBe(true);
    expect(stats().memory.allocations - allocations).toBeLessThan(10);
    using none = await file.read(2 ** 40, 2 ** 40);
    expect(none.length).toBe(0);
  });

  test('console.log shows what a file is', async () => {
    const { path } = fileOf(10);
    const file = await DmaFile.open(path, 'r', { engine });
    expect(inspect(file)).toContain(path);
    expect(inspect(file)).toMatch(/^DmaFile \{[^]*state: 'open'[^]*engine: '\w+'[^]*inFlight: 0[^]*\}$/);
    await file.close();
    expect(inspect(file)).toContain("state: 'closed'");
    expect(inspect({ file }, { depth: 0 })).toBe('{ file: [DmaFile] }');
  });

  test('an option that there is not is a TypeError that names it', async () => {
    const { path } = fileOf(10);
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('sginal') as string };
    await expect(DmaFile.open(path, 'r', { sginal: 1 } as never)).rejects.toMatchObject(wrong);
    await using file = await DmaFile.open(path, 'r+', { engine });
    using block = DmaBuffer.alloc(4096);
    const options = { sginal: 1 } as never;
    for (const call of [file.read(0, 1, options), file.write(0, block, options), file.readMany([], options), file.stat(options)]) {
      await expect(call).rejects.toMatchObject(wrong);
    }
    for (const call of [() => file.chunks(options), () => file.stream(options), () => file.toWeb(options)]) expect(call).toThrow(expect.objectContaining(wrong) as Error);
  });
});
