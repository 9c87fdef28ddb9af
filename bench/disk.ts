// Files: durable and plain appends, and reads, beside what is best in Node without an addon, and beside fio.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classCases } from './disk/classes.js';
import { durableAppends, plainAppends } from './disk/appends.js';
import { besideFioCases, readsBesideNode } from './disk/reads.js';
import { fillFile } from './disk/scratch-file.js';
import { streamingCases } from './disk/streaming.js';
import type { Case, OpenSuite, Suite } from './harness/suite.js';

const POOL = 16;

/** pool: libuv reads its size once, when it starts its first thread. */
async function open(setting = 'default'): Promise<OpenSuite> {
  const large = setting === 'pool';
  if (large) process.env['UV_THREADPOOL_SIZE'] = `${POOL}`;
  const folder = mkdtempSync(join(tmpdir(), 'corebuf-bench-'));
  const blocks = join(folder, 'blocks');
  fillFile(blocks);
  const opened: [Case[], () => Promise<void>][] = large
    ? [await readsBesideNode(blocks, `a pool of ${POOL}`)]
    : [
        await readsBesideNode(blocks, 'the default pool'),
        await besideFioCases(blocks),
        await durableAppends(folder),
        await plainAppends(folder),
        [streamingCases(folder), () => Promise.resolve()],
        await classCases(folder, blocks),
      ];
  return {
    cases: opened.flatMap(([cases]) => cases),
    async close() {
      for (const [, close] of opened) await close();
      rmSync(folder, { recursive: true });
    },
  };
}

export const disk: Suite = {
  name: 'disk',
  about: 'appending to files, and reading from them past the page cache',
  settings: ['default', 'pool'],
  open,
};
