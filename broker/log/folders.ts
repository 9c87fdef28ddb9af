// Folders whose names a crash leaves: a file that is durable is lost all the same with the folder that names it.
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Makes a folder where there is none, and those above it: they are found after a crash, too. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made.length <= resolve(first).length) return;
  }
}

/** Names of what is in a folder; none when there is no folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
