// Appends records to a log of its own until the process is killed: goes on behind the last whole record that it finds.
import { readFileSync, writeSync } from 'node:fs';
import { SegmentAppender, serve } from 'corebuf';
import { recordOf, scan } from '../support/record.js';

/** A pipe of its own. Standard output does not block once Node has looked at it, as it does for workers: who reads late makes writes fail. */
const REPORTS = 3;

export const crashing = serve({
  async run(path: string, flushEvery: number): Promise<void> {
    const found = scan(readFileSync(path));
    const log = await SegmentAppender.open(path, { position: found.end, preallocate: 1 << 20, writeBehind: 256 << 10 });
    let reported = -1;
    for (let number = found.count; ; number++) {
      await log.append(recordOf(number));
      if (number % flushEvery === 0) void log.flush().then(report);
      // Appends are quicker than any disk: without a pause nobody would hear of the flushes.
      if (number % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    /** In one write of a few bytes, so that the kill cannot leave half a line. */
    function report(): void {
      if (log.durable === reported) return;
      reported = log.durable;
      writeSync(REPORTS, `${path} ${reported}\n`);
    }
  },
});
