// A connection that is busy alone is watched by Node's event loop itself. Whatever ends that, descriptors come and go as before.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Connection} from 'corebuf';
import { Listener, stats } from 'corebuf';
import { expectNothingLeaked } from '../support/shards';
import { until } from '../support/turns';

const HOST = '127.0.0.1';
const ALONE = 40; // exchanges: more than the engine asks for
const opened: { destroy(): void }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});
expectNothingLeaked();

/** A connection, and its peer of node:net, after so many questions and answers. */
async function busyAlone(listener: Listener): Promise<[Connection, Socket]> {
  const next = listener[Symbol.asyncIterator]().next();
  const peer = connect((listener.address as AddressInfo).port, HOST).on('error', () => undefined);
  const connection = (await next).value as Connection;
  opened.push(connection, peer);
  await exchange(connection, peer, ALONE);
  return [connection, peer];
}

async function exchange(connection: Connection, peer: Socket, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    const answered = once(peer, 'data') as Promise<[Buffer]>;
    peer.write(`ask ${round % 10}`);
    using question = await connection.readExactly(5);
    connection.post(question);
    const [answer] = await answered;
    expect(answer.toString()).toBe(`ask ${round % 10}`);
  }
}

test('one after another is alone, on descriptors that were used before', async () => {
  await using listener = await Listener.open({ host: HOST });
  for (let times = 0; times < 20; times++) {
    const [connection, peer] = await busyAlone(listener);
    const closed = once(peer, 'close');
    connection.destroy();
    // The next socket of node:net has the number of this one.
    await closed;
  }
  expect(stats().net.connections).toBe(0);
});

test('a reset is an error, whether the connection is read or paused', async () => {
  await using listener = await Listener.open({ host: HOST });
  for (const paused of [false, true]) {
    const [connection, peer] = await busyAlone(listener);
    if (paused) connection.pause();
    const closed = new Promise((resolve) => connection.once('close', resolve));
    peer.resetAndDestroy();
    expect(await closed).toMatchObject({ code: 'ECONNRESET' });
  }
});

test('an end is an end, and what was asked before it is answered', async () => {
  await using listener = await Listener.open({ host: HOST, allowHalfOpen: true });
  const [connection, peer] = await busyAlone(listener);
  const answered = once(peer, 'data') as Promise<[Buffer]>;
  peer.end('the last');
  using question = await connection.readExactly(8);
  expect(await connection.more()).toBe(false);
  connection.post(question);
  expect((await answered)[0].toString()).toBe('the last');
  await connection.end();
});

test('a paused connection costs no processor time while its peer writes', async () => {
  await using listener = await Listener.open({ host: HOST });
  const [connection, peer] = await busyAlone(listener);
  connection.pause();
  peer.write('later');
  await until(() => stats().net.pausesFull >= 0 && peer.writableLength === 0, () => 'the kernel has it');
  const before = process.cpuUsage().user;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(process.cpuUsage().user - before).toBeLessThan(100_000);
  connection.resume();
  using got = await connection.readExactly(5);
  expect(got.toString()).toBe('later');
});

test('others are served beside it', async () => {
  await using listener = await Listener.open({ host: HOST });
  const [first, firstPeer] = await busyAlone(listener);
  const [second, secondPeer] = await busyAlone(listener);
  await Promise.all([exchange(first, firstPeer, 100), exchange(second, secondPeer, 100)]);
});
