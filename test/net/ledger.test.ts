// Bytes from a socket to a disk: what the ledger counts over a Connection, and over node:net.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Connection, IoBuf, SegmentAppender, stats } from 'corebuf';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

const HOST = '127.0.0.1';
const LENGTH = 4 * 1024 * 1024;
/** Pieces of up to 1 KiB that the kernel cuts off are copied into memory of the input. */
const SMALL_PIECES = 64 * 1024;

/** Bytes that were copied, by place. */
type Copies = Record<'append' | 'receive' | 'copyTo', number>;

function copied(): Copies {
  const { append, receive, copyTo } = stats().ledger.copied as Copies;
  return { append, receive, copyTo };
}

async function sending(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.end(Buffer.alloc(LENGTH, 'x'))).listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Bytes that are copied until all that `source` gives is in a file. */
async function copiesOf(source: AsyncIterable<IoBuf>): Promise<Copies> {
  await using file = await SegmentAppender.open(scratchPath());
  const before = copied();
  for await (const chain of source) {
    await file.append(chain);
    chain.release();
  }
  await file.flush();
  expect(file.durable).toBe(LENGTH);
  const { append, receive, copyTo } = copied();
  return { append: append - before.append, receive: receive - before.receive, copyTo: copyTo - before.copyTo };
}

async function* chainsOf(socket: Socket): AsyncGenerator<IoBuf> {
  for await (const chunk of socket) yield IoBuf.from(chunk as Buffer);
}

test('a Connection saves the copy into the chain, and copies only small pieces itself', async () => {
  const { server, port } = await sending();
  const connection = await copiesOf(await Connection.connect({ host: HOST, port }));
  const socket = await copiesOf(chainsOf(connect(port, HOST)));
  server.close();
  expect(connection.append + connection.receive).toBeLessThanOrEqual(SMALL_PIECES);
  expect(socket.append).toBe(LENGTH);
  // The appender copies what does not lie as the disk needs it, and the last block of a write again with the next one.
  for (const { copyTo } of [connection, socket]) expect(copyTo).toBeLessThan(LENGTH * 1.25);
});
