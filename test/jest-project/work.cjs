/* global __dirname, Buffer */
// What a copy of the package is asked to do: calls, a file, an appender and a budget of its own.
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const MiB = 1024 * 1024;

exports.load = () => require('../..');

exports.work = async (corebuf, megabytes, milliseconds) => {
  const { attach, IoBuf, SegmentAppender, DmaFile, ShardGroup, thisShard } = corebuf;
  attach({ memory: `${megabytes}MiB` });
  assert.equal(thisShard.memory.budget, megabytes * MiB);
  const path = join(mkdtempSync(join(tmpdir(), 'corebuf-copies-')), 'log');
  const group = await ShardGroup.start(join(__dirname, 'shard.cjs'), { shards: 1, memory: '32MiB' });
  const appender = await SegmentAppender.open(path);
  const answers = Promise.all([group.shard(0).busy(milliseconds), group.shard(0).length(IoBuf.from('x'.repeat(megabytes)))]);
  for (let count = 0; count < 50; count++) await appender.append(Buffer.from(`record ${count} of ${megabytes}\n`));
  await appender.close();
  assert.deepEqual(await answers, [milliseconds, megabytes]);
  const file = await DmaFile.open(path);
  const chain = await file.read(0, await file.size());
  assert.equal(chain.toString(), readFileSync(path, 'utf8'));
  assert.match(chain.toString(), new RegExp(`^record 0 of ${megabytes}\n`));
  chain.release();
  await file.close();
  await group.close();
};
