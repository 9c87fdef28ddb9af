// What connections get of the answers that are under way when their group closes.
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { text as toText } from 'node:stream/consumers';
import { Connection, ShardGroup } from 'corebuf';
import type { GroupOptions } from 'corebuf';
import { corebufError } from '../support/errors';
import { expectNothingLeaked, workerModule } from '../support/shards';
import { turn, until } from '../support/turns';

const MIB = 2 ** 20;
const sockets: Socket[] = [];

expectNothingLeaked();
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Listening {
  readonly group: ShardGroup<unknown>;
  readonly place: { readonly host: string; readonly port: number };
}

async function listening(name: string, options: GroupOptions = {}): Promise<Listening> {
  const group = await ShardGroup.start(workerModule('closing-shard'), { shards: 2, memory: '64MiB', pin: false, ...options });
  const { address } = await group.listen({ host: '127.0.0.1', accept: 'handover', allowHalfOpen: name === 'stream' });
  return { group, place: { host: '127.0.0.1', port: (address as AddressInfo).port } };
}

/** A group with a client that has sent `text` to a connection of the kind `name`, and all that the client gets until the end. */
async function started(name: string, text: string, options?: GroupOptions): Promise<{ group: ShardGroup<unknown>; all: Promise<string> }> {
  const { group, place } = await listening(name, options);
  const socket = connect(place);
  sockets.push(socket);
  const all = toText(socket);
  all.catch(() => undefined);
  socket.write(`${name}\n${text}`);
  const bytes = name.length + 1 + text.length;
  await until(async () => (await group.stats()).some(({ net }) => net.bytesReceived >= bytes), () => 'the shard has the request');
  return { group, all };
}

async function quickly(group: ShardGroup<unknown>): Promise<void> {
  const begun = performance.now();
  await group.close();
  expect(performance.now() - begun).toBeLessThan(5_000);
}

test.each([
  ['whose handler writes more than the peer takes at once', 'large', '1'.repeat(12), 12 * MIB],
  ['whose handler is at work', 'slow', 'answer', 'answer'],
  ['whose handler answers after the end', 'late', 'request', '7'],
  ['whose handler waits for the rest of a message', 'exact', 'aaaab', MIB],
  ['whose handler waits for its end', 'echo', 'echo', 'echo'],
  ['with a reserved place', 'reserved', 'later', 'later'],
  ['that waits for a call to a sibling', 'calls', 'x', 'called'],
  ['that is used as a stream', 'stream', 'chunk', 'chunkend'],
  ['that moves to a sibling', 'moves', 'slow\nthere', 'movedthere'],
  ['that is not read', 'silent', 'unread', ''],
])('a connection %s is closed behind its answers', async (_, name, text, answer) => {
  const { group, all } = await started(name, text);
  await quickly(group);
  const received = await all.catch((error: Error) => error.message);
  expect(received.length > 100 ? received.length : received).toEqual(answer);
});

test('a connection that is idle keeps nothing waiting', async () => {
  const { group, all } = await started('slow', 'x');
  const idle = await Promise.all(['slow', 'echo', 'exact', 'stream'].map((name) => started(name, '')));
  await turn();
  await Promise.all([group, ...idle.map((each) => each.group)].map(quickly));
  expect(await all).toBe('x');
});

test('a handler that never ends keeps close() for closeTimeout', async () => {
  const { group } = await started('never', '', { closeTimeout: 200 });
  await expect(group.close()).rejects.toEqual(corebufError('ERR_TIMEOUT'));
});

test('a peer that does not take its answer in time gets an error, and no end', async () => {
  const { group, place } = await listening('large', { closeTimeout: 200 });
  const connection = await Connection.connect(place);
  await connection.write(`large\n${'1'.repeat(16)}`);
  await connection.more();
  connection.pause();
  await expect(group.close()).rejects.toEqual(corebufError('ERR_TIMEOUT'));
  connection.resume();
  const readAll = async (): Promise<void> => {
    for await (const chain of connection) chain.release();
  };
  await expect(readAll()).rejects.toMatchObject({ code: 'ECONNRESET' });
});
