// Files that go away after each test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** The path of a file that does not exist, in a new folder under `parent`. */
export function scratchPath(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'corebuf-'));
  folders.push(folder);
  return join(folder, 'file');
}

export function removeScratchAfterEach(): void {
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
}
