// A DmaBuffer and a chain through postMessage(), which refuses both: nothing arrives, and the sender keeps all. Their bytes arrive as a copy.
// Objects that are neither, such as what other libraries make of them for another thread, are not taken for them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { attach, DmaBuffer, IoBuf, thisShard } from 'corebuf';

attach({ memory: '16MiB' });

function complain(use: () => unknown): unknown {
  try {
    use();
    return undefined;
  } catch (error) {
    return { name: (error as Error).name, code: (error as { code?: unknown }).code };
  }
}

function serve(): void {
  parentPort!.on('message', ({ empty, bytes }: { empty: object; bytes: Uint8Array }) => {
    const mine = IoBuf.from('mine');
    const [block, chain] = [empty as DmaBuffer, empty as IoBuf];
    const answers = [
      complain(() => mine.take(block)),
      complain(() => mine.append(chain)),
      complain(() => DmaBuffer.prototype.share.call(block)),
      complain(() => IoBuf.prototype.release.call(chain)),
      Buffer.from(bytes).toString(),
    ];
    mine.release();
    parentPort!.postMessage(answers);
  });
}

async function main(): Promise<void> {
  const before = thisShard.memory.stats().liveObjects;
  const worker = new Worker(__filename);
  const block = DmaBuffer.alloc(16);
  block.bytes.fill('b');
  const chain = IoBuf.from('chain');
  const wrongType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  for (let round = 0; round < 3; round++) {
    for (const refused of [block, chain]) assert.throws(() => worker.postMessage({ bytes: block.bytes, refused }), { name: 'DataCloneError' });
    worker.postMessage({ empty: {}, bytes: block.bytes });
    const [answers] = (await once(worker, 'message')) as [unknown[]];
    const noChain = { name: 'TypeError', code: undefined };
    assert.deepEqual(answers, [wrongType, wrongType, noChain, noChain, 'b'.repeat(16)]);
    assert.throws(() => worker.postMessage(block, [block as never]), /TypeError|DataCloneError/);
    assert.equal(block.bytes.toString(), 'b'.repeat(16));
    assert.equal(chain.toString(), 'chain');
  }
  block.release();
  chain.release();
  assert.equal(thisShard.memory.stats().liveObjects, before);
  await worker.terminate();
}

if (isMainThread) void main();
else serve();
