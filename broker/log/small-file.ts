// Small files that are replaced as a whole: after a crash there is the old content or the new one.
import { readFile } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder } from './folders.js';

/** Costs half of what node:fs/promises takes for it. */
const readWhole = promisify(readFile);

/** Writes `bytes` to `path`, synced. With `durable`, the file is found there after a crash, too; without it the old one may be. */
export async function replaceFile(path: string, bytes: Uint8Array, { durable = false } = {}): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  if (durable) await syncFolder(dirname(path));
}

/** The content of the file; undefined when there is none. */
export async function readFileIfAny(path: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
