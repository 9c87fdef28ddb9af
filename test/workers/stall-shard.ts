// A shard that blocks its turns as it is told, and tells what was reported of it.
import { subscribe } from 'node:diagnostics_channel';
import { serve, stats, thisShard } from 'corebuf';
import type { StallReport } from 'corebuf';

const reports: StallReport[] = [];
const published: unknown[] = [];
thisShard.on('stall', (report) => reports.push(report));
subscribe('corebuf:stall', (report) => published.push(report));

function holdUpEverybody(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** An interrupt finds the code that follows the parsing. */
function parseEverything(text: string): number {
  return (JSON.parse(text) as unknown[]).filter((entry) => entry !== null).length;
}

const block = (ms: number): Promise<void> =>
  new Promise((resolve) =>
    setImmediate(() => {
      holdUpEverybody(ms);
      resolve();
    }),
  );

export const stalling = serve({
  block: (ms: number): void => holdUpEverybody(ms),
  /** Blocks the thread, which has no processor meanwhile. */
  wait: (ms: number): string => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  /** Parses so many bytes. */
  parse: (bytes: number): number => parseEverything(`[${'{"key":"value"},'.repeat(bytes / 16)}null]`),
  blockUnwatched(ms: number, microseconds: number): void {
    thisShard.stallThreshold = 0;
    holdUpEverybody(ms);
    thisShard.stallThreshold = microseconds;
  },
  async blockTurns(turns: number, ms: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await block(ms);
  },
  reports: (): StallReport[] => reports.splice(0),
  published: (): unknown[] => published.splice(0),
  stalls: (): number => stats().stalls,
  setThreshold(microseconds: number): number {
    thisShard.stallThreshold = microseconds;
    return thisShard.stallThreshold;
  },
});

export type Stalling = typeof stalling;
