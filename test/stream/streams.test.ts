// Streams that read chains, and streams whose bytes arrive as chains, in pipelines with what people use.
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { IoBuf } from 'corebuf';
import { failIn } from '../support/fail-in';
import { chainOf, copied } from '../support/chains';
import { corebufError, expectCode, expectRangeError, expectTypeError } from '../support/errors';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { destroySocketsAfterEach, digestOf, socketPair } from '../support/sockets';
import { turn, until } from '../support/turns';

const MIB = 2 ** 20;

expectNothingLeaked();
removeScratchAfterEach();
destroySocketsAfterEach();
afterEach(() => failIn(0));

/** A sink that keeps everything in one chain. */
function keeper() {
  const kept = new IoBuf();
  const sink = IoBuf.sink((chain) => void kept.take(chain));
  return { kept, sink };
}

describe('readable()', () => {
  test('reads the bytes as they were, whatever happens to the chain', async () => {
    const content = new Random(1).bytes(3 * MIB + 1);
    const chain = IoBuf.from(content);
    const stream = chain.readable();
    chain.append('later').trimFront(1000);
    chain.release();
    IoBuf.from(Buffer.alloc(4 * MIB)).release();
    expect((await buffer(stream)).equals(content)).toBe(true);
  });

  test('gives chunks of the length that is asked for, which may be kept', async () => {
    const chain = chainOf('abcd', 'ef', 'g');
    const stream = chain.readable({ chunk: 3 });
    chain.release();
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(stream, 'end');
    IoBuf.from('!'.repeat(1000)).release();
    expect(chunks.map(String)).toEqual(['abc', 'def', 'g']);
  });

  test('copies only what is asked for', async () => {
    using chain = IoBuf.from(Buffer.alloc(MIB));
    const before = copied()['toBuffer']!;
    const stream = chain.readable({ chunk: 1000 });
    await turn();
    expect(copied()['toBuffer']).toBe(before);
    stream.read(1);
    expect(copied()['toBuffer']! - before).toBeLessThanOrEqual(2000);
    stream.destroy();
  });

  test('releases when it is destroyed before, in the middle, or with an error', async () => {
    using chain = IoBuf.from(Buffer.alloc(MIB));
    chain.readable().destroy();
    for await (const chunk of chain.readable()) if ((chunk as Buffer).length > 0) break;
    const failing = chain.readable();
    const failed = once(failing, 'close').catch(() => undefined);
    failing.once('error', () => undefined).destroy(new Error('x'));
    await failed;
  });

  test('of nothing ends', async () => {
    using nothing = new IoBuf();
    expect(await buffer(nothing.readable())).toHaveLength(0);
    expect(await buffer(nothing.toWeb())).toHaveLength(0);
  });

  test('refuses wrong chunks, chains that were released, and a full memory', () => {
    const chain = chainOf('a', 'b');
    expectRangeError(() => chain.readable({ chunk: 0 }));
    expectTypeError(() => chain.readable({ chunk: '1' as never }));
    expectTypeError(() => chain.readable(null as never));
    failIn(2);
    expectCode(() => chain.readable(), 'ERR_OUT_OF_MEMORY');
    failIn(2);
    expectCode(() => chain.toWeb(), 'ERR_OUT_OF_MEMORY');
    chain.release();
    expectCode(() => chain.readable(), 'ERR_RELEASED');
    expectCode(() => chain.toWeb(), 'ERR_RELEASED');
  });
});

describe('toWeb()', () => {
  test('reads the bytes as they were, by chunks, through pipes, and teed', async () => {
    const content = new Random(2).bytes(MIB + 1);
    const chain = IoBuf.from(content);
    const [whole, piped, teed] = [chain.toWeb(), chain.toWeb(), chain.toWeb()];
    chain.release();
    expect((await buffer(whole)).equals(content)).toBe(true);
    const through = new TransformStream<Uint8Array, Uint8Array>();
    void piped.pipeTo(through.writable);
    expect((await buffer(through.readable)).equals(content)).toBe(true);
    for (const each of await Promise.all(teed.tee().map((stream) => buffer(stream)))) expect(each.equals(content)).toBe(true);
  });

  test('fills the buffers of those who bring their own, and tells all who wait of the end', async () => {
    using chain = chainOf('abcd', 'ef');
    const reader = chain.toWeb().getReader({ mode: 'byob' });
    const reads = [5, 5, 5].map((length) => reader.read(new Uint8Array(length)));
    const texts = (await Promise.all(reads)).map(({ done, value }) => [done, Buffer.from(value!).toString()]);
    expect(texts).toEqual([[false, 'abcde'], [false, 'f'], [true, '']]);
    await reader.closed;
  });

  test('releases when it is cancelled', async () => {
    using chain = IoBuf.from(Buffer.alloc(MIB));
    await chain.toWeb().cancel();
    const reader = chain.toWeb().getReader();
    await reader.read();
    await reader.cancel();
  });

  test('is an answer that fetch understands', async () => {
    using chain = chainOf('over ', 'the web');
    expect(await new Response(chain.toWeb()).text()).toBe('over the web');
  });
});

describe('sink()', () => {
  test('hands over chains that are the handler’s', async () => {
    const { kept, sink } = keeper();
    sink.write(Buffer.from('ab'));
    sink.write('zdč', 'utf8');
    sink.end('ff00', 'hex');
    await once(sink, 'finish');
    expect(kept.toBuffer()).toEqual(Buffer.concat([Buffer.from('abzdč'), Buffer.from([255, 0])]));
    kept.release();
  });

  test('waits for the handler, and hands over what has come meanwhile as one chain', async () => {
    const given: string[] = [];
    const proceed: (() => void)[] = [];
    const sink = IoBuf.sink(
      (chain) => {
        given.push(chain.toString());
        chain.release();
        return new Promise((resolve) => proceed.push(resolve));
      },
      { highWaterMark: 3 },
    );
    expect(sink.write('a')).toBe(true);
    expect(sink.write('b')).toBe(true);
    expect(sink.write('c')).toBe(false);
    sink.end('d');
    await turn();
    expect(given).toEqual(['a']);
    proceed.shift()!();
    await until(() => given.length === 2, () => given.join());
    expect(given).toEqual(['a', 'bcd']);
    await turn();
    expect(sink.writableFinished).toBe(false);
    proceed.shift()!();
    await once(sink, 'finish');
  });

  test('copies every byte once, and is slowed down by a slow handler', async () => {
    const [near, far] = await socketPair();
    const content = Buffer.alloc(8 * MIB);
    const before = copied()['append']!;
    let most = 0;
    let received = 0;
    const sink = IoBuf.sink(async (chain) => {
      most = Math.max(most, chain.length + sink.writableLength);
      received += chain.length;
      chain.release();
      await turn();
      await turn();
    });
    near.end(content);
    await pipeline(far, sink);
    expect(received).toBe(content.length);
    expect(copied()['append']! - before).toBe(content.length);
    expect(most).toBeLessThan(MIB);
  });

  test.each([
    ['throws', () => { throw new Error('handler'); }],
    ['rejects', () => Promise.reject(new Error('handler'))],
  ])('is destroyed when the handler %s, and the chain is released', async (_, fail) => {
    const sink = IoBuf.sink(() => fail());
    await expect(pipeline(Readable.from([Buffer.from('a')]), sink)).rejects.toThrow('handler');
  });

  test('is destroyed with an error also when the handler rejects with nothing', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const sink = IoBuf.sink(() => Promise.reject());
    await expect(pipeline(Readable.from([Buffer.from('a')]), sink)).rejects.toThrow('handler');
  });

  test('is destroyed when memory is spent', async () => {
    const { kept, sink } = keeper();
    failIn(5);
    const failing = pipeline(Readable.from([Buffer.alloc(MIB)]), sink);
    await expect(failing).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    kept.release();
  });

  test('is destroyed by its signal, with bytes waiting', async () => {
    const abort = new AbortController();
    let proceed = (): void => undefined;
    const sink = IoBuf.sink(
      (chain) => {
        chain.release();
        return new Promise((resolve) => (proceed = resolve));
      },
      { signal: abort.signal },
    );
    sink.write('a');
    sink.write('b');
    const failed = once(sink, 'error');
    abort.abort();
    expect((await failed)[0]).toMatchObject({ name: 'AbortError' });
    proceed();
    await turn();
  });

  test('is a stream of the web through Writable.toWeb', async () => {
    const { kept, sink } = keeper();
    const web = Writable.toWeb(sink) as WritableStream<Uint8Array>;
    await new Blob(['over ', 'the web']).stream().pipeTo(web);
    expect(kept.toString()).toBe('over the web');
    kept.release();
  });

  test('refuses wrong arguments', () => {
    const ignore = (chain: IoBuf): void => chain.release();
    expectTypeError(() => IoBuf.sink(undefined as never));
    expectTypeError(() => IoBuf.sink(ignore, null as never));
    expectTypeError(() => IoBuf.sink(ignore, { highWaterMark: '1' as never }));
    expectRangeError(() => IoBuf.sink(ignore, { highWaterMark: -1 }));
    expectTypeError(() => IoBuf.sink(ignore, { signal: {} as never }));
  });
});

describe('pipelines', () => {
  test('64 MiB out of a chain, over a socket, into chains', async () => {
    const [near, far] = await socketPair();
    const content = new Random(3).bytes(MIB);
    using chain = new IoBuf();
    for (let at = 0; at < 16; at++) chain.append(content);
    const sent = new IoBuf();
    for (let at = 0; at < 4; at++) sent.take(chain.share());
    const expected = digestOf(sent.readable());
    const { kept, sink } = keeper();
    await Promise.all([pipeline(sent.readable(), near), pipeline(far, sink)]);
    sent.release();
    expect(kept.length).toBe(64 * MIB);
    expect(await digestOf(kept.readable())).toBe(await expected);
    kept.release();
  });

  test('a chain to gzip to a file, and back', async () => {
    const path = scratchPath();
    const content = new Random(4).bytes(2 * MIB);
    using chain = IoBuf.from(content);
    await pipeline(chain.readable(), createGzip(), createWriteStream(path));
    const { kept, sink } = keeper();
    await pipeline(createReadStream(path), createGunzip(), sink);
    expect(kept.toBuffer().equals(content)).toBe(true);
    using collected = await IoBuf.collect(createReadStream(path).pipe(createGunzip()));
    expect(collected.toBuffer().equals(content)).toBe(true);
    kept.release();
  });

  test('a proxy: from a socket to a file, chain by chain', async () => {
    const [near, far] = await socketPair();
    const path = scratchPath();
    const content = new Random(5).bytes(4 * MIB);
    const file = createWriteStream(path);
    near.end(content);
    await pipeline(
      far,
      IoBuf.sink(async (chain) => {
        await chain.writeTo(file).finally(() => chain.release());
      }),
    );
    file.end();
    await once(file, 'close');
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test('that are aborted, or whose ends fail, leave nothing', async () => {
    const chain = IoBuf.from(Buffer.alloc(8 * MIB));
    const abort = new AbortController();
    const stuck = pipeline(chain.readable(), new PassThrough(), new Writable({ write: () => undefined }), { signal: abort.signal });
    await turn();
    abort.abort();
    await expect(stuck).rejects.toMatchObject({ name: 'AbortError' });
    const failing = new Writable({ write: (_, __, callback) => callback(new Error('full')) });
    await expect(pipeline(chain.readable(), failing)).rejects.toThrow('full');
    await expect(pipeline(chain.readable(), createWriteStream('/nowhere/at/all'))).rejects.toMatchObject({ code: 'ENOENT' });
    chain.release();

    const path = scratchPath();
    writeFileSync(path, Buffer.alloc(MIB));
    const { kept, sink } = keeper();
    const broken = new PassThrough();
    broken.write('x');
    const piping = pipeline(broken, sink);
    await until(() => kept.length === 1, () => `${kept.length} came`);
    broken.destroy(new Error('source'));
    await expect(piping).rejects.toThrow('source');
    kept.release();
  });
});
