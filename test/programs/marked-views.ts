// ArrayBuffers of views that a program marks as untransferable, in the main thread and in a worker: both end as usual.
import { once } from 'node:events';
import { isMainThread, markAsUntransferable, Worker } from 'node:worker_threads';
import { attach, DmaBuffer, IoBuf } from 'corebuf';

attach({ memory: '16MiB' });

const block = DmaBuffer.alloc(16);
const chains = [IoBuf.from('small'), IoBuf.wrap(new Uint8Array(5000))];
for (const view of [block.bytes, ...chains.flatMap((chain) => [...chain])]) markAsUntransferable(view.buffer);
// The one chain is released, the other objects are left to the end of the thread.
chains[0]!.release();

async function main(): Promise<void> {
  const [code] = (await once(new Worker(__filename), 'exit')) as [number];
  process.exitCode = code;
}

if (isMainThread) void main();
