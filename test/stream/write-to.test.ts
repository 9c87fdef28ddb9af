// IoBuf.writeTo: from chains to streams. Whether a view is right is asked while the chain's memory is used again as fast as can
// be.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer, get, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip, gunzipSync } from 'node:zlib';
import { IoBuf } from 'corebuf';
import { chainOf, copied } from '../support/chains';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, liveHere } from '../support/shards';
import { Slow } from '../support/slow-stream';
import { addressOf, destroySocketsAfterEach, digestOf, socketPair, tlsPair } from '../support/sockets';
import { turn, until } from '../support/turns';
import { testOfZeroCopy } from '../support/views';

const MIB = 2 ** 20;

expectNothingLeaked();
removeScratchAfterEach();
destroySocketsAfterEach();

/** Fills memory that has just been released with something else: much of it in large pieces, and some in small ones. */
function reuseMemory(bytes = 4 * MIB): void {
  IoBuf.from(Buffer.alloc(bytes, 0xee)).release();
  const small = Array.from({ length: 64 }, () => IoBuf.from('!!'));
  for (const each of small) each.release();
}

async function serveOnce(handle: (response: ServerResponse, question: IncomingMessage) => Promise<void>): Promise<Buffer> {
  const server = createServer((question, response) => void handle(response, question)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [answer] = (await once(get(addressOf(server)), 'response')) as [IncomingMessage];
  const body = await buffer(answer);
  server.close();
  return body;
}

describe('everything arrives', () => {
  test.each([
    ['a socket', socketPair],
    ['an encrypted socket', tlsPair],
  ])('64 MiB through %s, while chains are released and their memory used again', async (_, makePair) => {
    const [near, far] = await makePair();
    const random = new Random(64);
    const block = random.bytes(MIB);
    const expected = createHash('sha256');
    const received = digestOf(far);
    const writing: Promise<void>[] = [];
    for (let sent = 0; sent < 64 * MIB; ) {
      const chain = new IoBuf();
      while (chain.length < MIB) chain.append(block.subarray(random.upTo(1000), 1000 + random.size(200_000)));
      for (const view of chain) expected.update(view);
      sent += chain.length;
      writing.push(chain.writeTo(near));
      chain.release();
      reuseMemory();
      if (writing.length === 8) await writing.shift();
    }
    await Promise.all(writing);
    near.end();
    expect(await received).toBe(expected.digest('hex'));
  });

  testOfZeroCopy('sockets and files get it with no copy', async () => {
    const [near, far] = await socketPair();
    const file = createWriteStream(scratchPath());
    using chain = IoBuf.from(Buffer.alloc(MIB));
    const before = copied();
    far.resume();
    await chain.writeTo(near);
    await chain.writeTo(file);
    expect(copied()).toEqual(before);
    file.destroy();
    await once(file, 'close');
  });

  test('a file', async () => {
    const path = scratchPath();
    const content = new Random(2).bytes(3 * MIB);
    const file = createWriteStream(path);
    const chain = IoBuf.from(content);
    const written = chain.writeTo(file);
    chain.release();
    reuseMemory();
    await written;
    file.end();
    await once(file, 'close');
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  test.each([[[1, 2, 3, 4]], [[16_384, 1]], [[5, 100_000, 20_000, 7, 65_536]], [[131_072, 131_072]]])(
    'the answer and the question of an http call, of %j bytes',
    async (lengths) => {
      const parts = lengths.map((length, at) => Buffer.alloc(length, at + 65));
      const content = Buffer.concat(parts);
      const make = (): IoBuf => parts.reduce((chain, part) => chain.take(IoBuf.from(part)), new IoBuf());
      const body = await serveOnce(async (response) => {
        response.writeHead(200);
        for (let round = 0; round < 3; round++) {
          const chain = make();
          const written = chain.writeTo(response);
          chain.release();
          reuseMemory();
          await written;
        }
        response.end();
      });
      expect(body.equals(Buffer.concat([content, content, content]))).toBe(true);
    },
  );

  test('an http question before and after it has its socket', async () => {
    const content = new Random(3).bytes(MIB);
    const echo = async (question: IncomingMessage, response: ServerResponse): Promise<void> => void response.end(await buffer(question));
    const server = createServer((question, response) => void echo(question, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const question = request({ ...addressOf(server), method: 'POST' });
    const answered = once(question, 'response') as Promise<[IncomingMessage]>;
    using chain = IoBuf.from(content);
    await chain.writeTo(question);
    await chain.writeTo(question);
    question.end();
    const [answer] = await answered;
    expect((await buffer(answer)).equals(Buffer.concat([content, content]))).toBe(true);
    server.close();
  });

  test('gzip, which reads on another thread', async () => {
    const content = new Random(4).bytes(2 * MIB);
    const gzip = createGzip();
    const zipped = buffer(gzip);
    const chain = IoBuf.from(content);
    const written = chain.writeTo(gzip);
    chain.release();
    reuseMemory();
    await written;
    gzip.end();
    expect(gunzipSync(await zipped).equals(content)).toBe(true);
  });

  test('a PassThrough that is read long after it has called back', async () => {
    const kept = new PassThrough({ highWaterMark: 8 * MIB });
    const content = new Random(5).bytes(2 * MIB);
    const chain = IoBuf.from(content);
    await chain.writeTo(kept);
    chain.release();
    reuseMemory();
    kept.end();
    expect((await buffer(kept)).equals(content)).toBe(true);
  });

  test('objects of a Transform that keeps them', async () => {
    const kept = new Transform({ objectMode: true, transform: (chunk, _, callback) => callback(null, chunk) });
    const chain = chainOf('ab', 'cd');
    await chain.writeTo(kept);
    chain.release();
    reuseMemory(1000);
    expect(Buffer.concat([kept.read() as Buffer]).toString()).toBe('abcd');
    kept.destroy();
  });

  test('web streams, also those that keep chunks', async () => {
    const content = new Random(6).bytes(MIB);
    const kept = new TransformStream<Uint8Array, Uint8Array>({}, undefined, { highWaterMark: 100 });
    const chain = IoBuf.from(content);
    await chain.writeTo(kept.writable);
    chain.release();
    reuseMemory();
    expect(kept.writable.locked).toBe(false);
    const read = buffer(kept.readable);
    await kept.writable.close();
    expect((await read).equals(content)).toBe(true);
  });

  test('a class of sockets with a method of its own, or a socket with one, is not trusted with views', async () => {
    class Keeping extends Socket {
      readonly chunks: Buffer[] = [];
      override _write(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
        this.chunks.push(chunk);
        callback();
      }
      override _writev(chunks: { chunk: unknown }[], callback: () => void): void {
        this.chunks.push(...chunks.map(({ chunk }) => chunk as Buffer));
        callback();
      }
    }
    const keeping = new Keeping();
    const chain = chainOf('ab', 'cd');
    await chain.writeTo(keeping);
    chain.release();
    reuseMemory(1000);
    expect(Buffer.concat(keeping.chunks).toString()).toBe('abcd');
    keeping.destroy();
  });

  test('nothing, of an empty chain', async () => {
    using nothing = new IoBuf();
    const stream = new Slow();
    await nothing.writeTo(stream);
    await nothing.writeTo(new WritableStream());
    expect(stream.chunks).toEqual([]);
  });
});

describe('the chain stays the caller’s', () => {
  test('and what is done to it while it is written does not matter', async () => {
    const [near, far] = await socketPair();
    const chain = chainOf('abc', 'def');
    const written = chain.writeTo(near);
    chain.append('later').trimFront(4);
    near.end();
    expect((await buffer(far)).toString()).toBe('abcdef');
    await written;
    expect(chain.toString()).toBe('eflater');
    chain.release();
  });

  test('and the stream is not ended', async () => {
    using chain = chainOf('ab');
    const stream = new PassThrough();
    const listeners = (): number[] => ['close', 'drain', 'end', 'error', 'finish'].map((name) => stream.listenerCount(name));
    const before = listeners();
    await chain.writeTo(stream);
    await chain.writeTo(stream);
    expect(listeners()).toEqual(before);
    expect(stream.writableEnded).toBe(false);
    stream.end('!');
    expect((await buffer(stream)).toString()).toBe('abab!');
  });
});

describe('backpressure', () => {
  testOfZeroCopy('a stream is given no more than it takes, and calls keep their order', async () => {
    const stream = new Slow({ highWaterMark: 4 });
    using first = chainOf('ab', 'cd', 'ef', 'gh');
    using second = chainOf('ij');
    const writing = Promise.all([first.writeTo(stream, { zeroCopy: true }), second.writeTo(stream, { zeroCopy: true })]);
    for (let seen = 0; seen < 5; seen++) {
      await until(() => stream.waiting.length > 0, () => `${stream.text} came`);
      expect(stream.writableLength).toBeLessThanOrEqual(4);
      stream.waiting.shift()!();
    }
    await writing;
    expect(stream.text).toBe('abcdefghij');
  });

  test('a slow stream of the network holds little, and memory goes home as it is written', async () => {
    const [near, far] = await socketPair();
    const chain = IoBuf.from(Buffer.alloc(16 * MIB));
    const fragments = liveHere();
    const written = chain.writeTo(near);
    chain.release();
    await turn();
    expect(near.writableLength).toBeLessThanOrEqual(256 * 1024);
    let read = 0;
    for await (const chunk of far as AsyncIterable<Buffer>) {
      read += chunk.length;
      expect(near.writableLength).toBeLessThanOrEqual(256 * 1024);
      if (read >= 15 * MIB) break;
    }
    expect(liveHere()).toBeLessThan(fragments);
    await expect(written.then(() => 'written', () => 'failed')).resolves.toMatch(/written|failed/);
  });

  test('copies are made as the stream takes them', async () => {
    const stream = new Slow();
    using chain = IoBuf.from(Buffer.alloc(MIB));
    const before = copied()['toBuffer']!;
    const abort = new AbortController();
    const written = chain.writeTo(stream, { zeroCopy: false, signal: abort.signal });
    await turn();
    expect(copied()['toBuffer']! - before).toBe(64 * 1024);
    abort.abort();
    await expect(written).rejects.toMatchObject({ name: 'AbortError' });
  });

  testOfZeroCopy('a socket gets all fragments at hand with one call to the kernel, and no listeners', async () => {
    const [near, far] = await socketPair();
    const { _handle: handle } = near as unknown as { _handle: { writev: () => number } };
    const writev = jest.spyOn(handle, 'writev');
    const listeners = (): number[] => ['close', 'drain', 'end', 'error', 'finish'].map((name) => near.listenerCount(name));
    const before = listeners();
    using chain = chainOf(...Array.from({ length: 64 }, () => 'x'.repeat(1024)));
    const written = chain.writeTo(near);
    expect(writev).toHaveBeenCalledTimes(1);
    expect(listeners()).toEqual(before);
    await written;
    near.end();
    expect((await buffer(far)).equals(Buffer.alloc(64 * 1024, 'x'))).toBe(true);
  });

  testOfZeroCopy('a web stream too', async () => {
    const given: string[] = [];
    const proceed: (() => void)[] = [];
    const write = (chunk: Uint8Array): Promise<void> => {
      given.push(Buffer.from(chunk).toString());
      return new Promise((resolve) => proceed.push(resolve));
    };
    const stream = new WritableStream<Uint8Array>({ write });
    using chain = chainOf('a', 'b', 'c');
    const written = chain.writeTo(stream, { zeroCopy: true });
    for (let at = 0; at < 3; at++) {
      await until(() => proceed.length > at, () => `${given.length} came`);
      expect(given).toHaveLength(at + 1);
      proceed[at]!();
    }
    await written;
    expect(given).toEqual(['a', 'b', 'c']);
  });

  test('a thousand calls for one stream have the listeners of one', async () => {
    const warned = jest.spyOn(process, 'emitWarning');
    const stream = new Slow({ highWaterMark: 1 });
    using chain = IoBuf.from('x');
    const written = Array.from({ length: 1000 }, () => chain.writeTo(stream));
    expect(stream.listenerCount('close')).toBeLessThan(4);
    await until(
      () => {
        stream.waiting.shift()?.();
        return stream.chunks.length === 1000 && stream.waiting.length === 0;
      },
      () => `${stream.chunks.length} came`,
    );
    await Promise.all(written);
    expect(warned).not.toHaveBeenCalled();
  });

  test('waits for those who wrote before', async () => {
    const stream = new Slow({ highWaterMark: 1 });
    stream.write('first');
    using chain = IoBuf.from('then');
    const written = chain.writeTo(stream);
    await turn();
    expect(stream.writableLength).toBe(5);
    stream.waiting.shift()!();
    await until(() => stream.waiting.length > 0, () => stream.text);
    stream.waiting.shift()!();
    await written;
    expect(stream.text).toBe('firstthen');
  });
});
