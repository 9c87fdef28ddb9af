// IoBuf.writeTo into http answers behind the middleware `compression`, as it is: both lines of versions replace write() and on() of the answer.
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { IoBuf } from 'corebuf';
import { Random } from '../support/random';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';
import { turn } from '../support/turns';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
type Compression = (options?: { level?: number; threshold?: number }) => Middleware;

const MIB = 2 ** 20;

expectNothingLeaked();
removeScratchAfterEach();

/** The answer of a server of one request, which `write` gives its body. Over a Unix socket, whose buffers are small everywhere. */
async function answerOf(middleware: Middleware, write: (response: ServerResponse) => Promise<void>): Promise<IncomingMessage> {
  const listener: RequestListener = (request, response) => {
    response.setHeader('content-type', 'text/plain');
    middleware(request, response, () => void write(response));
  };
  const socketPath = scratchPath();
  const server = createServer(listener).listen(socketPath);
  await once(server, 'listening');
  const request = get({ socketPath, headers: { 'accept-encoding': 'gzip' }, agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  server.close();
  return answer;
}

describe.each(['compression', 'compression-1.7'])('%s', (name) => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- it has no types
  const compression = require(name) as Compression;

  test('many small chains arrive whole', async () => {
    const warned = jest.spyOn(process, 'emitWarning');
    let written = 0;
    const answer = await answerOf(compression({ threshold: 0 }), async (response) => {
      for (; written < 50; written++) {
        using chain = IoBuf.from(`line ${written}\n`);
        await chain.writeTo(response);
      }
      response.end();
    });
    const text = gunzipSync(await buffer(answer)).toString();
    expect(text).toBe(Array.from({ length: 50 }, (_, at) => `line ${at}\n`).join(''));
    expect(written).toBe(50);
    // Of the listeners that each writing adds, too many are left behind when this comes.
    expect(warned.mock.calls.map(String).filter((warning) => warning.includes('MaxListeners'))).toEqual([]);
  });

  test('a large chain waits for a client that does not read, and arrives whole', async () => {
    const content = new Random(9).bytes(MIB);
    let settled = false;
    const answer = await answerOf(compression({ level: 0 }), async (response) => {
      using chain = new IoBuf();
      using part = IoBuf.from(content);
      for (let at = 0; at < 8; at++) chain.take(part.share());
      await chain.writeTo(response);
      settled = true;
      response.end();
    });
    for (let at = 0; at < 100; at++) await turn();
    expect(settled).toBe(false);
    const body = gunzipSync(await buffer(answer));
    expect(body.length).toBe(8 * MIB);
    for (let at = 0; at < 8; at++) expect(body.subarray(at * MIB, (at + 1) * MIB).equals(content)).toBe(true);
    expect(settled).toBe(true);
  });

  test('a client that goes away rejects the writing', async () => {
    let outcome: Promise<unknown> | undefined;
    const answer = await answerOf(compression({ level: 0 }), async (response) => {
      using chain = IoBuf.from(Buffer.alloc(8 * MIB, 'x'));
      outcome = chain.writeTo(response).catch((error: unknown) => error);
      await outcome;
    });
    answer.on('error', () => undefined).destroy();
    expect(await outcome).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});
