/* global Buffer, test, expect, jest, beforeEach, afterEach */
const { mkdtempSync, readFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { DmaFile, IoBuf, SegmentAppender } = require('../..');

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('an appender works while the clock is fake', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'corebuf-timers-')), 'log');
  const appender = await SegmentAppender.open(path);
  await Promise.all(Array.from({ length: 10 }, () => appender.append(Buffer.from('record'))));
  await appender.flush();
  await appender.close();
  expect(readFileSync(path, 'utf8')).toBe('record'.repeat(10));
  const file = await DmaFile.open(path);
  for await (const chunk of file.chunks()) chunk.release();
  await file.close();
});

test('work in slices goes on while the clock is fake', async () => {
  const chain = new IoBuf();
  for (let count = 0; count < 300; count++) chain.append(Buffer.alloc(65_536, count));
  expect(await chain.crc32cAsync()).toBe(chain.crc32c());
  expect(await (await chain.copyAsync()).xxhash64Async()).toBe(chain.xxhash64());
  await chain.clearAsync();
});
