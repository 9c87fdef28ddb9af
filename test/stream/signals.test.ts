// Any number of operations adds one listener to an AbortSignal, and none is left when they have ended.
import { getEventListeners } from 'node:events';
import { IoBuf } from 'corebuf';
import { expectNothingLeaked } from '../support/shards';
import { Slow } from '../support/slow-stream';
import { turn } from '../support/turns';

const OPERATIONS = 30;

expectNothingLeaked();

type Operation = (signal: AbortSignal) => Promise<unknown>;

/** Each is under way until its signal is aborted. */
const operations: Record<string, Operation> = {
  async crc32cAsync(signal) {
    using chain = IoBuf.from(Buffer.alloc(1000));
    return chain.crc32cAsync(0, { signal });
  },
  async xxhash64Async(signal) {
    using chain = IoBuf.from(Buffer.alloc(1000));
    return chain.xxhash64Async(0n, { signal });
  },
  async copyAsync(signal) {
    using chain = IoBuf.from(Buffer.alloc(1000));
    (await chain.copyAsync({ signal })).release();
  },
  async clearAsync(signal) {
    using chain = IoBuf.from(Buffer.alloc(1000));
    return chain.clearAsync({ signal });
  },
  async collect(signal) {
    return IoBuf.collect(new ReadableStream<Uint8Array>(), { signal });
  },
  async 'writeTo a Node stream'(signal) {
    using chain = IoBuf.from('x');
    return chain.writeTo(new Slow(), { signal });
  },
  async 'writeTo a web stream'(signal) {
    using chain = IoBuf.from('x');
    return chain.writeTo(new WritableStream({ write: () => new Promise(() => undefined) }), { signal });
  },
  sink(signal) {
    const sink = IoBuf.sink((chain) => chain.release(), { signal });
    return new Promise((_, reject) => void sink.on('error', reject));
  },
};

test.each(Object.entries(operations))('%s, many times', async (_, operation) => {
  const abort = new AbortController();
  const under = Array.from({ length: OPERATIONS }, () => operation(abort.signal).catch(() => undefined));
  expect(getEventListeners(abort.signal, 'abort').length).toBeLessThanOrEqual(1);
  abort.abort();
  await Promise.all(under);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

test('all kinds together, many times, without a warning', async () => {
  const warned = jest.spyOn(process, 'emitWarning');
  const abort = new AbortController();
  const all = Object.values(operations).flatMap((operation) => Array.from({ length: OPERATIONS }, () => operation(abort.signal)));
  const settled = Promise.allSettled(all);
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  await turn();
  abort.abort(new Error('enough'));
  await settled;
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  expect(warned).not.toHaveBeenCalled();
});

test('operations that end by themselves leave no listener', async () => {
  const { signal } = new AbortController();
  using chain = IoBuf.from('x');
  const sink = IoBuf.sink((received) => received.release(), { signal });
  await Promise.all([chain.crc32cAsync(0, { signal }), chain.writeTo(sink, { signal }), IoBuf.collect([], { signal }).then((made) => made.release())]);
  sink.end();
  await new Promise((resolve) => void sink.once('close', resolve));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
