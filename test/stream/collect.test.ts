// IoBuf.collect: from streams and iterables to chains.
import { createReadStream, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { Connection, DmaFile, IoBuf, Listener, thisShard } from 'corebuf';
import { failIn } from '../support/fail-in';
import { copied } from '../support/chains';
import { corebufError } from '../support/errors';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn } from '../support/turns';
import { testOfZeroCopy } from '../support/views';

afterEach(() => failIn(0));
expectNothingLeaked();
removeScratchAfterEach();

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Yields the pieces, then does `last`; says how it was ended. */
function source(pieces: readonly unknown[], last: () => unknown = () => undefined) {
  const told = { ended: false };
  async function* generate(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces as Uint8Array[];
      await last();
    } finally {
      told.ended = true;
    }
  }
  return { pieces: generate(), told };
}

async function textOf(collecting: Promise<IoBuf>): Promise<string> {
  using chain = await collecting;
  return chain.toString();
}

describe('what can be collected', () => {
  test('arrays, generators, Readables and ReadableStreams', async () => {
    const pieces = [bytes('ab'), bytes(''), bytes('cd')];
    expect(await textOf(IoBuf.collect(pieces))).toBe('abcd');
    expect(await textOf(IoBuf.collect(new Set(pieces)))).toBe('abcd');
    expect(await textOf(IoBuf.collect(source(pieces).pieces))).toBe('abcd');
    expect(await textOf(IoBuf.collect(Readable.from(pieces)))).toBe('abcd');
    expect(await textOf(IoBuf.collect(new Blob(['ab', 'cd']).stream()))).toBe('abcd');
    expect(await textOf(IoBuf.collect([]))).toBe('');
  });

  test('pieces of any view or buffer', async () => {
    const pieces = [new Uint16Array([0x6261]), new DataView(new ArrayBuffer(1)), new Uint8Array([99]).buffer] as never[];
    expect(await textOf(IoBuf.collect(pieces))).toBe('ab\0c');
  });

  test('a file, whole', async () => {
    const path = scratchPath();
    const content = new Random(1).bytes(3_000_001);
    writeFileSync(path, content);
    using chain = await IoBuf.collect(createReadStream(path));
    expect(chain.toBuffer().equals(content)).toBe(true);
  });

  test('pieces that are used again as soon as the next one is asked for', async () => {
    function* reused(): Generator<Uint8Array> {
      const piece = Buffer.alloc(1000);
      for (let at = 0; at < 100; at++) yield piece.fill(at);
    }
    using chain = await IoBuf.collect(reused());
    expect(chain.toBuffer().every((byte, at) => byte === Math.floor(at / 1000))).toBe(true);
  });

  testOfZeroCopy('every byte is copied once', async () => {
    const before = copied()['append']!;
    using chain = await IoBuf.collect([Buffer.alloc(70_000), Buffer.alloc(30_000)]);
    expect(copied()['append']! - before).toBe(chain.length);
  });

  testOfZeroCopy('chains are moved: of a file, of a connection, and between arrays', async () => {
    const path = scratchPath();
    const content = new Random(2).bytes(300_001);
    writeFileSync(path, content);
    await using file = await DmaFile.open(path);
    const before = copied()['append'] ?? 0;
    using whole = await IoBuf.collect(file.chunks({ chunk: 65_536 }));
    expect(copied()['append'] ?? 0).toBe(before);
    expect(whole.toBuffer().equals(content)).toBe(true);

    const listener = await Listener.open({ host: '127.0.0.1' });
    listener.on('connection', (connection: Connection) => void connection.write(IoBuf.from(content)).then(() => connection.end()));
    const received = await Connection.connect({ host: '127.0.0.1', port: (listener.address as AddressInfo).port });
    using input = await IoBuf.collect(received);
    expect(input.toBuffer().equals(content)).toBe(true);
    await received.close();
    await listener.close();

    const chain = IoBuf.from('cd');
    expect(await textOf(IoBuf.collect([bytes('ab'), chain, bytes('ef')]))).toBe('abcdef');
    expect(chain.released).toBe(true);
  });

  test('a source that is locked or wrong is refused', async () => {
    for (const wrong of [undefined, null, 'text', 7, {}]) {
      await expect(IoBuf.collect(wrong as never)).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    const locked = new Blob(['x']).stream();
    locked.getReader();
    await expect(IoBuf.collect(locked)).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    await expect(IoBuf.collect([], { limit: -1 })).rejects.toMatchObject({ name: 'RangeError' });
    await expect(IoBuf.collect([], { signal: {} as never })).rejects.toMatchObject({ name: 'TypeError' });
    await expect(IoBuf.collect([], null as never)).rejects.toMatchObject({ name: 'TypeError' });
  });
});

describe('failing leaves nothing behind, and ends the source', () => {
  test.each([['text'], [7], [null], [[bytes('x')]]])('a piece that is %p', async (wrong) => {
    const { pieces, told } = source([bytes('first'), wrong, bytes('never')]);
    const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('must be bytes') as string };
    await expect(IoBuf.collect(pieces)).rejects.toMatchObject(refused);
    expect(told.ended).toBe(true);
  });

  test('a chain that is more than the limit, or that comes after the signal was aborted', async () => {
    const { pieces, told } = source([IoBuf.from('abc'), IoBuf.from('d')]);
    await expect(IoBuf.collect(pieces, { limit: 3 })).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    expect(told.ended).toBe(true);

    const late = IoBuf.from('late');
    const controller = new AbortController();
    let give: (step: IteratorResult<IoBuf>) => void;
    const step = new Promise<IteratorResult<IoBuf>>((resolve) => (give = resolve));
    const collecting = IoBuf.collect({ [Symbol.asyncIterator]: () => ({ next: () => step }) }, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(collecting).rejects.toThrow('enough');
    give!({ done: false, value: late });
    await turn();
    expect(late.released).toBe(true);
  });

  test('a source with more than the limit', async () => {
    const { pieces, told } = source([bytes('abc'), bytes('d')]);
    await expect(IoBuf.collect(pieces, { limit: 3 })).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    expect(told.ended).toBe(true);
    expect(await textOf(IoBuf.collect([bytes('abc'), bytes('')], { limit: 3 }))).toBe('abc');
  });

  test('a Readable and a ReadableStream above the limit are destroyed and cancelled', async () => {
    const readable = Readable.from([bytes('abc')]);
    await expect(IoBuf.collect(readable, { limit: 2 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(readable.destroyed).toBe(true);
    const cancel = jest.fn();
    const web = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(bytes('abc')), cancel });
    await expect(IoBuf.collect(web, { limit: 20 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(web.locked).toBe(false);
  });

  test('a source that fails, and one that fails again when it is ended', async () => {
    const fail = (message: string) => () => {
      throw new Error(message);
    };
    await expect(IoBuf.collect(source([bytes('x')], fail('source')).pieces)).rejects.toThrow('source');
    const web = new ReadableStream<Uint8Array>({ pull: fail('web') });
    await expect(IoBuf.collect(web)).rejects.toThrow('web');
    expect(web.locked).toBe(false);
    const iterator = { next: () => ({ done: false, value: 7 }), return: fail('end') };
    await expect(IoBuf.collect({ [Symbol.iterator]: () => iterator } as never)).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('more than memory holds', async () => {
    const { pieces, told } = source(Array.from({ length: 8 }, () => Buffer.alloc(2 ** 20)));
    failIn(20);
    await expect(IoBuf.collect(pieces)).rejects.toEqual(corebufError('ERR_OUT_OF_MEMORY'));
    expect(told.ended).toBe(true);
  });
});

describe('aborting', () => {
  test('does not wait for a source that is stuck', async () => {
    const abort = new AbortController();
    const { pieces } = source([bytes('x')], () => new Promise(() => undefined));
    const collecting = IoBuf.collect(pieces, { signal: abort.signal });
    await turn();
    abort.abort(new Error('enough'));
    await expect(collecting).rejects.toThrow('enough');
  });

  test('destroys a Readable and cancels a ReadableStream that are stuck', async () => {
    const abort = new AbortController();
    const readable = new PassThrough();
    readable.write('x');
    const cancel = jest.fn();
    const web = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes('abc')), cancel });
    const collecting = [IoBuf.collect(readable, { signal: abort.signal }), IoBuf.collect(web, { signal: abort.signal })];
    await turn();
    abort.abort();
    for (const each of collecting) await expect(each).rejects.toMatchObject({ name: 'AbortError' });
    expect(readable.destroyed).toBe(true);
    expect(cancel).toHaveBeenCalledTimes(1);
    await turn();
  });

  test('before the beginning ends the source unread', async () => {
    const readable = Readable.from([bytes('x')]);
    await expect(IoBuf.collect(readable, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(readable.destroyed).toBe(true);
  });

  test('while memory is short, by who was asked for some', async () => {
    const abort = new AbortController();
    const stop = thisShard.memory.onPressure(() => {
      failIn(0);
      abort.abort(new Error('no more'));
    });
    failIn(20);
    const pieces = Array.from({ length: 8 }, () => Buffer.alloc(2 ** 20));
    await expect(IoBuf.collect(pieces, { signal: abort.signal })).rejects.toThrow('no more');
    stop();
  });

  test('afterwards changes nothing, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const remove = jest.spyOn(signal, 'removeEventListener');
    using chain = await IoBuf.collect([bytes('x')], { signal });
    expect(chain.toString()).toBe('x');
    expect(remove).toHaveBeenCalledTimes(1);
  });
});
