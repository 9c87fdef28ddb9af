// IoBuf.writeTo when it does not go well: streams that die at any moment, aborting, wrong arguments. Nothing stays behind.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer, get } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { IoBuf } from 'corebuf';
import { failIn } from '../support/fail-in';
import { chainOf } from '../support/chains';
import { corebufError } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { Slow } from '../support/slow-stream';
import { addressOf, destroySocketsAfterEach, socketPair } from '../support/sockets';
import { turn, until } from '../support/turns';
import { testOfZeroCopy } from '../support/views';

const MIB = 2 ** 20;

expectNothingLeaked();
removeScratchAfterEach();
destroySocketsAfterEach();
afterEach(() => failIn(0));

describe('streams that die', () => {
  const trustedOrNot = [true, false];

  test.each(trustedOrNot)('by an error of a write (zeroCopy: %p)', async (zeroCopy) => {
    const stream = new Slow({ highWaterMark: 2 });
    using chain = chainOf('ab', 'cd', 'ef');
    const writing = [chain.writeTo(stream, { zeroCopy }), chain.writeTo(stream, { zeroCopy })];
    await until(() => stream.waiting.length > 0, () => stream.text);
    stream.waiting.shift()!(new Error('disk is full'));
    for (const each of writing) await expect(each).rejects.toThrow('disk is full');
    expect(stream.destroyed).toBe(true);
    await turn();
  });

  test.each(trustedOrNot)('by destroy(), with an error and without (zeroCopy: %p)', async (zeroCopy) => {
    for (const error of [new Error('died'), undefined]) {
      const stream = new Slow();
      using chain = chainOf('ab', 'cd');
      const written = chain.writeTo(stream, { zeroCopy });
      stream.destroy(error);
      await expect(written).rejects.toMatchObject(error ?? { code: expect.stringMatching(/^ERR_STREAM_/) as string });
    }
  });

  test('that were ended or destroyed before', async () => {
    using chain = IoBuf.from('x');
    const ended = new PassThrough();
    ended.end();
    await expect(chain.writeTo(ended)).rejects.toEqual(corebufError('ERR_CLOSED'));
    expect(ended.errored).toBe(null);
    const destroyed = new PassThrough().destroy();
    await expect(chain.writeTo(destroyed)).rejects.toEqual(corebufError('ERR_CLOSED'));
    const failed = new PassThrough().once('error', () => undefined).destroy(new Error('before'));
    await expect(chain.writeTo(failed)).rejects.toThrow('before');
    await turn();
  });

  test('that somebody ends in between', async () => {
    const stream = new Slow({ highWaterMark: 2 });
    using chain = chainOf('ab', 'cd');
    const written = chain.writeTo(stream);
    using other = IoBuf.from('ef');
    const waiting = other.writeTo(stream);
    stream.end();
    const both = Promise.allSettled([written, waiting]);
    await until(() => {
      stream.waiting.shift()?.();
      return stream.writableFinished;
    }, () => stream.text);
    expect((await both).map(({ status }) => status)).toContain('rejected');
    expect(stream.errored).toBe(null);
  });

  test('sockets, reset by the other side in the middle of much', async () => {
    const [near, far] = await socketPair();
    const chain = IoBuf.from(Buffer.alloc(32 * MIB));
    const writing = [chain.writeTo(near), chain.writeTo(near)];
    chain.release();
    await once(far, 'data');
    far.resetAndDestroy();
    const reset = { code: expect.stringMatching(/ECONNRESET|EPIPE/) as string };
    for (const each of writing) await expect(each).rejects.toMatchObject(reset);
  });

  test('sockets, destroyed by us in the middle of much', async () => {
    const [near, far] = await socketPair();
    far.pause();
    const chain = IoBuf.from(Buffer.alloc(32 * MIB));
    const written = chain.writeTo(near);
    chain.release();
    await turn();
    near.destroy();
    await expect(written).rejects.toMatchObject({ code: expect.stringMatching(/ERR_STREAM_PREMATURE_CLOSE|ECANCELED/) as string });
  });

  test('sockets that never connect', async () => {
    const socket = new Socket();
    using chain = IoBuf.from('x');
    socket.connect(1, '127.0.0.1');
    await expect(chain.writeTo(socket)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('files that cannot be opened, and files destroyed while they are written', async () => {
    using chain = IoBuf.from(Buffer.alloc(8 * MIB, 'x'));
    await expect(chain.writeTo(createWriteStream('/nowhere/at/all'))).rejects.toMatchObject({ code: 'ENOENT' });
    const file = createWriteStream(scratchPath());
    await once(file, 'ready');
    const written = chain.writeTo(file);
    file.destroy();
    await expect(written).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_STREAM_/) as string });
  });

  test('http messages whose other side has gone', async () => {
    const outcome = new Promise<unknown>((resolve) => {
      const server = createServer((_, response) => {
        using chain = IoBuf.from(Buffer.alloc(32 * MIB));
        response.writeHead(200);
        const written = chain.writeTo(response);
        response.once('close', () => server.close());
        resolve(written.then(() => 'written', (error: unknown) => error));
      }).listen(0, '127.0.0.1', () => {
        const question = get(addressOf(server), (answer) => answer.once('data', () => question.destroy()));
        question.on('error', () => undefined);
      });
    });
    expect(await outcome).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE|ECANCELED|ERR_STREAM/) as string });
  });

  test('with a write that throws', async () => {
    const stream = new Slow();
    stream.write = () => {
      throw new Error('broken');
    };
    using chain = IoBuf.from('x');
    await expect(chain.writeTo(stream)).rejects.toThrow('broken');
    await expect(chain.writeTo(stream)).rejects.toThrow('broken');
  });

  test('streams of the web', async () => {
    using chain = chainOf('ab', 'cd');
    const failing = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('web')) });
    await expect(chain.writeTo(failing, { zeroCopy: true })).rejects.toThrow('web');
    await expect(chain.writeTo(failing)).rejects.toThrow('web');
    const closed = new WritableStream<Uint8Array>();
    await closed.close();
    await expect(chain.writeTo(closed)).rejects.toEqual(corebufError('ERR_CLOSED'));
    const locked = new WritableStream<Uint8Array>();
    locked.getWriter();
    await expect(chain.writeTo(locked)).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  });
});

describe('aborting', () => {
  testOfZeroCopy('stops at once; what the stream was given it still writes', async () => {
    const stream = new Slow({ highWaterMark: 2 });
    const abort = new AbortController();
    using chain = chainOf('ab', 'cd', 'ef');
    using other = IoBuf.from('gh');
    const written = chain.writeTo(stream, { zeroCopy: true, signal: abort.signal });
    const next = other.writeTo(stream);
    abort.abort(new Error('enough'));
    await expect(written).rejects.toThrow('enough');
    await until(() => {
      stream.waiting.shift()?.();
      return stream.text === 'abgh' && stream.waiting.length === 0;
    }, () => stream.text);
    await next;
    expect(stream.listenerCount('close')).toBe(0);
  });

  test('while others are before it leaves nothing', async () => {
    const stream = new Slow({ highWaterMark: 1 });
    const before = stream.listenerCount('close');
    stream.write('x');
    const abort = new AbortController();
    using chain = IoBuf.from('y');
    const written = chain.writeTo(stream, { signal: abort.signal });
    abort.abort();
    await expect(written).rejects.toMatchObject({ name: 'AbortError' });
    expect(stream.listenerCount('close')).toBe(before);
  });

  test('before the beginning, and while a web stream is busy', async () => {
    using chain = chainOf('ab', 'cd');
    const stream = new Slow();
    await expect(chain.writeTo(stream, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(stream.chunks).toEqual([]);
    let proceed = (): void => undefined;
    const web = new WritableStream<Uint8Array>({ write: () => new Promise((resolve) => (proceed = resolve)) });
    const abort = new AbortController();
    const written = chain.writeTo(web, { zeroCopy: true, signal: abort.signal });
    await turn();
    abort.abort();
    await expect(written).rejects.toMatchObject({ name: 'AbortError' });
    expect(web.locked).toBe(false);
    proceed();
  });

  test('from within a write of the stream', async () => {
    const abort = new AbortController();
    const stream = new Writable({
      write(_, __, callback) {
        abort.abort();
        callback();
      },
    });
    using chain = chainOf('ab', 'cd');
    await expect(chain.writeTo(stream, { zeroCopy: true, signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('refuses', () => {
  test('what is no stream, wrong options, and a chain that was released', async () => {
    const chain = IoBuf.from('x');
    for (const wrong of [undefined, null, 'x', {}, new ReadableStream()]) {
      await expect(chain.writeTo(wrong as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    const stream = new Slow();
    for (const wrong of [null, { signal: {} }, { zeroCopy: 1 }]) {
      await expect(chain.writeTo(stream, wrong as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    chain.release();
    await expect(chain.writeTo(stream)).rejects.toEqual(corebufError('ERR_RELEASED'));
  });

  test('when there is no memory for references', async () => {
    using chain = chainOf('ab', 'cd', 'ef');
    failIn(2);
    await expect(chain.writeTo(new Slow())).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
  });
});
