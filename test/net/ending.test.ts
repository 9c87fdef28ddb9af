// When a connection tells its end, and when this side ends as well.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { Connection, IoBuf, Listener } from 'corebuf';
import { accepted, destroyAcceptedAfterEach } from '../support/accepted';
import { corebufError } from '../support/errors';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

const HOST = '127.0.0.1';

destroyAcceptedAfterEach();
expectNothingLeaked();

/** A connection, and a peer that stays open when the connection has ended. */
const acceptedHalfOpen = (): ReturnType<typeof accepted> => accepted({}, true);

/** Names of the events that come from now on. */
function eventsOf(connection: Connection): string[] {
  const events: string[] = [];
  connection.on('end', () => events.push('end'));
  connection.on('close', (error) => events.push(error === undefined ? 'close' : `close ${(error as NodeJS.ErrnoException).code}`));
  return events;
}

async function closed(connection: Connection): Promise<void> {
  await until(() => connection.destroyed, () => 'the connection closes');
  for (let turns = 0; turns < 5; turns++) await turn();
}

/** Resolves once the peer has ended, too. */
async function answerOf(peer: Socket): Promise<string> {
  let text = '';
  peer.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(peer, 'end');
  return text;
}

test('what was written just before destroy() reaches the peer, what is written behind it does not', async () => {
  const [connection, peer] = await acceptedHalfOpen();
  connection.post('copied, ');
  connection.post(IoBuf.from('moved, '));
  connection.post('copied behind it');
  connection.destroy();
  expect(connection.post('never')).toBe(false);
  expect(await answerOf(peer)).toBe('copied, moved, copied behind it');
});

test('reset() sends nothing more', async () => {
  const [connection, peer] = await acceptedHalfOpen();
  peer.on('data', () => undefined);
  connection.post('never');
  connection.reset();
  const [error] = (await once(peer, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(peer.bytesRead).toBe(0);
});

describe('a failure is no end', () => {
  test('for a handler that comes after a reset', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    const events = eventsOf(connection);
    peer.write('half of a requ');
    await until(() => connection.bytesRead > 0, () => 'bytes have come');
    peer.resetAndDestroy();
    await closed(connection);
    connection.onInput(() => events.push('input'));
    await turn();
    expect(events).toEqual(['close ECONNRESET']);
  });

  test('for a handler that destroys the connection, or comes after that', async () => {
    for (const late of [false, true]) {
      const [connection, peer] = await acceptedHalfOpen();
      const events = eventsOf(connection);
      if (late) connection.destroy();
      connection.onInput(() => connection.destroy());
      peer.write('truncated');
      await closed(connection);
      expect(events).toEqual(['close']);
    }
  });

  test('for the stream of a connection that is destroyed', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    const stream = connection.stream();
    const events: string[] = [];
    for (const name of ['end', 'close']) stream.on(name, () => events.push(name));
    stream.on('data', () => connection.destroy());
    peer.write('truncated');
    await once(stream, 'close');
    expect(events).toEqual(['close']);
  });
});

describe('a program that asks for input', () => {
  const ways: Record<string, (connection: Connection) => Promise<unknown>> = {
    read: async (connection) => (await connection.read())?.release(),
    readExactly: async (connection) => (await connection.readExactly(4)).release(),
    more: async (connection) => {
      await connection.more(4);
      connection.input.takeFront(4).release();
    },
    'more, and leaves the input': (connection) => connection.more(4),
  };

  test.each(Object.keys(ways))('and then for nothing is closed when its peer ends: %s', async (way) => {
    const [connection, peer] = await acceptedHalfOpen();
    const events = eventsOf(connection);
    peer.write('pong');
    await ways[way]!(connection);
    for (let turns = 0; turns < 5; turns++) await turn();
    peer.end();
    await closed(connection);
    expect(events).toEqual(['end', 'close']);
    connection.input.release();
  });

  test('can answer at once when question and end come together', async () => {
    for (const pull of [(far: Connection) => far.readExactly(4), (far: Connection) => far.read()]) {
      const [connection, peer] = await acceptedHalfOpen();
      connection.pause();
      peer.end('ping');
      await once(peer, 'finish');
      const asked = pull(connection);
      connection.resume();
      (await asked)!.release();
      await connection.write('pong');
      expect(await answerOf(peer)).toBe('pong');
    }
  });

  test('sees no end while bytes are left that it was not shown', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    const events = eventsOf(connection);
    peer.end('headbody');
    (await connection.readExactly(4)).release();
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(events).toEqual([]);
    await connection.write('still open');
    using body = await connection.readExactly(4);
    expect(body.toString()).toBe('body');
    await closed(connection);
    expect(events).toEqual(['end', 'close']);
  });

  test('in a loop can work on its last answer, because the loop asks again', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    const served = (async () => {
      for await (using chain of connection) {
        for (let turns = 0; turns < 20; turns++) await turn();
        await connection.write(`answer to ${chain.toString()}`);
      }
    })();
    peer.end('question');
    expect(await answerOf(peer)).toBe('answer to question');
    await served;
    await closed(connection);
  });

  test('inside a handler sees the end as well', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    const events = eventsOf(connection);
    const texts: string[] = [];
    let asks = true;
    connection.onInput((input) => {
      if (asks) {
        asks = false;
        void connection.more(4).then(() => texts.push(connection.input.toString()) && connection.input.clear());
      } else {
        texts.push(input.toString());
        input.clear();
      }
    });
    for (const text of ['head', 'body', 'next']) {
      const before = connection.bytesRead;
      peer.write(text);
      await until(() => connection.bytesRead === before + 4, () => `${text} has come`);
      await turn();
    }
    peer.end();
    await closed(connection);
    expect([texts, events]).toEqual([['headbody', 'next'], ['end', 'close']]);
  });

  test('is told how much came when the peer ended too soon', async () => {
    const [connection, peer] = await acceptedHalfOpen();
    peer.end('abc');
    const error: unknown = await connection.readExactly(5).catch((reason: unknown) => reason);
    expect(error).toEqual(corebufError('ERR_OUT_OF_BOUNDS'));
    expect((error as Error).message).toMatch(/the peer has ended.* 3 of 5 bytes/);
    using rest = (await connection.read()) ?? new IoBuf();
    expect(rest.toString()).toBe('abc');
  });
});

test('what is asked of a connection that has closed is not done to another', async () => {
  await using listener = await Listener.open({ host: HOST });
  listener.on('connection', (far) => void far.onInput((input) => void far.post(input)));
  const { port } = listener.address as AddressInfo;
  const old = await Connection.connect({ host: HOST, port });
  await old.close();
  // An id comes back once its place in the table has been used 2047 times; here both ends take turns.
  for (let times = 0; times < 2 * 2048; times++) {
    const connection = await Connection.connect({ host: HOST, port });
    old.pause().setNoDelay(false).setKeepAlive(1);
    const answered = connection.readExactly(1);
    connection.post('x');
    (await answered).release();
    await connection.close();
  }
}, 120_000);
