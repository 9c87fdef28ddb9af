// Connections that the shards of a group serve: how they get them, and how they move them to each other.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { capabilities, Connection, GroupListener, IoBuf, Listener } from 'corebuf';
import type { GroupListenOptions, GroupOptions, ShardGroup } from 'corebuf';
import type { NetShard } from '../workers/net-shard';
import { corebufError, thrownBy } from '../support/errors';
import { removeScratchAfterEach, scratchPath } from '../support/scratch';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';

const HOST = '127.0.0.1';
const open: { destroy(): void }[] = [];

// First: nothing of this thread's memory is used by them when the next one looks.
afterEach(() => {
  for (const each of open.splice(0)) each.destroy();
});
expectNothingLeaked();
removeScratchAfterEach();

function start(options: GroupOptions = {}): Promise<ShardGroup<NetShard>> {
  return startGroup<NetShard>(workerModule('net-shard'), { shards: 2, ...options });
}

/** A client of a group that listens: it sends lines, and reads lines. */
class Client {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
    open.push(connection);
  }

  static async of(listener: GroupListener): Promise<Client> {
    const { address } = listener;
    const place = typeof address === 'string' ? { path: address } : { host: HOST, port: address.port };
    return new Client(await Connection.connect(place));
  }

  async line(): Promise<string> {
    const { input } = this.#connection;
    const end = input.indexOf(10);
    if (end < 0) {
      if (!(await this.#connection.more())) throw new Error('the connection has ended');
      return this.line();
    }
    using line = this.#connection.input.takeFront(end + 1);
    return line.toString('utf8', 0, end);
  }

  async ask(...lines: string[]): Promise<string> {
    this.tell(...lines);
    return this.line();
  }

  tell(...lines: string[]): void {
    this.#connection.post(lines.map((line) => `${line}\n`).join(''));
  }

  /** Resolves when the other side has closed; it may have reset the connection. */
  async closed(): Promise<void> {
    const gone = this.#connection.destroyed ? Promise.resolve() : once(this.#connection, 'close');
    const drain = async (): Promise<void> => {
      for await (const chain of this.#connection) chain.release();
    };
    await Promise.allSettled([drain(), gone]);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

async function clients(listener: GroupListener, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => Client.of(listener)));
}

async function indexes(all: readonly Client[]): Promise<number[]> {
  return (await Promise.all(all.map((client) => client.ask('index')))).map(Number);
}

function countOf(found: readonly number[], size: number): number[] {
  return Array.from({ length: size }, (_, index) => found.filter((each) => each === index).length);
}

const modes: [string, () => GroupListenOptions][] = [
  ['a shared port', () => ({ host: HOST })],
  ['a port, handed over', () => ({ host: HOST, accept: 'handover' })],
  ['a path, handed over', () => ({ path: scratchPath() })],
];

describe.each(modes)('connections at %s', (_, place) => {
  test('are served by the shards, until the listener closes', async () => {
    const group = await start();
    const listener = await group.listen(place());
    const all = await clients(listener, 8);
    expect(await Promise.all(all.map((client, at) => client.ask(`say ${at}`)))).toEqual(all.map((_, at) => `say ${at}`));
    expect((await group.all.served()).reduce((sum, count) => sum + count)).toBe(8);
    await listener.close();
    await expect(Client.of(listener)).rejects.toMatchObject({ syscall: 'connect' });
    expect(await all[3]!.ask('still')).toBe('still');
    await Promise.all(all.map((client) => client.close()));
    await until(async () => (await group.all.connections()).every((count) => count === 0), () => 'all connections are closed');
    expect(await group.all.listeners()).toEqual([0, 0]);
  });

  test('are accepted by a shard that was started again', async () => {
    const group = await start({ shards: 1, restart: { delay: 0 } });
    const listener = await group.listen(place());
    const [before] = await clients(listener, 1);
    expect(await before!.ask('index')).toBe('0');
    const restarted = once(group, 'restart');
    group.once('error', () => undefined);
    before!.tell('exit');
    await before!.closed();
    await restarted;
    const [after] = await clients(listener, 1);
    expect(await after!.ask('index')).toBe('0');
  });

  test('are closed, and nothing is left, when the group closes', async () => {
    const group = await start();
    const listener = await group.listen(place());
    const all = await clients(listener, 4);
    await indexes(all);
    const closed = once(listener, 'close');
    await group.close();
    await closed;
    await Promise.all(all.map((client) => client.closed()));
    const { address } = listener;
    if (typeof address === 'string') expect(existsSync(address)).toBe(false);
    else await (await Listener.open({ host: HOST, port: address.port })).close();
    await expect(group.listen(place())).rejects.toEqual(corebufError('ERR_CLOSED'));
  });
});

test('handing over goes to the shard with the fewest connections', async () => {
  const group = await start({ shards: 3 });
  const listener = await group.listen({ host: HOST, accept: 'handover' });
  const all = await clients(listener, 9);
  const found = await indexes(all);
  expect(countOf(found, 3)).toEqual([3, 3, 3]);
  const leaving = all.filter((_, at) => found[at] === 1);
  await Promise.all(leaving.map((client) => client.close()));
  await until(async () => (await group.all.connections())[1] === 0, () => 'shard 1 has none');
  expect(countOf(await indexes(await clients(listener, 3)), 3)).toEqual([0, 3, 0]);
});

test('a handed over connection waits while no shard lives', async () => {
  const group = await start({ shards: 1, restart: { delay: 200 } });
  const listener = await group.listen({ host: HOST, accept: 'handover' });
  const exited = once(group, 'exit');
  const restarted = once(group, 'restart');
  group.once('error', () => undefined);
  await group.shard(0).exit();
  await exited;
  const client = await Client.of(listener);
  client.tell('index');
  await restarted;
  expect(await client.line()).toBe('0');
});

test('a port that is in use is an error of every kind of listening', async () => {
  const group = await start();
  await using taken = await Listener.open({ host: HOST });
  const { port } = taken.address as AddressInfo;
  const ways = capabilities().sharedPorts ? (['reuseport', 'handover'] as const) : (['handover'] as const);
  for (const accept of ways) {
    await expect(group.listen({ host: HOST, port, accept })).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: HOST, port });
  }
  expect(await group.all.listeners()).toEqual([0, 0]);
});

test('the only shard of a group accepts by itself, and has its port alone', async () => {
  const group = await start({ shards: 1 });
  await using listener = await group.listen({ host: HOST, accept: 'reuseport' });
  const { port } = listener.address as AddressInfo;
  const [client] = await clients(listener, 1);
  expect(await client!.ask('index')).toBe('0');
  expect(await group.all.listeners()).toEqual([1]);
  await expect(Listener.open({ host: HOST, port, reusePort: capabilities().sharedPorts })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('an aborted signal closes the listener', async () => {
  const group = await start();
  const abort = new AbortController();
  const listener = await group.listen({ host: HOST, signal: abort.signal });
  const closed = once(listener, 'close');
  abort.abort();
  await closed;
  expect(await group.all.listeners()).toEqual([0, 0]);
  await expect(group.listen({ host: HOST, signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
});

test('wrong options are refused', async () => {
  const group = await start();
  const wrong: [unknown, RegExp][] = [
    [{ accept: 'all' }, /options\.accept/],
    [{ accept: 'reuseport', path: '/x' }, /options\.accept must be 'handover'/],
    [{ reusePort: true }, /reusePort/],
    [{ port: -1 }, /options\.port/],
  ];
  for (const [options, message] of wrong) await expect(group.listen(options as GroupListenOptions)).rejects.toThrow(message);
  const deaf = await startGroup(workerModule('value-shard'), { shards: 1 });
  await expect(deaf.listen()).rejects.toThrow(/must have a method 'connection'/);
  expect(thrownBy(() => new (GroupListener as unknown as new () => GroupListener)())).toMatchObject({ code: 'ERR_ILLEGAL_CONSTRUCTOR' });
});

describe('moving', () => {
  async function moving(): Promise<{ group: ShardGroup<NetShard>; client: Client; from: number }> {
    const group = await start();
    const client = await Client.of(await group.listen({ host: HOST }));
    return { group, client, from: Number(await client.ask('index')) };
  }

  test('keeps the order of what was sent, what was received, and what comes later', async () => {
    const { group, client, from } = await moving();
    client.tell('before');
    const hops = Array.from({ length: 20 }, (_, at) => [`say ${at}`, `move ${(from + at) % 2}`, 'index']).flat();
    // More than one read brings: some of it is received on one shard and consumed on another.
    client.tell(...hops, 'x'.repeat(300_000), 'last');
    expect(await client.line()).toBe('before');
    for (let at = 0; at < 20; at++) {
      expect(await client.line()).toBe(`say ${at}`);
      expect(await client.line()).toBe(`${(from + at) % 2}`);
    }
    expect((await client.line()).length).toBe(300_000);
    expect(await client.line()).toBe('last');
    expect((await group.all.connections()).reduce((sum, count) => sum + count)).toBe(1);
  });

  test('waits for reserved places to be filled, and for what fills them', async () => {
    const { group, client, from } = await moving();
    const other = (from + 1) % 2;
    client.tell(`move-early ${other}`, 'index');
    expect((await client.line()).length).toBe(8_000_000);
    expect(await client.line()).toBe(`${other}`);
    expect(await group.all.connections()).toEqual(other === 0 ? [1, 0] : [0, 1]);
  });

  test('is refused for what is no index, and the error is told', async () => {
    const { group, client } = await moving();
    const failed = once(group, 'error') as Promise<[Error, number]>;
    client.tell('move 2');
    expect((await failed)[0]).toMatchObject({ name: 'RangeError', message: expect.stringMatching(/index must be a whole number from 0 to 1/) as unknown });
    await client.closed();
  });

  test('to a shard that has ended closes the connection, and its descriptor', async () => {
    const { group, client, from } = await moving();
    const other = (from + 1) % 2;
    await group.terminate(other);
    client.tell(`move ${other}`);
    await client.closed();
    expect(await group.shard(from).connections()).toBe(0);
  });

  test('is refused on a thread that is in no group', async () => {
    await using listener = await Listener.open({ host: HOST });
    listener.on('connection', (accepted) => open.push(accepted));
    const connection = await Connection.connect({ host: HOST, port: (listener.address as AddressInfo).port });
    await expect(connection.moveTo(0)).rejects.toThrow(/no shard of a group/);
    connection.destroy();
  });
});

test('the method that is given connections is not for others to call', async () => {
  const group = await start({ shards: 1 });
  using chain = IoBuf.from('stays');
  const remotes = [group.shard(0), group.all] as unknown as { connection(chain: IoBuf): Promise<unknown> }[];
  for (const each of remotes) await expect(each.connection(chain)).rejects.toThrow(/'connection'.* by its group alone/);
  expect(chain.toString()).toBe('stays');
  expect(await group.shard(0).served()).toBe(0);
});

test('an error that a connection causes ends only that connection; another one ends the shard', async () => {
  const group = await start({ shards: 1 });
  const listener = await group.listen({ host: HOST });
  const [one, other] = await clients(listener, 2);
  expect(await one!.ask('index')).toBe('0');
  // Never released, so that what the shard writes meets a reset.
  const socket = await Connection.connect({ host: HOST, port: (listener.address as AddressInfo).port });
  await socket.write(IoBuf.from('index\n'));
  socket.reset();
  expect(await other!.ask('index')).toBe('0');
  const failed = once(group, 'error') as Promise<[Error, number]>;
  one!.tell('fail range');
  expect((await failed)[0]).toMatchObject({ name: 'RangeError', message: 'as it was told' });
});
