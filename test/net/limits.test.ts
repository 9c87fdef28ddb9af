// What a connection may take, and for how long: idle peers, pauses, memory, the event loop, descriptors.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection, Listener, stats } from 'corebuf';
import { accepted, destroyAcceptedAfterEach, destroyLater } from '../support/accepted';
import { failIn } from '../support/fail-in';
import { expectNothingLeaked } from '../support/shards';
import { turn, until } from '../support/turns';

const HOST = '127.0.0.1';

afterEach(() => failIn(0));
destroyAcceptedAfterEach();
expectNothingLeaked();

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

test('a peer that takes nothing is given up after the idle limit', async () => {
  const [connection] = await accepted({ idleLimit: 100 });
  const before = stats().net.idleEnded;
  const written = connection.write(Buffer.alloc(20_000_000));
  const closed = new Promise((resolve) => connection.once('close', resolve));
  await expect(written).rejects.toMatchObject({ code: 'ETIMEDOUT', syscall: 'write' });
  expect(await closed).toMatchObject({ code: 'ETIMEDOUT' });
  expect(stats().net.idleEnded).toBe(before + 1);
});

test('a paused connection receives nothing until it is resumed', async () => {
  const [connection, peer] = await accepted();
  connection.pause();
  peer.write('waits in the kernel');
  for (let turns = 0; turns < 50; turns++) await turn();
  expect(connection.bytesRead).toBe(0);
  connection.resume();
  using got = await connection.readExactly(19);
  expect(got.toString()).toBe('waits in the kernel');
});

test('reading waits while memory is short, and goes on by itself', async () => {
  const [connection, peer] = await accepted({ highWater: 8_000_000 });
  const before = stats().net.pausesStarved;
  const sent = Buffer.alloc(4_000_000, 'abcdefg');
  peer.write('x');
  await connection.more();
  failIn(1);
  peer.write(sent);
  await until(() => stats().net.pausesStarved > before, () => 'memory is short');
  expect(connection.destroyed).toBe(false);
  failIn(0);
  const whole = connection.readExactly(1 + sent.length);
  using got = await whole;
  expect(got.toBuffer(1).equals(sent)).toBe(true);
});

test('a peer that takes no answers is not read, until it does', async () => {
  const [connection, peer] = await accepted();
  const before = stats().net.pausesUnsent;
  connection.onInput((input) => void connection.post(input));
  peer.pause();
  const sent = Buffer.alloc(32_000_000, 'abcdefg');
  peer.write(sent);
  await until(() => stats().net.pausesUnsent > before, () => 'reading stops');
  const { bytesRead } = connection;
  for (let turns = 0; turns < 50; turns++) await turn();
  expect(connection.bytesRead).toBe(bytesRead);
  expect(bytesRead).toBeLessThan(sent.length);
  const chunks: Buffer[] = [];
  let length = 0;
  peer.on('data', (chunk: Buffer) => (length += chunks.push(chunk) > 0 ? chunk.length : 0)).resume();
  await until(() => length === sent.length, () => `${length} of ${sent.length} bytes have come back`);
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});

test('a connection that was opened is read on, however much waits to be sent', async () => {
  await using listener = await Listener.open({ host: HOST });
  const next = listener[Symbol.asyncIterator]().next();
  const near = await Connection.connect({ host: HOST, port: (listener.address as AddressInfo).port });
  const far = (await next).value as Connection;
  destroyLater(near, far);
  const bytes = Buffer.alloc(16_000_000, 'xyz');
  const both = Promise.all([near.readExactly(bytes.length), far.readExactly(bytes.length)]);
  near.post(bytes);
  far.post(bytes);
  for (using got of await both) expect(got.equals(bytes)).toBe(true);
});

test('messages that have come in part and fill the memory end one after the other', async () => {
  const program = `
    const { attach, Listener, stats } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    const { connect } = require('node:net');
    attach({ memory: '4MiB' });
    (async () => {
      const listener = await Listener.open({ host: '127.0.0.1', idleLimit: 200 });
      const codes = [];
      listener.on('connection', (connection) => connection.readExactly(3 << 20).then((got) => got.release() ?? 'whole', (error) => error.code)
        .then((code) => codes.push(code) === 3 && end()));
      const peers = Array.from({ length: 3 }, () => connect(listener.address.port, '127.0.0.1').on('error', () => undefined));
      for (const peer of peers) peer.write(Buffer.alloc(3 << 20));
      const end = () => {
        const ended = codes.filter((code) => code === 'ERR_OUT_OF_MEMORY').length;
        console.log([...new Set(codes)].sort().join(), stats().net.starvedEnded === ended);
        process.exit();
      };
    })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { timeout: 30_000 });
  expect(stdout).toBe('ERR_OUT_OF_MEMORY,whole true\n');
});

test('what is longer than the memory is refused at once', async () => {
  const program = `
    const { attach, Listener } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    const { connect } = require('node:net');
    attach({ memory: '4MiB' });
    (async () => {
      const listener = await Listener.open({ host: '127.0.0.1' });
      const next = listener[Symbol.asyncIterator]().next();
      const peer = connect(listener.address.port, '127.0.0.1');
      const { value } = await next;
      const codes = [];
      const note = (error) => codes.push(error.code);
      await value.readExactly(8 << 20).catch(note);
      await value.more(8 << 20).catch(note);
      peer.write(Buffer.from([0, 0x7f, 0, 0, 1]));
      await value.more(5);
      try { value.takeFrames({ lengthBytes: 4, maxLength: 8 << 20 }); } catch (error) { note(error); }
      console.log(codes.join());
      process.exit();
    })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { timeout: 30_000 });
  expect(stdout).toBe('ERR_OUT_OF_MEMORY,ERR_OUT_OF_MEMORY,ERR_OUT_OF_MEMORY\n');
});

test('connections and listeners that are unref()ed let the process end', async () => {
  const program = `
    const { Connection, Listener } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    (async () => {
      const listener = (await Listener.open({ host: '127.0.0.1' })).on('connection', (accepted) => accepted.unref());
      const connection = await Connection.connect({ host: '127.0.0.1', port: listener.address.port });
      listener.unref();
      connection.unref().ref().unref();
      console.log('open');
    })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
  expect(stdout).toBe('open\n');
});

/** Descriptors: two for each, because both ends are here. */
const IDLE = Number(process.env['COREBUF_NET_IDLE'] ?? 300);

test('many idle connections cost no descriptor once they have closed', async () => {
  const listener = await Listener.open({ host: HOST, backlog: 4_096 });
  const far: Connection[] = [];
  listener.on('connection', (connection) => far.push(connection.onInput((input) => input.release())));
  const before = descriptors();
  const { port } = listener.address as AddressInfo;
  const near: Connection[] = [];
  while (near.length < IDLE) near.push(...(await Promise.all(Array.from({ length: 50 }, () => Connection.connect({ host: HOST, port })))));
  await until(() => far.length === near.length, () => `${far.length} of ${near.length} are accepted`);
  expect(listener.connections).toBe(near.length);
  // They still work, the first and the last.
  for (const [at, connection] of [near[0]!, near.at(-1)!].entries()) await connection.write(`${at}`);
  await Promise.all([...near, ...far].map((connection) => connection.close()));
  expect(descriptors()).toBe(before);
  expect([listener.connections, stats().net.connections]).toEqual([0, 0]);
  await listener.close();
});
