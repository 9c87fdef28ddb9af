// The example of a sharded log as a user runs it, on a small folder, and what it says when the log is not what was written.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { capabilities, IoBuf, stats } from 'corebuf';
import { Connection } from '../../examples/sharded-log/connection.js';
import type { Figures } from '../../examples/sharded-log/figures.js';
import { checkRecords } from '../../examples/sharded-log/log.js';
import { kinds, PIECE, recordHeader, textFrame } from '../../examples/sharded-log/protocol.js';
import { turn } from '../support/turns';

const out = join(__dirname, '../../out');
const scratch = mkdtempSync(join(tmpdir(), 'corebuf-sharded-log-'));
const input = join(scratch, 'input');
const dir = join(scratch, 'segments');
const empty = join(scratch, 'empty');

beforeAll(() => {
  for (const folder of [input, dir, empty]) mkdirSync(folder);
  const contents: Record<string, Buffer> = {
    'empty': Buffer.alloc(0),
    'one byte': Buffer.from([7]),
    'one piece': randomBytes(PIECE),
    'ключ/κλειδί/鍵 🔑.txt': Buffer.from('unicode'),
  };
  for (let at = 0; at < 8; at++) contents[`folder/random-${at}`] = randomBytes(300 * 1024 + at);
  for (const [key, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(input, key)), { recursive: true });
    writeFileSync(join(input, key), content);
  }
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function runProgram(path: string, ...args: string[]) {
  return spawnSync(process.execPath, [join(out, path), ...args], { encoding: 'utf8', timeout: 25_000 });
}

const example = (...args: string[]) => runProgram('examples/sharded-log/main.js', ...args);

/** Per byte of payload; headers and keys are what is above 1. Where views are copies there are more. */
function expectCopies({ write, read }: Figures, places: readonly string[]): void {
  for (const place of places) {
    expect(write.copies[place]).toBeGreaterThanOrEqual(1);
    expect(write.copies[place]).toBeLessThan(1.02);
  }
  for (const [place, copies] of Object.entries(write.copies)) if (!places.includes(place)) expect(copies).toBeLessThan(0.02);
  for (const copies of Object.values(read.copies)) expect(copies).toBeLessThan(0.02);
}

describe('the sharded log', () => {
  test.each([
    ['io_uring', 'corebuf', ['copyTo']],
    ['threads', 'corebuf', ['copyTo']],
    ['threads', 'node', ['append', 'copyTo']],
  ])('gets every record back from disk, with no copy for the hop, and none between socket and chain of its own (%s, %s)', (engine, net, copies) => {
    const where = ['--input', input, '--dir', dir, '--engine', engine, '--net', net];
    const { status, stdout, stderr } = example(...where, '--shards', '3', '--connections', '2', '--json');
    if (engine === 'io_uring' && status === 1 && stderr.includes('engine io_uring')) return; // The kernel forbids it here.
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const figures = JSON.parse(stdout) as Figures;

    const sizes = Array.from({ length: 8 }, (_, at) => 300 * 1024 + at);
    expect(figures).toMatchObject({ files: 12, engine });
    expect(figures.payloadBytes).toBe(sizes.reduce((sum, size) => sum + size, 'unicode'.length + 1 + PIECE));
    expect(figures.records).toBe(4 + sizes.reduce((sum, size) => sum + Math.ceil(size / PIECE), 0));
    expect(figures.hopped).toBeGreaterThan(0);
    if (capabilities().externalBuffers) expectCopies(figures, copies);
    expect(figures.remoteFreesReceived).toBeGreaterThan(0);
    expect(figures.remoteFreesReceived).toBe(figures.remoteFreesSent);
    expect(figures.shards.map(({ liveObjects }) => liveObjects)).toEqual([0, 0, 0]);
    expect(figures.clientLiveObjects).toBe(0);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('shows its figures to people, with one shard and one connection too', () => {
    const { status, stdout } = example('--input', input, '--dir', dir, '--shards', '1', '--connections', '1');
    expect(status).toBe(0);
    expect(stdout).toMatch(/copies per byte of payload +append +copyTo/);
    expect(stdout).toContain('Every record came back from disk as it is in its file.');
  });

  test('helps', () => {
    const { status, stdout, stderr } = example('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('--connections N');
  });

  test.each([
    [['--frobnicate'], "Unknown option '--frobnicate'"],
    [['--shards', 'many'], "--shards must be a whole number from 1 to 64, not 'many'"],
    [['--connections', '0'], "--connections must be a whole number from 1 to 256, not '0'"],
    [['--engine', 'steam'], "--engine must be io_uring or threads, not 'steam'"],
    [['--net', 'steam'], "--net must be corebuf or node, not 'steam'"],
    [['--input', join(scratch, 'nowhere')], `--input: there is no folder '${join(scratch, 'nowhere')}'`],
    [['--input', empty], `--input: there is no file in '${empty}'`],
    [['--dir', join(scratch, 'nowhere')], `--dir: there is no folder '${join(scratch, 'nowhere')}'`],
  ])('answers %j with one line and 2', (args, message) => {
    expect(example(...args)).toMatchObject({ status: 2, stdout: '', stderr: `sharded-log: ${message}\n` });
  });

  test.each([
    ['segment', / is damaged on the disk$|^a frame cannot be/],
    ['input', /^folder\/random-7: record 9 is not what the file holds$/],
  ])('notices one bit that has changed in the %s', (what, message) => {
    const { status, stdout, stderr } = runProgram('test/programs/damaged-log.js', what, input, dir);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trim()).toMatch(message);
    expect(readdirSync(dir)).toEqual([]);
  });
});

test('frames that have arrived are there when the server has gone: the last one says why', async () => {
  const before = stats().memory.liveObjects;
  const server = createServer((socket) => {
    socket.write(Buffer.concat([textFrame(kinds.end, 'first'), textFrame(kinds.failure, 'why')]));
    socket.once('data', () => socket.resetAndDestroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const connection = await Connection.to((server.address() as AddressInfo).port);
  const gone = once(server, 'close');
  try {
    (await connection.next()).release();
    await connection.send(Buffer.alloc(1));
    server.close();
    await gone;
    for (let turns = 0; turns < 100; turns++) await turn(); // Until the reset has arrived.
    await expect(connection.next()).rejects.toThrow('why');
    await expect(connection.next()).rejects.toThrow();
  } finally {
    await connection.close();
    server.close();
  }
  await connection.close();
  expect(stats().memory.liveObjects).toBe(before);
});

describe('records read from disk', () => {
  const payload = randomBytes(3000);
  const record = (key: string, sequence: number): Buffer => Buffer.concat([recordHeader(key, sequence, payload), payload]);
  const check = (bytes: Buffer, first: number, end: number): void => {
    using records = IoBuf.from(bytes);
    checkRecords(records, 'key', first, end);
  };

  let before = 0;
  beforeEach(() => (before = stats().memory.liveObjects));
  afterEach(() => expect(stats().memory.liveObjects).toBe(before));

  test('are right as they were written', () => {
    check(Buffer.concat([record('key', 4), record('key', 5)]), 4, 6);
    check(Buffer.alloc(0), 0, 0);
  });

  test.each([
    ['missing', Buffer.concat([record('key', 0)])],
    ['out of order', Buffer.concat([record('key', 1), record('key', 0)])],
    ['of another key', Buffer.concat([record('key', 0), record('kez', 1)])],
    ['cut off', Buffer.concat([record('key', 0), record('key', 1)]).subarray(0, -1)],
    ['followed by more', Buffer.concat([record('key', 0), record('key', 1), record('key', 2)])],
    ['zeros', Buffer.alloc(6042)],
  ])('are noticed when they are %s', (_, bytes) => {
    expect(() => check(bytes, 0, 2)).toThrow();
  });

  test('are noticed with any one bit changed', () => {
    const right = record('key', 0);
    for (let at = 0; at < right.length; at++) {
      const wrong = Buffer.from(right);
      wrong[at]! ^= 1 << (at % 8);
      expect(() => check(wrong, 0, 1)).toThrow();
    }
  });
});
