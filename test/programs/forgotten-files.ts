// Files, appenders and iterators that are forgotten are closed, reported, and give back what they held; those in use are not touched.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DmaFile, SegmentAppender, thisShard } from 'corebuf';
import type { IoBuf, LeakReport } from 'corebuf';

const folder = process.argv[2]!;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const descriptors = (): number => readdirSync('/proc/self/fd').length;
const reports: LeakReport[] = [];

async function collect(done: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !done(); round++) {
    gc!();
    await turn();
  }
}

async function forgetFiles(): Promise<void> {
  for (let at = 0; at < 100; at++) await DmaFile.open(`${folder}/file`);
  for (let at = 0; at < 20; at++) {
    const log = await SegmentAppender.open(`${folder}/log-${at}`);
    await log.append(`record ${at}`);
  }
  for (let at = 0; at < 10; at++) {
    const file = await DmaFile.open(`${folder}/file`);
    for (const chunks of [file.chunks({ chunk: 4096 }), file.chunks({ chunk: 4096 })]) await (chunks.next() as Promise<IteratorResult<IoBuf, void>>).then(({ value }) => value?.release());
    file.chunks();
  }
}

/** Only the loop refers to the iterator, and only the iterator to the file. */
async function readForgotten(): Promise<number> {
  let bytes = 0;
  for await (const chunk of (await DmaFile.open(`${folder}/file`)).chunks({ chunk: 4096 })) {
    bytes += chunk.length;
    chunk.release();
    gc!();
    await turn();
  }
  return bytes;
}

async function main(): Promise<void> {
  writeFileSync(`${folder}/file`, Buffer.alloc(64 * 1024, 'f'));
  thisShard.on('leak', (report) => reports.push(report));
  await (await DmaFile.open(`${folder}/file`)).close();
  const [before, live] = [descriptors(), thisShard.memory.stats().liveObjects];
  await forgetFiles();
  await collect(() => descriptors() <= before && thisShard.memory.stats().liveObjects <= live && reports.length >= 150);
  assert.ok(descriptors() <= before, `${descriptors()} descriptors instead of ${before}`);
  assert.ok(thisShard.memory.stats().liveObjects <= live);
  const count = (kind: LeakReport['kind']): number => reports.filter((report) => report.kind === kind).length;
  assert.deepEqual([count('DmaFile'), count('SegmentAppender'), count('DmaFile.chunks'), reports.length], [110, 20, 20, 150]);
  assert.equal(thisShard.memory.stats().leaksReclaimed, 150);
  assert.ok(reports.every(({ kind, bytes, path }) => path!.startsWith(folder) && (kind !== 'SegmentAppender' || bytes >= 8)));
  // Closed as close() does it: what was accepted is in the file, and nothing behind it.
  for (let at = 0; at < 20; at++) assert.equal(readFileSync(`${folder}/log-${at}`, 'utf8'), `record ${at}`);
  reports.length = 0;
  assert.equal(await readForgotten(), 64 * 1024);
  await collect(() => descriptors() <= before);
  assert.deepEqual(reports.map(({ kind }) => kind), ['DmaFile']);
}

void main();
