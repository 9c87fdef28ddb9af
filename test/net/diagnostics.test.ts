// What the channels of node:diagnostics_channel tell of connections.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Connection, Listener } from 'corebuf';
import { expectNothingLeaked } from '../support/shards';

expectNothingLeaked();

const HOST = '127.0.0.1';

type Told = Record<string, unknown> & { channel: string };

/** Messages of the channels about connections while `during` runs, in order. */
async function heard(during: () => Promise<unknown>): Promise<Told[]> {
  const all: Told[] = [];
  const listeners = ['connection-accept', 'connection-error', 'connection-close'].map((channel) => {
    const listener = (message: unknown): void => void all.push({ channel, ...(message as object) });
    subscribe(`corebuf:${channel}`, listener);
    return [`corebuf:${channel}`, listener] as const;
  });
  try {
    await during();
    return all;
  } finally {
    for (const [channel, listener] of listeners) unsubscribe(channel, listener);
  }
}

test('both ends of a connection are told once, with their addresses and bytes', async () => {
  await using listener = await Listener.open({ host: HOST });
  const { port } = listener.address as AddressInfo;
  let ports: (number | undefined)[] = [];
  const told = await heard(async () => {
    listener.once('connection', (accepted) => accepted.onInput((input) => void accepted.post(input)));
    const near = await Connection.connect({ host: HOST, port });
    ports = [near.localPort, near.remotePort];
    await near.write('four');
    (await near.readExactly(4)).release();
    await Promise.all([near.end(), once(near, 'close')]);
  });
  const [own] = ports;
  const far = { id: expect.any(Number) as number, remoteAddress: HOST, remotePort: own, localAddress: HOST, localPort: port };
  const near = { ...far, remotePort: port, localPort: own };
  const bytes = { bytesRead: 4, bytesWritten: 4, error: undefined };
  expect(told[0]).toEqual({ channel: 'connection-accept', ...far });
  expect(told.slice(1)).toHaveLength(2);
  expect(told.slice(1)).toEqual(expect.arrayContaining([{ channel: 'connection-close', ...far, ...bytes }, { channel: 'connection-close', ...near, ...bytes }]));
});

test('a failure is told before the end of the connection', async () => {
  await using listener = await Listener.open({ host: HOST });
  const told = await heard(async () => {
    const accepted = once(listener, 'connection') as Promise<[Connection]>;
    const peer = connect((listener.address as AddressInfo).port, HOST);
    const [connection] = await accepted;
    peer.resetAndDestroy();
    // once() would reject at the 'error' event.
    await new Promise((resolve) => connection.on('close', resolve));
  });
  const error = expect.objectContaining({ code: 'ECONNRESET', syscall: 'read' }) as Error;
  expect(told.map(({ channel }) => channel)).toEqual(['connection-accept', 'connection-error', 'connection-close']);
  expect(told[1]).toMatchObject({ remoteAddress: HOST, error });
  expect(told[2]).toMatchObject({ remoteAddress: HOST, error });
});

test('a connection that cannot be opened is told', async () => {
  const listener = await Listener.open({ host: HOST });
  const { port } = listener.address as AddressInfo;
  await listener.close();
  const told = await heard(() => Connection.connect({ host: HOST, port }).catch(() => undefined));
  const error = expect.objectContaining({ code: 'ECONNREFUSED', syscall: 'connect', port }) as Error;
  expect(told).toMatchObject([{ channel: 'connection-error', error }, { channel: 'connection-close', error, bytesRead: 0 }]);
});
