// Begins reads and writes whose ends are not told before the thread ends, or much later, and lets go of their memory at once.
import { attach, DmaBuffer, DmaFile, serve, stats } from 'corebuf';
import { injectFaults } from '../support/inject-faults.js';

export const BLOCK = 4096;
export const WRITES = 16;

/** Behind the first blocks, which are only read. Returns how many operations are in flight. */
export async function beginLate(path: string, reaps: number): Promise<{ inFlight: number; file: DmaFile; done: Promise<unknown> }> {
  attach(); // Faults belong to a shard.
  injectFaults([
    { op: 'write', lateStart: reaps, chance: 0.5 },
    { op: 'write', lateEnd: reaps },
    { op: 'read', lateEnd: reaps, chance: 0.8 },
  ]);
  const file = await DmaFile.open(path, 'r+');
  const done: Promise<unknown>[] = [];
  for (let at = 0; at < WRITES; at++) {
    const block = DmaBuffer.alloc(BLOCK);
    block.bytes.fill(at + 1);
    done.push(file.write((WRITES + at) * BLOCK, block));
    block.release();
    done.push(file.read(at * BLOCK, BLOCK).then((read) => read.release()));
  }
  return { inFlight: stats().io.inFlight, file, done: Promise.all(done) };
}

export const late = serve({
  async begin(path: string, reaps: number): Promise<number> {
    const { inFlight, done } = await beginLate(path, reaps);
    done.catch(() => undefined);
    return inFlight;
  },
  /** The answer comes when all of it has ended. */
  async closeFile(path: string, reaps: number): Promise<number> {
    const { inFlight, file, done } = await beginLate(path, reaps);
    const closing = file.close();
    await done;
    await closing;
    return inFlight - stats().io.inFlight;
  },
});
