// A stream whose connection is used as well: by the program, and by Node's servers.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Connection, IoBuf, Listener } from 'corebuf';
import { connectionPair, destroyConnectionsAfterEach } from '../support/connections';
import { corebufError, expectTypeError, thrownBy } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

destroyConnectionsAfterEach();
expectNothingLeaked();

/** The error that the callback of a write gets. */
function written(stream: Duplex, data: string | Buffer): Promise<Error | null | undefined> {
  return new Promise((resolve) => stream.write(data, resolve));
}

describe('a stream closes with its connection', () => {
  test('that closes behind its peer, while a pipeline writes to it', async () => {
    const [near, far] = await connectionPair({ allowHalfOpen: true });
    const stream = near.stream().resume();
    await far.end('question');
    await once(stream, 'end');
    const source = new PassThrough();
    const piped = pipeline(source, stream);
    source.write('half an answer');
    (await far.readExactly(14)).release();
    const closed = once(stream, 'close');
    await Promise.all([near.close(), expect(piped).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })]);
    await closed;
    expect(stream.destroyed).toBe(true);
  });

  test('and a write to it fails when the connection has closed', async () => {
    const [near, far] = await connectionPair();
    const stream = near.stream();
    const failed = once(stream, 'error') as Promise<[Error]>;
    await near.end();
    await far.close();
    await until(() => near.destroyed, () => 'the connection is closed');
    expect(await written(stream, 'late')).toEqual(corebufError('ERR_CLOSED'));
    expect((await failed)[0]).toEqual(corebufError('ERR_CLOSED'));
    expect(stream.destroyed).toBe(true);
  });

  test('but gives all that came before', async () => {
    const [near, far] = await connectionPair();
    const stream = near.stream();
    await far.end('x'.repeat(200_000));
    await until(() => near.bytesRead === 200_000, () => 'all has come');
    await near.close();
    const chunks = (await stream.toArray()) as Buffer[];
    expect(Buffer.concat(chunks).length).toBe(200_000);
  });

  test('also one that has closed before the stream was made', async () => {
    const [near, far] = await connectionPair();
    const [broken] = await connectionPair();
    await far.close();
    expect(await near.read()).toBeUndefined();
    await near.close();
    const reason = new Error('no longer wanted');
    broken.destroy(reason);
    await broken.close();
    await once(near.stream().resume(), 'close');
    expect(((await once(broken.stream(), 'error')) as [Error])[0]).toBe(reason);
  });

  test('also when the program has removed all listeners of the connection', async () => {
    const [near] = await connectionPair();
    const stream = near.stream();
    const [closed, gone] = [once(stream, 'close'), near.close()];
    near.removeAllListeners();
    near.destroy();
    await Promise.all([closed, gone]);
  });
});

test('only the stream reads and writes', async () => {
  const [near, far] = await connectionPair();
  const before = near.reserve();
  const stream = near.stream();
  const text = once(stream, 'data') as Promise<[Buffer]>;
  const chain = IoBuf.from('stays the program’s');
  for (const use of [() => near.post(chain), () => near.reserve(), () => near.onInput(() => undefined)]) expectTypeError(use);
  expectTypeError(() => near.takeFrames({ lengthBytes: 4, maxLength: 10 }));
  expectTypeError(() => near[Symbol.asyncIterator]());
  const asked = [near.write(chain), near.end(chain), near.read(), near.more(), near.readExactly(1), near.moveTo(0)];
  for (const each of await Promise.allSettled(asked)) expect(each).toMatchObject({ reason: { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' } });
  chain.release();
  stream.write('two');
  before.fill('one,');
  await far.write('for the stream');
  expect(String((await text)[0])).toBe('for the stream');
  using got = await far.readExactly(7);
  expect(got.toString()).toBe('one,two');
});

test('what cannot be wrapped is copied when it is written', async () => {
  const [near, far] = await connectionPair();
  const stream = near.stream();
  type Growable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  for (const Memory of [ArrayBuffer, SharedArrayBuffer] as unknown as Growable[]) {
    expect(await written(stream, Buffer.from(new Memory(40_000, { maxByteLength: 80_000 })))).toBeFalsy();
  }
  (await far.readExactly(80_000)).release();
});

test('the timeout of a stream is checked, may be of any length, and ends with the stream', async () => {
  const [near] = await connectionPair();
  const stream = near.stream() as Socket;
  let idle = 0;
  stream.on('timeout', () => idle++);
  for (const length of [2 ** 31, 2 ** 32, Number.MAX_VALUE]) expect(stream.setTimeout(length)).toBe(stream);
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const length of [NaN, -1, Infinity]) expect(thrownBy(() => stream.setTimeout(length))).toMatchObject({ name: 'RangeError' });
  expectTypeError(() => stream.setTimeout('x' as never));
  expectTypeError(() => stream.setTimeout(1, 'x' as never));
  stream.destroy();
  stream.setTimeout(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(idle).toBe(0);
});

test('a server of node:http that does not listen checks its timeouts once it was told that it does', async () => {
  const server = createServer({ headersTimeout: 20, requestTimeout: 30, connectionsCheckingInterval: 5 }, (_, response) => response.end());
  server.emit('listening');
  await using listener = await Listener.open({ host: '127.0.0.1' });
  listener.on('connection', (connection) => void server.emit('connection', connection.stream()));
  const { port } = listener.address as { port: number };
  const open = (): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port });
  await using slow = await open();
  await slow.write('GET / HTTP/1.1\r\nHos');
  for await (const chain of slow) chain.release();
  await using idle = await open();
  await until(() => listener.connections === 1, () => 'the next client is accepted');
  await turn();
  server.closeAllConnections();
  expect(await idle.read()).toBeUndefined();
  server.close();
});
