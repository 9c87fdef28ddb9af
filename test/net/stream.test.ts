// connection.stream(): what Node's own streams do, and the modules of Node that are given one instead of a socket.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions, Server } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { connect as connectSocket } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { Connection, Listener, stats } from 'corebuf';
import type { ConnectionOptions } from 'corebuf';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';
import { until } from '../support/turns';

const HOST = '127.0.0.1';
const opened: { destroy(): void }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});
expectNothingLeaked();

/** Calls `serve` with the stream of each connection. */
async function listening(serve: (stream: Duplex) => void, options: ConnectionOptions = {}): Promise<number> {
  const listener = await Listener.open({ host: HOST, ...options });
  opened.push({ destroy: () => void listener.close() });
  listener.on('connection', (connection) => {
    opened.push(connection);
    serve(connection.stream());
  });
  return (listener.address as AddressInfo).port;
}

async function connected(port: number, options: ConnectionOptions = {}): Promise<Duplex> {
  const connection = await Connection.connect({ host: HOST, port, ...options });
  opened.push(connection);
  return connection.stream();
}

/** Both ends. */
async function pair(options: ConnectionOptions = {}): Promise<[Duplex, Duplex]> {
  let far: ((stream: Duplex) => void) | undefined;
  const accepted = new Promise<Duplex>((resolve) => (far = resolve));
  const near = await connected(await listening((stream) => far!(stream), options), options);
  return [near, await accepted];
}

/** A digest of all that comes. Iterating would destroy the stream at the end of what it reads. */
async function digestOf(stream: Duplex): Promise<string> {
  const hash = createHash('sha256');
  stream.on('data', (chunk: Buffer) => hash.update(chunk));
  await once(stream, 'end');
  return hash.digest('hex');
}

/** All that comes, as text. */
async function textFrom(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks).toString();
}

/** Pieces of every size, and the digest of all of them. */
function pieces(): { chunks: Buffer[]; digest: string } {
  const random = new Random();
  const chunks = Array.from({ length: 60 }, () => random.bytes(1 + random.size(200_000)));
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return { chunks, digest: digest.digest('hex') };
}

describe('a stream', () => {
  test('carries pipelines both ways at once', async () => {
    const [near, far] = await pair({ allowHalfOpen: true });
    const [there, back] = [pieces(), pieces()];
    const digests = Promise.all([digestOf(far), digestOf(near)]);
    await Promise.all([pipeline(Readable.from(there.chunks), near, { end: true }), pipeline(Readable.from(back.chunks), far)]);
    expect(await digests).toEqual([there.digest, back.digest]);
  });

  test('is the same each time, and reads what was left by other ways of reading', async () => {
    const port = await listening((stream) => stream.end('head and body'));
    const connection = await Connection.connect({ host: HOST, port });
    opened.push(connection);
    (await connection.readExactly(5)).release();
    const stream = connection.stream();
    expect(connection.stream()).toBe(stream);
    await expect(connection.moveTo(0)).rejects.toThrow(/stream\(\) is in use/);
    expect(await textFrom(stream)).toBe('and body');
  });

  test('ends by itself when the peer has ended, unless it may be half open', async () => {
    const [near, far] = await pair();
    far.resume();
    near.resume().end('last');
    await Promise.all([once(near, 'close'), once(far, 'close')]);
    expect([near.readableEnded, near.writableFinished, far.readableEnded, far.writableFinished]).toEqual([true, true, true, true]);
    const [halfNear, halfFar] = await pair({ allowHalfOpen: true });
    halfNear.end('question');
    expect(await textFrom(halfFar)).toBe('question');
    expect(halfFar.writable).toBe(true);
    halfFar.end('answer');
    expect(await textFrom(halfNear)).toBe('answer');
  });

  test('writes all that it has taken before it ends because the peer has', async () => {
    const [near, far] = await pair();
    for (let piece = 0; piece < 40; piece++) far.write(Buffer.alloc(200_000, piece));
    far.resume();
    near.end();
    let received = 0;
    near.on('data', (chunk: Buffer) => (received += chunk.length));
    await once(near, 'end');
    expect(received).toBe(40 * 200_000);
  });

  test('holds the writer back while nobody reads, and goes on', async () => {
    const [near, far] = await pair();
    const piece = Buffer.alloc(20_000, 'x');
    let written = 0;
    const drained = new Promise<void>((resolve) => {
      const write = (): void => {
        for (;;) {
          written += piece.length;
          if (!near.write(piece)) break;
        }
        if (written < 30_000_000) near.once('drain', write);
        else resolve();
      };
      write();
    });
    const before = written;
    await until(() => stats().net.partialSends > 0, () => 'the kernel takes no more');
    expect(before).toBeLessThan(30_000_000);
    let received = 0;
    far.on('data', (chunk: Buffer) => (received += chunk.length));
    await drained;
    near.end();
    await once(far, 'end');
    expect(received).toBe(written);
  });

  test('tells of errors as a socket does: of its own, and of a peer that resets', async () => {
    const [near, far] = await pair();
    const reason = new Error('no longer wanted');
    const ended = once(far, 'close');
    far.on('error', () => undefined).resume();
    const told = once(near, 'error') as Promise<[Error]>;
    near.destroy(reason);
    expect((await told)[0]).toBe(reason);
    await ended;
    let accepted: Duplex | undefined;
    const port = await listening((stream) => (accepted = stream.on('error', () => undefined)));
    const socket = connectSocket(port, HOST);
    await once(socket, 'connect');
    await until(() => accepted !== undefined, () => 'it is accepted');
    const failed = once(accepted!.resume(), 'error') as Promise<[Error]>;
    socket.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    await until(() => accepted!.closed, () => 'it is closed');
    expect(accepted!.write('late')).toBe(false);
  });

  test('that was destroyed with its connection while it wrote has no error of its own', async () => {
    const [near, far] = await pair();
    const written: (Error | null | undefined)[] = [];
    near.write(Buffer.alloc(20_000_000), (error) => written.push(error));
    near.write('behind it', (error) => written.push(error));
    await until(() => stats().net.partialSends > 0, () => 'the kernel takes no more');
    opened.at(-1)!.destroy();
    opened.at(-2)!.destroy();
    await Promise.all([once(near, 'close'), once(far, 'close')]);
    await until(() => written.length === 2, () => 'both callbacks are called');
    expect(written[0]).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('has the methods of a socket that servers use', async () => {
    const [near, far] = (await pair()) as unknown as [Socket, Socket];
    expect([near.remotePort, near.localAddress, far.remoteAddress]).toEqual([far.localPort, HOST, HOST]);
    expect(near.setNoDelay().setKeepAlive(true, 1_000).unref().ref()).toBe(near);
    const idle = once(near, 'timeout');
    near.setTimeout(20);
    await idle;
    near.setTimeout(0);
    near.write('x');
    await once(far, 'data');
    expect([near.bytesWritten, far.bytesRead]).toEqual([1, 1]);
    far.resume();
    near.resume().destroySoon();
    await once(far, 'close');
  });
});

// A key that both know, so that no certificate has to be made.
const psk = Buffer.from('known to both');
const secret = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
const serverSecret = { ...secret, pskCallback: () => psk };
const clientSecret = { ...secret, pskCallback: () => ({ psk, identity: 'us' }), checkServerIdentity: () => undefined };

describe('node:tls over a stream', () => {
  test('as a server, and as a client', async () => {
    // TLS itself ends what it writes to.
    const open = { allowHalfOpen: true };
    const port = await listening((stream) => {
      const secured = new TLSSocket(stream, { ...serverSecret, secureContext: createSecureContext(secret), isServer: true });
      secured.pipe(secured);
    }, open);
    const secured = connectTls({ ...clientSecret, socket: (await connected(port, open)) });
    await once(secured, 'secureConnect');
    const { chunks, digest } = pieces();
    const answer = digestOf(secured);
    await pipeline(Readable.from(chunks), secured, { end: false });
    secured.end();
    expect(await answer).toBe(digest);
  });
});

async function textOf(message: Readable): Promise<string> {
  return Buffer.concat((await message.toArray()) as Buffer[]).toString();
}

/** Sends a body, and returns the body of the answer. */
async function ask(request: typeof httpRequest, options: RequestOptions, body: string): Promise<string> {
  const asked = request({ method: 'POST', path: '/', ...options });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return textOf(answer);
}

function serveEcho(server: Server): Server {
  server.on('request', (request: IncomingMessage, response: NodeJS.WritableStream) => void textOf(request).then((text) => response.end(`you said ${text}`)));
  opened.push({ destroy: () => server.closeAllConnections() });
  return server;
}

const bodies = ['', 'short', 'long '.repeat(100_000)];

describe('http over streams', () => {
  test('serves clients that know nothing of it, and keeps their connections', async () => {
    const server = serveEcho(createHttpServer());
    let connections = 0;
    const port = await listening((stream) => {
      connections++;
      server.emit('connection', stream);
    });
    const agent = new Agent({ keepAlive: true });
    for (const body of bodies) expect(await ask(httpRequest, { port, host: HOST, agent }, body)).toBe(`you said ${body}`);
    agent.destroy();
    expect(connections).toBe(1);
  });

  test('is asked through a stream, by an agent that keeps it', async () => {
    const server = serveEcho(createHttpServer());
    const port = await listening((stream) => server.emit('connection', stream));
    let connections = 0;
    class StreamAgent extends Agent {
      override createConnection(_: unknown, callback: (error: Error | null, stream?: Duplex) => void): undefined {
        connections++;
        connected(port).then((stream) => callback(null, stream), callback);
      }
    }
    const agent = new StreamAgent({ keepAlive: true });
    for (const body of bodies) expect(await ask(httpRequest, { agent }, body)).toBe(`you said ${body}`);
    agent.destroy();
    expect(connections).toBe(1);
  });

  test('tells a client that its request is none, and closes', async () => {
    const server = serveEcho(createHttpServer());
    const port = await listening((stream) => server.emit('connection', stream));
    const client = connectSocket(port, HOST);
    client.write('this is no request\r\n\r\n');
    expect(await textOf(client)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  test('with TLS, on both sides', async () => {
    const server = serveEcho(createHttpsServer(serverSecret));
    const open = { allowHalfOpen: true };
    const port = await listening((stream) => server.emit('connection', stream), open);
    for (const body of bodies) {
      const socket = (await connected(port, open)) as Socket;
      const createConnection = (): Socket => connectTls({ ...clientSecret, socket });
      expect(await ask(httpsRequest, { createConnection }, body)).toBe(`you said ${body}`);
    }
  });
});
