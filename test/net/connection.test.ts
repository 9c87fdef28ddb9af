import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Connection, IoBuf, Listener } from 'corebuf';
import { corebufError, expectCode, thrownBy } from '../support/errors';
import { Random } from '../support/random';
import { scratchPath, removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const HOST = '127.0.0.1';

interface Pair {
  readonly near: Connection;
  readonly far: Connection;
}

/** Both ends of a connection, over TCP or a Unix socket. */
async function pairOver(kind: 'tcp' | 'unix', options: object = {}): Promise<Pair> {
  const place = kind === 'tcp' ? { host: HOST, port: 0 } : { path: scratchPath() };
  await using listener = await Listener.open({ ...place, ...options });
  const { address } = listener;
  const to = typeof address === 'string' ? { path: address } : { host: HOST, port: address.port };
  const accepted = listener[Symbol.asyncIterator]().next();
  const near = await Connection.connect({ ...to, ...options });
  const { value } = await accepted;
  return { near, far: value as Connection };
}

async function closeBoth({ near, far }: Pair): Promise<void> {
  await Promise.all([near.close(), far.close()]);
}

/** Resolves once the input has so many bytes. */
async function inputOf(connection: Connection, length: number): Promise<void> {
  while (connection.input.length < length) await connection.more(length - connection.input.length);
}

/** All that comes until the end, as text. */
async function textOf(connection: Connection): Promise<string> {
  using all = new IoBuf();
  for await (const chain of connection) all.take(chain);
  return all.toString();
}

describe.each(['tcp', 'unix'] as const)('a connection over %s', (kind) => {
  test('carries bytes of every kind both ways', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    await near.write('text, ');
    await near.write(Buffer.from('bytes, '));
    await near.write(IoBuf.from('a chain'));
    using got = await far.readExactly(20);
    expect(got.toString()).toBe('text, bytes, a chain');
    far.post('answer');
    using answer = await near.readExactly(6);
    expect(answer.toString()).toBe('answer');
    expect([near.bytesWritten, near.bytesRead, far.bytesRead]).toEqual([20, 6, 20]);
    await closeBoth(pair);
  });

  test('keeps the order of copied and moved data within a turn', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    for (let number = 0; number < 20; number++) {
      near.post(`${number},`);
      near.post(IoBuf.from(`chain ${number},`));
    }
    await near.end();
    const expected = Array.from({ length: 20 }, (_, number) => `${number},chain ${number},`).join('');
    expect(await textOf(far)).toBe(expected);
    await closeBoth(pair);
  });

  test('gives its input to the handler, which may leave some', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => {
      far.onInput((input) => {
        while (input.length >= 4) {
          using word = input.takeFront(4);
          seen.push(word.toString());
        }
        if (seen.length === 3) resolve();
      });
    });
    await near.write('one two ');
    await near.write('th');
    await near.write('re');
    await done;
    expect(seen).toEqual(['one ', 'two ', 'thre']);
    await closeBoth(pair);
  });

  test('echoes its own input without a copy', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    far.onInput((input) => void far.post(input));
    for (const text of ['first', 'second', 'x'.repeat(100_000)]) {
      await near.write(text);
      using echo = await near.readExactly(text.length);
      expect(echo.toString()).toBe(text);
    }
    await closeBoth(pair);
  });

  test('ends one direction, then the other', async () => {
    const pair = await pairOver(kind, { allowHalfOpen: true });
    const { near, far } = pair;
    await near.end('question');
    expect(await textOf(far)).toBe('question');
    await far.end('answer');
    expect(await textOf(near)).toBe('answer');
    await closeBoth(pair);
    expect(near.destroyed).toBe(true);
  });

  test('ends by itself when the peer has ended and everything was read', async () => {
    const { near, far } = await pairOver(kind);
    const closed = once(far, 'close');
    await near.end('all');
    expect(await textOf(far)).toBe('all');
    expect(await textOf(near)).toBe('');
    await closed;
    expect(far.destroyed).toBe(true);
  });

  test('fills reserved places in any order, and sends them in theirs', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    const [first, second, third] = [near.reserve(), near.reserve(), near.reserve()];
    near.post('4');
    third.fill('3');
    first.fill(IoBuf.from('1'));
    second.cancel();
    second.cancel();
    expectCode(() => first.fill('again'), 'ERR_CLOSED');
    await near.end();
    expect(await textOf(far)).toBe('134');
    await closeBoth(pair);
  });

  test('says when what fills a place is too much, and when there is less', async () => {
    const { near, far } = await pairOver(kind, { writeHighWater: 1000 });
    const [small, large, late] = [near.reserve(), near.reserve(), near.reserve()];
    expect(large.fill('x'.repeat(2000))).toBe(false);
    expect(small.fill('x')).toBe(false);
    const drained = once(near, 'drain');
    expect(late.fill('x')).toBe(false);
    await drained;
    expect(near.reserve().fill('x')).toBe(true);
    near.destroy();
    expect(near.reserve().fill('x')).toBe(false);
    far.destroy();
  });

  test('takes frames, also one that is longer than highWater', async () => {
    const pair = await pairOver(kind, { highWater: 4096 });
    const { near, far } = pair;
    const bodies = ['', 'a', 'b'.repeat(100), 'c'.repeat(300_000), 'd'];
    const frames: string[] = [];
    const done = new Promise<void>((resolve) => {
      far.onInput(() => {
        for (using frame of far.takeFrames({ lengthBytes: 4, maxLength: 2 ** 20 })) frames.push(frame.toString());
        if (frames.length === bodies.length) resolve();
      });
    });
    for (const body of bodies) near.post(new IoBuf().appendUInt32BE(body.length).append(body));
    await done;
    expect(frames).toEqual(bodies);
    near.post(new IoBuf().appendUInt32BE(2 ** 20 + 1));
    await far.more(4);
    expectCode(() => far.takeFrames({ lengthBytes: 4, maxLength: 2 ** 20 }), 'ERR_OUT_OF_BOUNDS');
    far.destroy();
    await closeBoth(pair);
  });

  test('stops the sender when nobody reads, and goes on', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    const piece = 'x'.repeat(65_536);
    let pieces = 0;
    while (near.post(piece)) pieces++;
    pieces++;
    for (let more = 0; more < 200; more++, pieces++) near.post(piece);
    const drained = once(near, 'drain');
    const whole = far.readExactly(pieces * piece.length);
    await drained;
    using got = await whole;
    expect(got.length).toBe(pieces * piece.length);
    await closeBoth(pair);
  });

  test('tells those who wait when it is destroyed, and refuses more', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    const reason = new Error('no longer wanted');
    const waiting = near.read();
    near.destroy(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(near.write('late')).rejects.toBe(reason);
    expect(near.post(IoBuf.from('late'))).toBe(false);
    expect(await far.read()).toBeUndefined();
    await closeBoth(pair);
  });

  test('gets a new input when the program releases it or moves it away', async () => {
    const pair = await pairOver(kind);
    const { near, far } = pair;
    await near.write('one');
    await inputOf(far, 3);
    far.input.release();
    await near.write('two');
    await inputOf(far, 3);
    using moved = new IoBuf().take(far.input);
    expect(moved.toString()).toBe('two');
    expect(far.input.length).toBe(0);
    await near.write('three');
    await inputOf(far, 5);
    expect(far.input.toString()).toBe('three');
    await closeBoth(pair);
    far.input.release();
  });
});

describe('a connection and node:net', () => {
  test('brings every byte in order in both roles', async () => {
    const random = new Random();
    await using listener = await Listener.open({ host: HOST });
    listener.on('connection', (connection) => connection.onInput((input) => void connection.post(input)));
    const { port } = listener.address as AddressInfo;
    const socket = connect(port, HOST);
    const sent: Buffer[] = [];
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.alloc(random.upTo(30_000), round);
      sent.push(bytes);
      if (!socket.write(bytes)) await once(socket, 'drain');
    }
    socket.end();
    await once(socket, 'close');
    expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  });

  test('gives the errors of node:net', async () => {
    const port = await freePort();
    const ours = await Connection.connect({ port, host: HOST }).catch((error: unknown) => error);
    const theirs = (await once(connect(port, HOST), 'connect').catch((error: unknown) => error)) as NodeJS.ErrnoException;
    const { message, code, errno, syscall } = theirs;
    expect(ours).toMatchObject({ message, code, errno, syscall, address: HOST, port });
    await using listener = await Listener.open({ host: HOST });
    const taken = (listener.address as AddressInfo).port;
    const server = createServer().listen(taken, HOST);
    const inUse = (await once(server, 'listening').catch((error: unknown) => error)) as Error;
    const ourError = await Listener.open({ host: HOST, port: taken }).catch((error: unknown) => error);
    expect(ourError).toMatchObject({ ...inUse, message: inUse.message });
  });

  test('reports a reset as ECONNRESET', async () => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const connection = await Connection.connect({ port: portOf(server), host: HOST });
    const [socket] = await accepted;
    const waiting = connection.read();
    socket.resetAndDestroy();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    await expect(connection.write('late')).rejects.toMatchObject({ code: 'ECONNRESET' });
    server.close();
  });
});

describe('opening', () => {
  test('stops when its signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(Connection.connect({ port: 1, host: HOST, signal })).rejects.toThrow('stop');
    await expect(Listener.open({ signal })).rejects.toThrow('stop');
  });

  test('listens to IPv6 and IPv4 when no host is named', async () => {
    await using listener = await Listener.open();
    const { port } = listener.address as AddressInfo;
    listener.on('connection', (connection) => void connection.end('hello'));
    for (const host of [HOST, '::1', 'localhost']) {
      const connection = await Connection.connect({ port, host });
      expect(await textOf(connection)).toBe('hello');
      await connection.close();
    }
  });

  test('refuses options that are wrong', async () => {
    await expect(Connection.connect({})).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(Listener.open({ port: 70_000 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(Listener.open({ path: 'x', port: 1 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(Listener.open({ prot: 1 } as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(thrownBy(() => new (Connection as unknown as new () => unknown)())).toMatchObject({ code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  });

  test('refuses writing after the end', async () => {
    const pair = await pairOver('tcp', { allowHalfOpen: true });
    const { near } = pair;
    await near.end();
    expectCode(() => near.post('late'), 'ERR_CLOSED');
    await expect(near.write('late')).rejects.toEqual(corebufError('ERR_CLOSED'));
    await closeBoth(pair);
  });
});

async function freePort(): Promise<number> {
  const listener = await Listener.open({ host: HOST });
  const { port } = listener.address as AddressInfo;
  await listener.close();
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
