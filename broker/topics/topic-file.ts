// The file that holds the list of topics. It is replaced as a whole: after a crash it holds the list before or the one after.
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Topic } from './topic.js';

/** The topics in the file; none when there is no file yet. @throws SyntaxError when the file is no list of topics. */
export async function readTopics(path: string): Promise<Topic[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const topics = JSON.parse(text) as unknown;
  if (!Array.isArray(topics)) throw new SyntaxError(`${path} does not hold a list of topics`);
  return topics as Topic[];
}

/** Resolves when the new list survives a crash. */
export function writeTopics(path: string, topics: readonly Topic[]): Promise<void> {
  return replaceFile(path, `${JSON.stringify(topics, undefined, 1)}\n`);
}

/** Writes a file beside `path`, syncs it, and gives it the name; then syncs the folder, which makes the name durable. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
