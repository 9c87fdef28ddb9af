// A disk that is soon full: a tmpfs of its own, where we may mount one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Says so, and does nothing else, where mounting is not allowed. */
export async function inSmallFileSystem(bytes: number, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'corebuf-small-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { encoding: 'utf8' });
  try {
    if (mounted.status === 0) await run(folder);
    else console.info(`left out, because mounting is refused: ${mounted.error?.message ?? mounted.stderr}`);
  } finally {
    if (mounted.status === 0) spawnSync('umount', [folder]);
    rmdirSync(folder);
  }
}
