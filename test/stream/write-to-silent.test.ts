// IoBuf.writeTo over streams whose write() takes no callback: a copy is done when it is handed over, and false and 'drain' are respected.
import { EventEmitter, once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { IoBuf } from 'corebuf';
import { compress } from '../support/compressing';
import { Random } from '../support/random';
import { expectNothingLeaked } from '../support/shards';
import { addressOf, destroySocketsAfterEach } from '../support/sockets';
import { turn } from '../support/turns';

const KIB = 1024;

expectNothingLeaked();
destroySocketsAfterEach();

/** Says no to every write until it has drained, and never calls back. */
class Silent extends EventEmitter {
  readonly writable = true;
  readonly chunks: Buffer[] = [];
  write(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    return false;
  }
  end(): void {
    this.emit('finish');
  }
}

test('a compressed answer arrives whole, and many of them leave no listeners behind', async () => {
  const warned = jest.spyOn(process, 'emitWarning');
  const content = new Random(7).bytes(300 * KIB);
  const server = createServer((_, response) => {
    compress(response);
    void (async () => {
      using chain = IoBuf.from(content);
      for (let round = 0; round < 20; round++) await chain.writeTo(response);
      response.end();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [answer] = (await once(get(addressOf(server)), 'response')) as [IncomingMessage];
  const body = gunzipSync(await buffer(answer));
  expect(body.length).toBe(20 * content.length);
  expect(body.subarray(-content.length).equals(content)).toBe(true);
  expect(warned).not.toHaveBeenCalled();
  server.close();
});

test('an answer of false from a stream behind the message, which passes no drain on, holds nothing up', async () => {
  const content = new Random(8).bytes(300 * KIB);
  const server = createServer((_, response) => {
    const { on } = response;
    compress(response);
    // As it was: the drain of the compressing stream reaches nobody.
    delete (response as Partial<typeof response>).on;
    expect(response.on).toBe(on);
    void (async () => {
      using chain = IoBuf.from(content);
      await chain.writeTo(response);
      response.end();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [answer] = (await once(get(addressOf(server)), 'response')) as [IncomingMessage];
  expect(gunzipSync(await buffer(answer)).equals(content)).toBe(true);
  server.close();
});

test('the next copy waits for drain, and so does the promise', async () => {
  const stream = new Silent();
  using chain = IoBuf.from(Buffer.alloc(100 * KIB));
  let done = false;
  const written = chain.writeTo(stream as never).then(() => (done = true));
  await turn();
  expect(stream.chunks.map(({ length }) => length)).toEqual([64 * KIB]);
  stream.emit('drain');
  await turn();
  expect([stream.chunks.length, done]).toEqual([2, false]);
  stream.emit('drain');
  await written;
  expect(stream.listenerCount('close')).toBe(0);
});

test('a stream that closes or fails meanwhile rejects it', async () => {
  using chain = IoBuf.from(Buffer.alloc(100 * KIB));
  const closed = new Silent();
  const cutOff = chain.writeTo(closed as never);
  await turn();
  closed.emit('close');
  await expect(cutOff).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  const failed = new Silent();
  const refused = chain.writeTo(failed as never);
  await turn();
  failed.emit('error', new Error('no room'));
  await expect(refused).rejects.toThrow('no room');
});
