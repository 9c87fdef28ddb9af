// The demo as a user runs it, on a small folder, and what it says when the broker loses, doubles or reorders records.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Check } from '../../examples/kafka-broker/check.js';
import type { Figures } from '../../examples/kafka-broker/figures.js';
import { recordsOf } from '../../examples/kafka-broker/input.js';
import { Latencies } from '../../examples/kafka-broker/latencies.js';
import { sampleOf } from '../support/watching';

const scratch = mkdtempSync(join(tmpdir(), 'corebuf-demo-'));
const input = join(scratch, 'input');
const dir = join(scratch, 'data');
const empty = join(scratch, 'empty');

const line = (at: number): string => `${at} ${'text '.repeat(at % 90)}\n`;
const contents: Record<string, string> = {
  'empty.txt': '',
  'one line without its end.md': 'end',
  'one long line.js': 'x'.repeat(3000),
  'folder/ключ 🔑.d.ts': line(7),
};
for (let at = 0; at < 8; at++) contents[`folder/${at}.ts`] = Array.from({ length: 500 }, (_, nth) => line(nth * (at + 3))).join('');

beforeAll(() => {
  for (const folder of [join(input, 'folder'), dir, empty]) mkdirSync(folder, { recursive: true });
  for (const [key, content] of Object.entries(contents)) writeFileSync(join(input, key), content);
  writeFileSync(join(input, 'picture.png'), 'no text');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const program = join(__dirname, '../../out/examples/kafka-broker/main.js');

function demo(...args: string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 50_000 });
}

test('every record comes through SIGKILL and restart, once and in order', () => {
  const { status, stdout, stderr } = demo('--input', input, '--dir', dir, '--shards', '2', '--partitions', '2', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const figures = JSON.parse(stdout) as Figures;
  const texts = Object.values(contents).map((text) => Buffer.from(text));
  expect(figures).toMatchObject({ files: texts.length, partitions: 6 });
  expect(figures.records).toBe(texts.reduce((sum, text) => sum + recordsOf(text).length, 0));
  expect(figures.bytes).toBe(texts.reduce((sum, text) => sum + text.length, 0));
  expect(figures.batchesHopped).toBeGreaterThan(0);
  expect(figures.batchesHopped).toBeLessThan(figures.batchesReceived);
  // The broker counts nothing between its last answer and the SIGKILL.
  expect(figures.copies.copyTo).toBeGreaterThan(0);
  expect(figures.remoteFreesReceived).toBeGreaterThan(0);
  expect(figures.shards).toHaveLength(2);
  expect(readdirSync(dir)).toEqual([]);
});

test('serves the inspector of the broker, at the same address after the restart', async () => {
  const args = ['--input', input, '--dir', dir, '--shards', '2', '--partitions', '2', '--inspect', '--json'];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000 });
  const ended = once(child, 'close');
  const stdout = text(child.stdout);
  const [line] = (await once(createInterface(child.stderr), 'line')) as [string];
  const [, url] = /^inspector: (http:\/\/127\.0\.0\.1:\d+\/)$/.exec(line)!;
  const processes = new Set<number>();
  while (child.exitCode === null && processes.size < 2) {
    // It refuses connections while the broker is gone.
    const sample = await sampleOf(url!).catch(() => undefined);
    if (sample === undefined) continue;
    processes.add(sample.pid);
    expect(sample.shards.map(({ name }) => name).sort()).toEqual(expect.arrayContaining(['shard 0', 'shard 1']));
  }
  expect(processes.size).toBe(2);
  expect(processes).not.toContain(child.pid);
  expect(await ended).toEqual([0, null]);
  expect(JSON.parse(await stdout)).toMatchObject({ partitions: 6 });
});

test('helps', () => {
  const { status, stdout, stderr } = demo('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('--megabytes N');
});

test.each([
  [['--frobnicate'], "Unknown option '--frobnicate'"],
  [['--shards', 'many'], "--shards must be a whole number from 1 to 64, not 'many'"],
  [['--megabytes', '0'], "--megabytes must be a whole number from 1 to 1024, not '0'"],
  [['--engine', 'steam'], "--engine must be io_uring or threads, not 'steam'"],
  [['--input', join(scratch, 'nowhere')], `--input: there is no folder '${join(scratch, 'nowhere')}'`],
  [['--input', empty], `--input: there is no text file in '${empty}'`],
])('answers %j with one line and 2', (args, message) => {
  expect(demo(...args)).toMatchObject({ status: 2, stdout: '', stderr: `kafka-broker: ${message}\n` });
});

describe('the comparison', () => {
  const place = { topic: 'code', partition: 1 };
  const records = ['a', 'b', 'c'].map((text) => Buffer.from(text));
  const file = { ...place, key: 'file', records, bytes: 3 };
  const came = (offset: number, text: string, key = 'file') => ({ ...place, offset, key, value: Buffer.from(text) });

  /** Throws at the first record that is wrong. */
  function check(...received: ReturnType<typeof came>[]): Check {
    const made = new Check([file]);
    for (const record of received) made.receive(record);
    return made;
  }

  test('takes records in order, also when some come again at their offsets', () => {
    const { records: count, again, isComplete } = check(came(0, 'a'), came(1, 'b'), came(0, 'a'), came(1, 'b'), came(2, 'c'));
    expect({ count, again, isComplete }).toEqual({ count: 3, again: 2, isComplete: true });
  });

  test('is not complete before the last record has come', () => {
    expect(check(came(0, 'a'), came(1, 'b')).isComplete).toBe(false);
  });

  test.each([
    ['missing, with its offset', [came(0, 'a'), came(2, 'c')], 'offset 1 was expected: a record is missing'],
    ['missing, and the next one has its offset', [came(0, 'a'), came(1, 'c')], "record 1 of 'file' was expected, received record 2"],
    ['doubled', [came(0, 'a'), came(1, 'a')], "record 1 of 'file' was expected, received record 0"],
    ['doubled at the end', [came(0, 'a'), came(1, 'b'), came(2, 'c'), came(3, 'c')], "all 3 records of 'file' have come before"],
    ['out of order', [came(0, 'b')], "record 0 of 'file' was expected, received record 1"],
    ['changed', [came(0, 'x')], "record 0 of 'file' was expected, received bytes that are not in the file"],
    ['another one when it comes again', [came(0, 'a'), came(0, 'b')], "record 0 of 'file' was expected, received record 1"],
    ['of no file', [came(0, 'a', 'other')], 'the input has no such key for this partition'],
  ])('notices a record that is %s', (_, received, message) => {
    expect(() => check(...received)).toThrow(`partition 1 of 'code', offset ${received.at(-1)!.offset}: ${message}`);
  });

  test('notices a partition that ends too early or too late', () => {
    const complete = check(came(0, 'a'), came(1, 'b'), came(2, 'c'));
    complete.end(place, 3);
    expect(() => complete.end(place, 2)).toThrow('ends at offset 2, and the input has 3 records for it');
    expect(() => complete.end({ ...place, partition: 0 }, 1)).toThrow('ends at offset 1, and the input has 0 records for it');
  });
});

test('records are whole lines, but of a line that is longer than a record', () => {
  const lengths = (text: string): number[] => recordsOf(Buffer.from(text)).map(({ length }) => length);
  expect(lengths('')).toEqual([0]);
  expect(lengths('a\nb')).toEqual([3]);
  expect(lengths(`${'a'.repeat(1023)}\nb\n`)).toEqual([1024, 2]);
  expect(lengths(`a\n${'b'.repeat(1500)}\nc`)).toEqual([2, 1024, 478]);
});

test('times of batches that were under way while the broker was gone do not count', () => {
  const latencies = new Latencies();
  for (let at = 1; at <= 1000; at++) latencies.add(0, at);
  latencies.brokerGoes();
  latencies.add(0, Infinity);
  latencies.brokerIsBack();
  expect(latencies.percentiles()).toEqual({ p50: 500, p99: 990, p999: 999 });
});
