// With all timers, ticks and clocks faked, as sinon.useFakeTimers() does it (its engine is @sinonjs/fake-timers), appenders, files and the …Async
// verbs go on. The program ends with 1 when the time of the test is over.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { DmaFile, IoBuf, SegmentAppender } from 'corebuf';

interface FakeTimers {
  readonly timers: Record<string, unknown>;
  install(config: { toFake: string[] }): { uninstall(): void };
}

// eslint-disable-next-line @typescript-eslint/no-require-imports
const fakeTimers = require('@sinonjs/fake-timers') as FakeTimers;

const folder = mkdtempSync(join(tmpdir(), 'corebuf-fake-timers-'));

async function append(name: string, lock: boolean): Promise<void> {
  const path = join(folder, name);
  const appender = await SegmentAppender.open(path, { lock });
  await Promise.all(Array.from({ length: 10 }, () => appender.append('record')));
  await appender.flush();
  await appender.append(Buffer.alloc(2 << 20, 'z'));
  await appender.close();
  assert.equal(readFileSync(path, 'latin1').slice(0, 61), `${'record'.repeat(10)}z`);
}

async function readChunks(): Promise<void> {
  await using file = await DmaFile.open(join(folder, 'with a lock'));
  let length = 0;
  for await (const chunk of file.chunks()) {
    length += chunk.length;
    chunk.release();
  }
  assert.ok(length >= 2 << 20);
}

async function workInSlices(): Promise<void> {
  using chain = IoBuf.from(Buffer.alloc(20 << 20, 'x'));
  using copy = await chain.copyAsync();
  assert.equal(await chain.crc32cAsync(), chain.crc32c());
  assert.equal(await chain.xxhash64Async(), chain.xxhash64());
  assert.equal(await chain.equalsAsync(copy), true);
  await copy.clearAsync();
}

async function main(): Promise<void> {
  fakeTimers.install({ toFake: Object.keys(fakeTimers.timers) });
  await append('with a lock', true);
  await append('without', false);
  await readChunks();
  await workInSlices();
  process.exit(0);
}

void main();
