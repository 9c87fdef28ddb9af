// Connections that wait for a program that does not take them yet, and signals of every kind.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Connection, Listener, stats } from 'corebuf';
import { destroyConnectionsAfterEach } from '../support/connections';
import { expectNothingLeaked } from '../support/shards';
import { until } from '../support/turns';

destroyConnectionsAfterEach();
expectNothingLeaked();

const HOST = '127.0.0.1';

async function clientOf(listener: Listener): Promise<Socket> {
  const client = connect((listener.address as AddressInfo).port, HOST);
  client.on('error', () => undefined);
  await once(client, 'connect');
  return client;
}

/** What the connection tells from now on. */
function eventsOf(connection: Connection): string[] {
  const events: string[] = [];
  connection.on('end', () => events.push('end'));
  connection.on('error', (error) => events.push(`error ${(error as NodeJS.ErrnoException).code}`));
  connection.on('close', (error) => events.push(`close ${(error as NodeJS.ErrnoException | undefined)?.code}`));
  connection.onInput((input) => void input.trimFront(input.length));
  return events;
}

/** A connection that has closed before the program took it. */
async function closedEarly(listener: Listener, how: 'end' | 'resetAndDestroy'): Promise<void> {
  const client = await clientOf(listener);
  await until(() => listener.connections === 1, () => 'it is accepted');
  client[how]();
  await until(() => listener.connections === 0, () => 'it is closed');
}

describe.each([
  ['end', ['end', 'close undefined']],
  ['resetAndDestroy', ['error ECONNRESET', 'close ECONNRESET']],
] as const)('a connection that has closed while it waited, by %s(),', (how, expected) => {
  test('tells it to listeners that are added with it', async () => {
    await using listener = await Listener.open({ host: HOST });
    await closedEarly(listener, how);
    let events: string[] = [];
    listener.on('connection', (connection) => (events = eventsOf(connection)));
    await until(() => events.some((event) => event.startsWith('close')), () => `its end is told: ${events.join()}`);
    expect(events).toEqual(expect.arrayContaining([...expected]));
    expect(new Set(events).size).toBe(events.length);
  });

  test('tells it to a loop that awaits connections', async () => {
    await using listener = await Listener.open({ host: HOST });
    await closedEarly(listener, how);
    for await (const connection of listener) {
      const events = eventsOf(connection);
      await until(() => events.some((event) => event.startsWith('close')), () => `its end is told: ${events.join()}`);
      break;
    }
  });
});

test('a listener whose listeners were all removed gives connections to the next one', async () => {
  await using listener = await Listener.open({ host: HOST });
  listener.on('connection', () => undefined).removeAllListeners();
  const client = await clientOf(listener);
  await until(() => listener.connections === 1, () => 'it is accepted');
  const [given] = (await once(listener, 'connection')) as [Connection];
  given.destroy();
  listener.removeAllListeners('connection');
  expect(listener.listenerCount('connection')).toBe(0);
  client.destroy();
});

describe('a signal', () => {
  test('that is aborted while a listener is being opened keeps it from being opened', async () => {
    const controller = new AbortController();
    const opening = Listener.open({ signal: controller.signal });
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(stats().net.listeners).toBe(0);
  });

  test('that cannot be listened to leaves nothing open', async () => {
    const refusing = { aborted: false, throwIfAborted: () => undefined, addEventListener: refuse, removeEventListener: () => undefined };
    const signal = refusing as unknown as AbortSignal;
    await expect(Listener.open({ host: HOST, signal })).rejects.toThrow('no listeners here');
    expect(stats().net.listeners).toBe(0);
    await using listener = await Listener.open({ host: HOST });
    const { port } = listener.address as AddressInfo;
    await expect(Connection.connect({ host: HOST, port, signal })).rejects.toThrow('no listeners here');
    await until(() => stats().net.connections === 0, () => 'the connection is closed');
  });

  test('is read once', async () => {
    let reads = 0;
    const place = {
      host: HOST,
      get signal() {
        return reads++ === 0 ? undefined : ({} as AbortSignal);
      },
    };
    await using listener = await Listener.open(place as never);
    reads = 0;
    const to = Object.defineProperties({ port: (listener.address as AddressInfo).port }, Object.getOwnPropertyDescriptors(place));
    const connection = await Connection.connect(to);
    connection.destroy();
    expect(reads).toBe(1);
  });
});

function refuse(): never {
  throw new Error('no listeners here');
}
