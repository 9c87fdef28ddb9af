// structuredClone() and postMessage() of objects that hold bytes or threads fail, and say what to do; they never give empty objects.
import { inspect } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { serialize } from 'node:v8';
import { Connection, DmaBuffer, DmaFile, IoBuf, Listener, SegmentAppender, ShardedValue, thisShard } from 'corebuf';
import { thrownBy } from '../support/errors';
import { scratchPath, removeScratchAfterEach } from '../support/scratch';
import { expectNothingLeaked, startGroup, workerModule } from '../support/shards';

expectNothingLeaked();
removeScratchAfterEach();

function post(value: unknown): void {
  const { port1 } = new MessageChannel();
  try {
    port1.postMessage(value);
  } finally {
    port1.close();
  }
}

/** Ways in which a value, or an object or a list with it, is cloned. */
const WAYS: readonly ((value: object) => unknown)[] = [
  (value) => structuredClone(value),
  (value) => structuredClone({ deep: [value] }),
  (value) => serialize(value),
  post,
];

function expectRefused(value: object, advice: string): void {
  for (const way of WAYS) {
    const error = thrownBy(() => way(value)) as Error;
    expect(error.constructor.name === 'DOMException' ? error.name : error.message).toMatch(/^DataCloneError$|could not be cloned/);
    expect(error.message).toContain(advice);
  }
  expect(inspect(value)).not.toContain('uncloneable');
}

test('of chains and buffers', () => {
  using chain = IoBuf.from('bytes');
  using buffer = DmaBuffer.alloc(4096);
  expectRefused(chain, 'IoBuf: clone chain.toBuffer()');
  expectRefused(buffer, 'DmaBuffer: clone Buffer.from(buffer.bytes)');
  chain.release();
  expectRefused(chain, 'IoBuf');
});

test('of files, appenders and connections', async () => {
  await using file = await DmaFile.open(scratchPath(), 'w+');
  await using log = await SegmentAppender.open(scratchPath());
  await using listener = await Listener.open({ path: scratchPath() });
  await using connection = await Connection.connect({ path: listener.address as string });
  expectRefused(file, 'DmaFile: open file.path');
  expectRefused(log, 'SegmentAppender: one thread appends');
  expectRefused(listener, 'could not be cloned');
  expectRefused(connection, 'Connection: call connection.moveTo(index)');
});

test('of groups and what they share', async () => {
  const group = await startGroup(workerModule('service'), { shards: 1 });
  expectRefused(group, 'could not be cloned');
  const value = ShardedValue.of('clones', 1);
  expectRefused(value, 'ShardedValue: call ShardedValue.of(name, initial)');
  expect(inspect([value])).toBe("[ ShardedValue { name: 'clones', value: 1, version: 0 } ]");
  expectRefused(thisShard, 'Shard: each thread has a thisShard');
});

test('equality and JSON do not see how', () => {
  using one = IoBuf.from('same');
  using other = IoBuf.from('same');
  expect(one).toEqual(other);
  expect(one).toStrictEqual(other);
  expect(JSON.stringify(one)).toBe('{"type":"IoBuf","data":[115,97,109,101]}');
});
