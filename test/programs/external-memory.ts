// V8 must not believe that arenas are garbage which collecting would free: many windows must not make it collect more.
import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { attach, DmaBuffer } from 'corebuf';

/** Types that @types/node lacks. */
type GcEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };

const COUNT = 240;
const SIZE = 4 << 20;

/** From Node 21 on windows cannot be counted out: then they count once, as what they show would. */
const windowsStay = Number(process.versions.node.split('.')[0]) >= 21;

attach({ memory: '1GiB' });

/** Major collections while `run` is on. */
async function collections(run: () => unknown): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as GcEntry[]) if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++;
  });
  observer.observe({ entryTypes: ['gc'] });
  const kept = run();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  assert.ok(kept);
  return count;
}

async function main(): Promise<void> {
  const ours = await collections(() =>
    Array.from({ length: COUNT }, () => {
      const block = DmaBuffer.alloc(SIZE);
      block.bytes[0] = 1;
      return block;
    }),
  );
  const plain = await collections(() => Array.from({ length: COUNT }, () => new ArrayBuffer(SIZE)));
  assert.ok(windowsStay || plain > 2, `${plain} collections by ${COUNT} ArrayBuffers: this measures nothing`);
  assert.ok(ours < (windowsStay ? COUNT / 16 : plain / 2), `${ours} collections by ${COUNT} windows, ${plain} by as many ArrayBuffers`);
  console.log('few collections');
}

void main();
